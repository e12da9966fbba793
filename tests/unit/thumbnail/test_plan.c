/* test_plan.c - sizes as vipsthumbnail has them, and what is made from what. */
#include "support/test.h"
#include "thumbnail_private.h"

struct row {
    struct size source;
    enum rendition_fit fit;
    uint32_t width, height;
    bool enlarge;
    struct size scaled, out;
};

static struct plan plan_of(const struct row *row, enum image_format format)
{
    struct render_job job = {.limits = image_limits_default(), .rendition_count = 1};
    struct plan plan;
    struct error err = {0};
    job.renditions[0] = (struct rendition){
        .width = row->width, .height = row->height, .fit = row->fit, .enlarge = row->enlarge};
    assert_ok(plan_make(&job, &format, row->source, &plan, &err), &err);
    return plan;
}

static void assert_size(struct size actual, struct size expected)
{
    assert_int_equal(actual.width, expected.width);
    assert_int_equal(actual.height, expected.height);
}

static void test_plan_make__rounds_as_vipsthumbnail(void **state)
{
    static const struct row rows[] = {
        {{6028, 3391}, RENDITION_FIT_INSIDE, 1600, 1600, false, {1600, 900}, {1600, 900}},
        {{6028, 3391}, RENDITION_FIT_INSIDE, 200, 200, false, {200, 113}, {200, 113}},
        {{3391, 6028}, RENDITION_FIT_INSIDE, 200, 200, false, {113, 200}, {113, 200}},
        {{4000, 3000}, RENDITION_FIT_INSIDE, 0, 300, false, {400, 300}, {400, 300}},
        {{4000, 3000}, RENDITION_FIT_INSIDE, 300, 0, false, {300, 225}, {300, 225}},
        {{1000, 3}, RENDITION_FIT_INSIDE, 100, 100, false, {100, 1}, {100, 1}},
        {{100, 50}, RENDITION_FIT_INSIDE, 400, 400, false, {100, 50}, {100, 50}},
        {{100, 50}, RENDITION_FIT_INSIDE, 400, 400, true, {400, 200}, {400, 200}},
        {{4000, 3000}, RENDITION_FIT_COVER, 200, 200, false, {267, 200}, {200, 200}},
        {{3000, 4000}, RENDITION_FIT_COVER, 200, 200, false, {200, 267}, {200, 200}},
        {{4000, 3000}, RENDITION_FIT_COVER, 1600, 900, false, {1600, 1200}, {1600, 900}},
        {{100, 50}, RENDITION_FIT_COVER, 200, 40, false, {100, 50}, {100, 40}},
        {{100, 50}, RENDITION_FIT_COVER, 200, 200, true, {400, 200}, {200, 200}},
        {{4000, 3000}, RENDITION_FIT_FILL, 100, 100, false, {100, 100}, {100, 100}},
        {{400, 30}, RENDITION_FIT_FILL, 100, 100, false, {100, 30}, {100, 30}},
        {{400, 30}, RENDITION_FIT_FILL, 100, 100, true, {100, 100}, {100, 100}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct plan plan = plan_of(&rows[i], IMAGE_FORMAT_JPEG);
        print_message("row %zu\n", i);
        assert_size(plan.steps[0].scaled, rows[i].scaled);
        assert_size(plan.steps[0].out, rows[i].out);
    }
}

static void test_plan_make__keeps_a_free_side_within_the_format(void **state)
{
    struct row strip = {{100, 60000}, RENDITION_FIT_INSIDE, 100, 0, false, {0, 0}, {0, 0}};
    (void)state;
    assert_int_equal(plan_of(&strip, IMAGE_FORMAT_WEBP).steps[0].out.height, 16383);
    assert_int_equal(plan_of(&strip, IMAGE_FORMAT_PNG).steps[0].out.height, RENDITION_MAX_EDGE);
}

static void test_plan_make__never_decodes_more_than_the_source_has(void **state)
{
    struct row row = {{100, 50}, RENDITION_FIT_INSIDE, 400, 400, true, {0, 0}, {0, 0}};
    (void)state;
    assert_size(plan_of(&row, IMAGE_FORMAT_PNG).master, (struct size){100, 50});
}

static void test_plan_make__goes_from_large_to_small(void **state)
{
    static const uint32_t edges[] = {200, 1600, 800, 780, 200};
    enum image_format formats[ARRAY_LEN(edges)];
    struct render_job job = {.limits = image_limits_default(), .rendition_count = 5};
    struct plan plan;
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        formats[i] = IMAGE_FORMAT_JPEG;
        job.renditions[i] = (struct rendition){.width = edges[i], .height = edges[i]};
    }
    assert_ok(plan_make(&job, formats, (struct size){4000, 3000}, &plan, &err), &err);
    assert_size(plan.master, (struct size){1600, 1200});
    assert_int_equal(plan.steps[0].index, 1);
    assert_int_equal(plan.steps[1].index, 2);
    assert_int_equal(plan.steps[2].index, 3);
    /* 780 from 800 would blur: both come from 1600. */
    assert_int_equal(plan.steps[1].base, 0);
    assert_int_equal(plan.steps[2].base, 0);
    assert_int_equal(plan.steps[3].base, 2);
    /* Twice the same size: shared. */
    assert_int_equal(plan.steps[4].base, 3);
    assert_true(plan.steps[0].is_base);
    assert_false(plan.steps[1].is_base);
}

static void test_plan_make__refuses_what_would_not_fit_into_memory(void **state)
{
    struct render_job job = {.limits = image_limits_default(), .rendition_count = 1};
    enum image_format format = IMAGE_FORMAT_PNG;
    struct plan plan;
    struct error err = {0};
    (void)state;
    job.renditions[0] = (struct rendition){.name = "wall",
                                           .width = 16384,
                                           .height = 16384,
                                           .fit = RENDITION_FIT_FILL,
                                           .enlarge = true};
    assert_fails(plan_make(&job, &format, (struct size){10, 10}, &plan, &err), &err, ERROR_LIMIT);
    assert_contains(err.message, "max_pixels");
    assert_contains(err.message, "wall");
}

static void test_plan_make__refuses_a_rendition_without_size(void **state)
{
    struct render_job job = {.limits = image_limits_default(), .rendition_count = 1};
    enum image_format format = IMAGE_FORMAT_PNG;
    struct plan plan;
    struct error err = {0};
    (void)state;
    assert_fails(plan_make(&job, &format, (struct size){10, 10}, &plan, &err), &err, ERROR_INVALID);
    job.renditions[0] = (struct rendition){.width = 10, .fit = RENDITION_FIT_COVER};
    assert_fails(plan_make(&job, &format, (struct size){10, 10}, &plan, &err), &err, ERROR_INVALID);
}

static void test_plan_jpeg_shrink__leaves_twice_the_size(void **state)
{
    struct size source = {4000, 3000};
    (void)state;
    assert_int_equal(plan_jpeg_shrink(source, (struct size){250, 187}), 8);
    assert_int_equal(plan_jpeg_shrink(source, (struct size){251, 188}), 4);
    assert_int_equal(plan_jpeg_shrink(source, (struct size){500, 375}), 4);
    assert_int_equal(plan_jpeg_shrink(source, (struct size){1000, 750}), 2);
    assert_int_equal(plan_jpeg_shrink(source, (struct size){1001, 751}), 1);
    assert_int_equal(plan_jpeg_shrink(source, (struct size){10, 3000}), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_make__rounds_as_vipsthumbnail),
        cmocka_unit_test(test_plan_make__keeps_a_free_side_within_the_format),
        cmocka_unit_test(test_plan_make__never_decodes_more_than_the_source_has),
        cmocka_unit_test(test_plan_make__goes_from_large_to_small),
        cmocka_unit_test(test_plan_make__refuses_what_would_not_fit_into_memory),
        cmocka_unit_test(test_plan_make__refuses_a_rendition_without_size),
        cmocka_unit_test(test_plan_jpeg_shrink__leaves_twice_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
