/* test_lanczos.c - weights add up, and both directions agree with sums in floating point. */
#include <math.h>

#include "lanczos.h"
#include "support/test.h"

enum { CELLS = 100 };

static void test_lanczos_init__weights_add_up_to_one_within_the_row(void **state)
{
    static const double extents[] = {7, 100, 99.3, 12};
    static const uint32_t totals[] = {1, 3, 33, 99, 100, 250};
    (void)state;
    for (size_t e = 0; e < ARRAY_LEN(extents); e++) {
        for (size_t t = 0; t < ARRAY_LEN(totals); t++) {
            struct lanczos_axis axis;
            uint32_t cells = (uint32_t)ceil(extents[e]);
            lanczos_init(&axis, extents[e], cells, totals[t], 0, totals[t]);
            for (uint32_t i = 0; i < axis.count; i++) {
                int sum = 0;
                for (uint32_t k = 0; k < axis.taps; k++)
                    sum += axis.weights[i * axis.taps + k];
                assert_int_equal(sum, 1 << LANCZOS_BITS);
                assert_true(lanczos_end(&axis, i) <= cells);
            }
            lanczos_release(&axis);
        }
    }
}

static void test_lanczos_init__gives_a_part_the_weights_of_the_whole(void **state)
{
    struct lanczos_axis whole, part;
    (void)state;
    lanczos_init(&whole, CELLS, CELLS, 30, 0, 30);
    lanczos_init(&part, CELLS, CELLS, 30, 10, 5);
    assert_int_equal(part.taps, whole.taps);
    assert_memory_equal(part.first, whole.first + 10, 5 * sizeof(*part.first));
    assert_memory_equal(part.weights, whole.weights + 10 * whole.taps,
                        5 * part.taps * sizeof(*part.weights));
    lanczos_release(&whole);
    lanczos_release(&part);
}

/* Deterministic noise. */
static uint8_t noise(uint32_t i)
{
    return (uint8_t)((i * 2654435761u) >> 24);
}

static double exact_value(const struct lanczos_axis *axis, uint32_t i, unsigned bands,
                          unsigned band, const int16_t *row)
{
    double sum = 0;
    for (uint32_t k = 0; k < axis->taps; k++)
        sum += (double)axis->weights[i * axis->taps + k] * row[(axis->first[i] + k) * bands + band];
    sum /= 1 << (LANCZOS_BITS + LANCZOS_ROW_BITS);
    return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

static void test_lanczos_row__agrees_with_floating_point(void **state)
{
    struct lanczos_axis axis;
    int16_t row[4 * CELLS * 2 + LANCZOS_PAD] = {0};
    uint8_t out[4 * CELLS + LANCZOS_PAD];
    (void)state;
    for (uint32_t i = 0; i < 4 * CELLS; i++)
        row[i] = (int16_t)(noise(i) << LANCZOS_ROW_BITS);
    for (unsigned bands = 1; bands <= 4; bands++) {
        lanczos_init(&axis, CELLS, CELLS, 37, 0, 37);
        lanczos_row(&axis, row, bands, out);
        for (uint32_t i = 0; i < 37; i++) {
            for (unsigned band = 0; band < bands; band++)
                assert_true(fabs(out[i * bands + band] - exact_value(&axis, i, bands, band, row)) <=
                            0.51);
        }
        lanczos_release(&axis);
    }
}

static void test_lanczos_column__agrees_with_floating_point(void **state)
{
    uint8_t pixels[6][CELLS + LANCZOS_PAD];
    const uint8_t *rows[6];
    int16_t weights[6] = {-500, 3000, 6000, 6500, 2000, -616}, out[CELLS + LANCZOS_PAD];
    (void)state;
    for (uint32_t k = 0; k < 6; k++) {
        rows[k] = pixels[k];
        for (uint32_t x = 0; x < sizeof(pixels[k]); x++)
            pixels[k][x] = noise(k * 1000 + x);
    }
    lanczos_column(rows, weights, 6, out, CELLS);
    for (uint32_t x = 0; x < CELLS; x++) {
        double sum = 0;
        for (uint32_t k = 0; k < 6; k++)
            sum += weights[k] * pixels[k][x];
        assert_true(fabs(out[x] - sum / (1 << (LANCZOS_BITS - LANCZOS_ROW_BITS))) <= 0.51);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanczos_init__weights_add_up_to_one_within_the_row),
        cmocka_unit_test(test_lanczos_init__gives_a_part_the_weights_of_the_whole),
        cmocka_unit_test(test_lanczos_row__agrees_with_floating_point),
        cmocka_unit_test(test_lanczos_column__agrees_with_floating_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
