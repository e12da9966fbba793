/*
 * shrink.c - resamples 8-bit pictures into memory, row by row as they are decoded.
 *
 * Without its run-time compiler libvips 8.14 resamples slowly, so this is done here: rows are read
 * through a region in this thread, averaged in boxes where the picture is more than eight times too
 * large, and then weighed by Lanczos first down and then along. Nothing is held but the rows under
 * the filter. Colours are weighed by alpha, so that those of transparent pixels do not bleed.
 */
#include <stdlib.h>

#include "lanczos.h"
#include "onput/attributes.h"
#include "onput/memory.h"
#include "thumbnail_private.h"

enum {
    STRIP_ROWS = 16, /* what a JPEG decoder makes at once */
    BOX_FROM = 8,    /* a box average leaves at least half of this for Lanczos */
    BANDS_MAX = 4,
};

struct shrinker {
    VipsImage *in;
    VipsImage *out;
    unsigned bands;
    bool has_alpha;
    uint32_t box_x, box_y;     /* input samples per cell */
    uint32_t cells_x, cells_y; /* size after averaging */
    struct lanczos_axis across, down;
    size_t stride; /* of a ring row */
    uint32_t ring_rows;
    uint8_t *ring;        /* the last ring_rows rows of cells */
    const uint8_t **rows; /* into the ring, for one output row */
    uint8_t *scratch;     /* one input row weighed by alpha */
    uint32_t *sums;       /* of the input rows of one row of cells */
    int16_t *column;      /* after lanczos_column() */
    uint8_t *line;        /* after lanczos_row() */
    uint32_t rows_in, next_cell, next_out;
};

static uint32_t box_size(uint32_t from, uint32_t to)
{
    return from / to >= BOX_FROM ? from / to / (BOX_FROM / 2) : 1;
}

static uint32_t cells_of(uint32_t samples, uint32_t box)
{
    return (samples + box - 1) / box;
}

static void shrinker_init(struct shrinker *s, VipsImage *in, struct size whole,
                          struct window window)
{
    uint32_t width = (uint32_t)in->Xsize, height = (uint32_t)in->Ysize;
    s->in = in;
    s->bands = (unsigned)in->Bands;
    s->has_alpha = vips_image_hasalpha(in);
    s->box_x = box_size(width, whole.width);
    s->box_y = box_size(height, whole.height);
    s->cells_x = cells_of(width, s->box_x);
    s->cells_y = cells_of(height, s->box_y);
    lanczos_init(&s->across, (double)width / s->box_x, s->cells_x, whole.width, window.left,
                 window.size.width);
    lanczos_init(&s->down, (double)height / s->box_y, s->cells_y, whole.height, window.top,
                 window.size.height);
    s->stride = (size_t)s->cells_x * s->bands + LANCZOS_PAD;
    s->ring_rows = s->down.taps;
    s->ring = xcalloc(s->ring_rows, s->stride);
    s->rows = xcalloc(s->ring_rows, sizeof(*s->rows));
    s->scratch = xcalloc(width, s->bands);
    s->sums = xcalloc((size_t)width * s->bands, sizeof(*s->sums));
    /* Weights of 0 at the right edge may still read: room for a whole filter behind the row. */
    s->column = xcalloc(s->stride + (size_t)s->across.taps * s->bands, sizeof(*s->column));
    s->line = xcalloc((size_t)window.size.width * s->bands + LANCZOS_PAD, 1);
}

static void shrinker_release(struct shrinker *s)
{
    lanczos_release(&s->across);
    lanczos_release(&s->down);
    free(s->ring);
    free(s->rows);
    free(s->scratch);
    free(s->sums);
    free(s->column);
    free(s->line);
}

static const uint8_t *weigh_by_alpha(const struct shrinker *s, const uint8_t *row)
{
    unsigned bands = s->bands;
    uint8_t *out = s->scratch;
    for (int x = 0; x < s->in->Xsize; x++, row += bands, out += bands) {
        unsigned alpha = row[bands - 1];
        for (unsigned band = 0; band + 1 < bands; band++)
            out[band] = (uint8_t)((row[band] * alpha + 127) / 255);
        out[bands - 1] = (uint8_t)alpha;
    }
    return s->scratch;
}

static void undo_alpha(const struct shrinker *s)
{
    unsigned bands = s->bands;
    uint8_t *pixel = s->line;
    for (uint32_t x = 0; x < s->across.count; x++, pixel += bands) {
        unsigned alpha = pixel[bands - 1];
        for (unsigned band = 0; alpha > 0 && band + 1 < bands; band++) {
            unsigned value = (pixel[band] * 255u + alpha / 2) / alpha;
            pixel[band] = (uint8_t)(value > 255 ? 255 : value);
        }
    }
}

static int emit_row(struct shrinker *s)
{
    uint32_t y = s->next_out, last = s->cells_y - 1;
    for (uint32_t k = 0; k < s->down.taps; k++) {
        uint32_t cell = s->down.first[y] + k;
        s->rows[k] = s->ring + (size_t)((cell > last ? last : cell) % s->ring_rows) * s->stride;
    }
    lanczos_column(s->rows, s->down.weights + (size_t)y * s->down.taps, s->down.taps, s->column,
                   (size_t)s->cells_x * s->bands);
    lanczos_row(&s->across, s->column, s->bands, s->line);
    if (s->has_alpha)
        undo_alpha(s);
    s->next_out++;
    return vips_image_write_line(s->out, (int)y, s->line);
}

/* The ring has got row `next_cell`: makes every output row that waited for it. */
static int cell_row_done(struct shrinker *s)
{
    s->next_cell++;
    while (s->next_out < s->down.count) {
        uint32_t end = lanczos_end(&s->down, s->next_out);
        if (s->next_cell < end && s->next_cell < s->cells_y)
            break;
        if (emit_row(s) != 0)
            return -1;
    }
    return 0;
}

static void average_cells(const struct shrinker *s, uint32_t rows, uint8_t *out)
{
    uint32_t width = (uint32_t)s->in->Xsize;
    for (uint32_t left = 0; left < width; left += s->box_x) {
        uint32_t end = left + s->box_x < width ? left + s->box_x : width;
        uint64_t count = (uint64_t)(end - left) * rows;
        for (unsigned band = 0; band < s->bands; band++) {
            uint64_t sum = count / 2;
            for (uint32_t x = left; x < end; x++)
                sum += s->sums[(size_t)x * s->bands + band];
            *out++ = (uint8_t)(sum / count);
        }
    }
}

static int take_row(struct shrinker *s, const uint8_t *row)
{
    size_t samples = (size_t)s->in->Xsize * s->bands;
    uint8_t *ring_row = s->ring + (size_t)(s->next_cell % s->ring_rows) * s->stride;
    if (s->has_alpha)
        row = weigh_by_alpha(s, row);
    s->rows_in++;
    if (s->box_x == 1 && s->box_y == 1) {
        memcpy(ring_row, row, samples);
        return cell_row_done(s);
    }
    for (size_t i = 0; i < samples; i++)
        s->sums[i] += row[i];
    uint32_t in_cell = s->rows_in - s->next_cell * s->box_y;
    if (in_cell < s->box_y && s->rows_in < (uint32_t)s->in->Ysize)
        return 0;
    average_cells(s, in_cell, ring_row);
    memset(s->sums, 0, samples * sizeof(*s->sums));
    return cell_row_done(s);
}

static int read_strips(struct shrinker *s, VipsRegion *region)
{
    int height = s->in->Ysize;
    for (int top = 0; top < height; top += STRIP_ROWS) {
        VipsRect rect = {0, top, s->in->Xsize, MIN(STRIP_ROWS, height - top)};
        if (vips_region_prepare(region, &rect) != 0)
            return -1;
        for (int y = top; y < top + rect.height; y++) {
            if (take_row(s, VIPS_REGION_ADDR(region, 0, y)) != 0)
                return -1;
        }
    }
    return 0;
}

static int start_output(struct shrinker *s, struct size size)
{
    s->out = vips_image_new_memory();
    if (vips_image_pipelinev(s->out, VIPS_DEMAND_STYLE_ANY, s->in, NULL) != 0)
        return -1;
    s->out->Xsize = (int)size.width;
    s->out->Ysize = (int)size.height;
    return 0;
}

static int run(struct shrinker *s, struct size size)
{
    VipsRegion *region = vips_region_new(s->in);
    int rc = start_output(s, size) != 0 || read_strips(s, region) != 0 ? -1 : 0;
    g_object_unref(region);
    return rc;
}

int image_resize(VipsImage *in, struct size whole, struct window window, VipsImage **out)
{
    struct shrinker s = {0};
    BUG_ON(in->BandFmt != VIPS_FORMAT_UCHAR || in->Bands > BANDS_MAX);
    shrinker_init(&s, in, whole, window);
    int rc = run(&s, window.size);
    shrinker_release(&s);
    if (rc != 0) {
        g_clear_object(&s.out);
        return -1;
    }
    *out = s.out;
    return 0;
}
