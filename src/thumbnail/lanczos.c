/*
 * lanczos.c - see lanczos.h. The loops are where most of the time between decoding and encoding
 * goes, so there is a version for SSE2, which every x86-64 has; elsewhere the compiler does what it
 * can.
 */
#include "lanczos.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "onput/attributes.h"
#include "onput/memory.h"

#define LOBES 3.0

static double lanczos(double x)
{
    if (fabs(x) < 1e-9)
        return 1.0;
    if (fabs(x) >= LOBES)
        return 0.0;
    double px = M_PI * x;
    return LOBES * sin(px) * sin(px / LOBES) / (px * px);
}

/* Rounds to fixed point; what rounding leaves over goes to the largest weight. */
static void fix_weights(const double *exact, uint32_t taps, int16_t *out)
{
    double sum = 0;
    uint32_t largest = 0;
    int32_t left = 1 << LANCZOS_BITS;
    for (uint32_t k = 0; k < taps; k++)
        sum += exact[k];
    for (uint32_t k = 0; k < taps; k++) {
        out[k] = (int16_t)lround(exact[k] / sum * (1 << LANCZOS_BITS));
        left -= out[k];
        if (out[k] > out[largest])
            largest = k;
    }
    out[largest] = (int16_t)(out[largest] + left);
}

static int64_t clamp(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

static void init_sample(struct lanczos_axis *axis, uint32_t i, double centre, double stretch,
                        uint32_t cells, double *exact)
{
    int64_t from = (int64_t)ceil(centre - LOBES * stretch);
    int64_t to = (int64_t)floor(centre + LOBES * stretch);
    int64_t first = clamp(from, (int64_t)cells - 1);
    memset(exact, 0, axis->taps * sizeof(*exact));
    for (int64_t k = from; k <= to; k++)
        exact[clamp(k, (int64_t)cells - 1) - first] += lanczos(((double)k - centre) / stretch);
    axis->first[i] = (uint32_t)first;
    fix_weights(exact, axis->taps, axis->weights + (size_t)i * axis->taps);
}

void lanczos_init(struct lanczos_axis *axis, double extent, uint32_t cells, uint32_t total,
                  uint32_t from, uint32_t count)
{
    double ratio = extent / total, stretch = ratio > 1 ? ratio : 1;
    uint32_t taps = (uint32_t)floor(2 * LOBES * stretch) + 1;
    axis->count = count;
    axis->taps = taps + taps % 2;
    axis->first = xcalloc(count, sizeof(*axis->first));
    axis->weights = xcalloc(count, sizeof(*axis->weights) * axis->taps);
    AUTO_FREE double *exact = xcalloc(axis->taps, sizeof(*exact));
    for (uint32_t i = 0; i < count; i++)
        init_sample(axis, i, (from + i + 0.5) * ratio - 0.5, stretch, cells, exact);
}

void lanczos_release(struct lanczos_axis *axis)
{
    free(axis->first);
    free(axis->weights);
    *axis = (struct lanczos_axis){0};
}

uint32_t lanczos_end(const struct lanczos_axis *axis, uint32_t i)
{
    const int16_t *weights = axis->weights + (size_t)i * axis->taps;
    uint32_t used = axis->taps;
    while (used > 1 && weights[used - 1] == 0)
        used--;
    return axis->first[i] + used;
}

enum {
    COLUMN_SHIFT = LANCZOS_BITS - LANCZOS_ROW_BITS,
    ROW_SHIFT = LANCZOS_BITS + LANCZOS_ROW_BITS
};

#ifdef __SSE2__

/* Two neighbouring weights, four times. */
static inline __m128i weight_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof(pair));
    return _mm_set1_epi32(pair);
}

/* Sixteen samples at a time, two rows at a time: a multiply-add takes one sample of each. */
void lanczos_column(const uint8_t *const rows[], const int16_t *weights, uint32_t taps,
                    int16_t *out, size_t samples)
{
    const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << (COLUMN_SHIFT - 1));
    for (size_t x = 0; x < samples; x += 16) {
        __m128i sum[4] = {half, half, half, half};
        for (uint32_t k = 0; k < taps; k += 2) {
            __m128i a = _mm_loadu_si128((const __m128i *)(rows[k] + x));
            __m128i b = _mm_loadu_si128((const __m128i *)(rows[k + 1] + x));
            __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
            __m128i w = weight_pair(weights + k);
            sum[0] = _mm_add_epi32(sum[0], _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), w));
            sum[1] = _mm_add_epi32(sum[1], _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), w));
            sum[2] = _mm_add_epi32(sum[2], _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), w));
            sum[3] = _mm_add_epi32(sum[3], _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), w));
        }
        for (int i = 0; i < 4; i++)
            sum[i] = _mm_srai_epi32(sum[i], COLUMN_SHIFT);
        _mm_storeu_si128((__m128i *)(out + x), _mm_packs_epi32(sum[0], sum[1]));
        _mm_storeu_si128((__m128i *)(out + x + 8), _mm_packs_epi32(sum[2], sum[3]));
    }
}

/* Two pixels at a time, each loaded as four bands; those beyond `bands` are computed and dropped.
 */
void lanczos_row(const struct lanczos_axis *axis, const int16_t *row, unsigned bands, uint8_t *out)
{
    const int16_t *weights = axis->weights;
    for (uint32_t i = 0; i < axis->count; i++, weights += axis->taps, out += bands) {
        const int16_t *in = row + (size_t)axis->first[i] * bands;
        __m128i sum = _mm_set1_epi32(1 << (ROW_SHIFT - 1));
        for (uint32_t k = 0; k < axis->taps; k += 2, in += 2 * bands) {
            __m128i a = _mm_loadl_epi64((const __m128i *)in);
            __m128i b = _mm_loadl_epi64((const __m128i *)(in + bands));
            sum = _mm_add_epi32(sum,
                                _mm_madd_epi16(_mm_unpacklo_epi16(a, b), weight_pair(weights + k)));
        }
        sum = _mm_packs_epi32(_mm_srai_epi32(sum, ROW_SHIFT), sum);
        int32_t pixel = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
        memcpy(out, &pixel, sizeof(pixel));
    }
}

#else

static int32_t clamp_i32(int32_t value, int32_t min, int32_t max)
{
    return value < min ? min : value > max ? max : value;
}

void lanczos_column(const uint8_t *const rows[], const int16_t *weights, uint32_t taps,
                    int16_t *out, size_t samples)
{
    for (size_t x = 0; x < samples; x++) {
        int32_t sum = 1 << (COLUMN_SHIFT - 1);
        for (uint32_t k = 0; k < taps; k++)
            sum += weights[k] * rows[k][x];
        out[x] = (int16_t)clamp_i32(sum >> COLUMN_SHIFT, INT16_MIN, INT16_MAX);
    }
}

void lanczos_row(const struct lanczos_axis *axis, const int16_t *row, unsigned bands, uint8_t *out)
{
    const int16_t *weights = axis->weights;
    for (uint32_t i = 0; i < axis->count; i++, weights += axis->taps) {
        for (unsigned band = 0; band < bands; band++) {
            const int16_t *in = row + (size_t)axis->first[i] * bands + band;
            int32_t sum = 1 << (ROW_SHIFT - 1);
            for (uint32_t k = 0; k < axis->taps; k++)
                sum += weights[k] * in[(size_t)k * bands];
            *out++ = (uint8_t)clamp_i32(sum >> ROW_SHIFT, 0, 255);
        }
    }
}

#endif
