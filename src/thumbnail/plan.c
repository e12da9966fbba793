/*
 * plan.c - sizes of the renditions, and which one is made from which. Pure arithmetic.
 *
 * The picture is decoded once, into a master as large as the largest rendition. Each rendition is
 * then made from the smallest earlier picture that still has half as many pixels more in each
 * direction (resampling twice at nearly the same size would blur), else from the master.
 */
#include "thumbnail_private.h"

#include <inttypes.h>

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* value * to / from, rounded to the nearest, at least 1. */
static uint32_t scale_u32(uint32_t value, uint32_t to, uint32_t from)
{
    uint64_t scaled = ((uint64_t)value * to * 2 + from) / (2 * (uint64_t)from);
    return scaled == 0 ? 1 : scaled > UINT32_MAX ? UINT32_MAX : (uint32_t)scaled;
}

/* The box that the rendition asks for; a free side is as long as the format can have it. */
static struct size box_of(const struct rendition *r, enum image_format format)
{
    uint32_t edge = encode_max_edge(format);
    return (struct size){
        .width = r->width ? min_u32(r->width, edge) : edge,
        .height = r->height ? min_u32(r->height, edge) : edge,
    };
}

/* Aspect ratio kept; the side that decides is the tighter one for INSIDE, the wider for COVER. */
static struct size scale_to(const struct rendition *r, struct size source, struct size box)
{
    uint64_t by_width = (uint64_t)box.width * source.height;
    uint64_t by_height = (uint64_t)box.height * source.width;
    bool width_decides =
        r->fit == RENDITION_FIT_COVER ? by_width >= by_height : by_width <= by_height;
    bool grows = width_decides ? box.width >= source.width : box.height >= source.height;
    if (grows && !r->enlarge)
        return source;
    if (width_decides)
        return (struct size){box.width, scale_u32(source.height, box.width, source.width)};
    return (struct size){scale_u32(source.width, box.height, source.height), box.height};
}

static void plan_size(const struct rendition *r, enum image_format format, struct size source,
                      struct plan_step *step)
{
    struct size box = box_of(r, format);
    if (r->fit == RENDITION_FIT_FILL) {
        step->scaled = r->enlarge ? box
                                  : (struct size){min_u32(box.width, source.width),
                                                  min_u32(box.height, source.height)};
    } else {
        step->scaled = scale_to(r, source, box);
    }
    step->out = (struct size){min_u32(box.width, step->scaled.width),
                              min_u32(box.height, step->scaled.height)};
}

static uint64_t area(struct size s)
{
    return (uint64_t)s.width * s.height;
}

/* Cropping by what is in the picture needs all of it. */
static uint64_t held_pixels(const struct rendition *r, const struct plan_step *step)
{
    bool whole =
        r->gravity == RENDITION_GRAVITY_ATTENTION || r->gravity == RENDITION_GRAVITY_ENTROPY;
    return area(whole ? step->scaled : step->out);
}

static int check_rendition(const struct rendition *r, struct error *err)
{
    bool needs_both = r->fit != RENDITION_FIT_INSIDE;
    if ((r->width == 0 && r->height == 0) || (needs_both && (r->width == 0 || r->height == 0)))
        return error_set(err, ERROR_INVALID, "Rendition \"%s\" does not say how large it shall be.",
                         r->name);
    return 0;
}

static void insert_step(struct plan *plan, struct plan_step step)
{
    uint32_t at = plan->step_count++;
    for (; at > 0 && area(plan->steps[at - 1].scaled) < area(step.scaled); at--)
        plan->steps[at] = plan->steps[at - 1];
    plan->steps[at] = step;
}

static bool same_size(struct size a, struct size b)
{
    return a.width == b.width && a.height == b.height;
}

static bool has_room(struct size base, struct size wanted)
{
    return 2 * (uint64_t)base.width >= 3 * (uint64_t)wanted.width &&
           2 * (uint64_t)base.height >= 3 * (uint64_t)wanted.height;
}

static bool is_enlarged(const struct plan *plan, const struct plan_step *step)
{
    return step->scaled.width > plan->master.width || step->scaled.height > plan->master.height;
}

static void choose_bases(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->step_count; i++) {
        struct plan_step *step = &plan->steps[i];
        step->base = PLAN_MASTER;
        for (uint32_t k = 0; k < i; k++) {
            const struct plan_step *candidate = &plan->steps[k];
            if (!is_enlarged(plan, candidate) && (same_size(candidate->scaled, step->scaled) ||
                                                  has_room(candidate->scaled, step->scaled)))
                step->base = (int)k;
        }
        if (step->base != PLAN_MASTER)
            plan->steps[step->base].is_base = true;
    }
}

int plan_make(const struct render_job *job, const enum image_format formats[], struct size source,
              struct plan *out, struct error *err)
{
    struct plan plan = {0};
    for (uint32_t i = 0; i < job->rendition_count; i++) {
        const struct rendition *r = &job->renditions[i];
        struct plan_step step = {.index = i};
        if (check_rendition(r, err) != 0)
            return -1;
        plan_size(r, formats[i], source, &step);
        if (held_pixels(r, &step) > job->limits.max_pixels)
            return error_set(err, ERROR_LIMIT,
                             "Rendition \"%s\" would take %" PRIu64
                             " pixels; max_pixels allows %" PRIu64 ".",
                             r->name, held_pixels(r, &step), job->limits.max_pixels);
        plan.master.width = max_u32(plan.master.width, min_u32(step.scaled.width, source.width));
        plan.master.height =
            max_u32(plan.master.height, min_u32(step.scaled.height, source.height));
        insert_step(&plan, step);
    }
    choose_bases(&plan);
    *out = plan;
    return 0;
}

int plan_jpeg_shrink(struct size source, struct size wanted)
{
    int shrink = 8;
    while (shrink > 1 && (source.width < 2 * (uint64_t)wanted.width * (unsigned)shrink ||
                          source.height < 2 * (uint64_t)wanted.height * (unsigned)shrink))
        shrink /= 2;
    return shrink;
}
