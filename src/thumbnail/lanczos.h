/*
 * lanczos.h - weights of a Lanczos-3 filter in one direction, and the two loops that apply them.
 *
 * An axis maps `cells` input samples, which together are `extent` long (the last one may be partly
 * there), on `total` output samples, of which [from, from + count) are wanted. Beyond the edges the
 * outermost sample goes on. Weights have LANCZOS_BITS fraction bits and add up to exactly 1.
 */
#ifndef ONPUT_THUMBNAIL_LANCZOS_H
#define ONPUT_THUMBNAIL_LANCZOS_H

#include <stddef.h>
#include <stdint.h>

enum {
    LANCZOS_BITS = 14,
    LANCZOS_ROW_BITS = 6, /* fraction bits of what lanczos_column() makes */
    LANCZOS_PAD = 16,     /* samples that the loops may read and write behind a row */
};

struct lanczos_axis {
    uint32_t count;
    uint32_t taps;    /* weights per output sample, even */
    uint32_t *first;  /* the input sample that the first weight is for */
    int16_t *weights; /* count x taps */
};

void lanczos_init(struct lanczos_axis *axis, double extent, uint32_t cells, uint32_t total,
                  uint32_t from, uint32_t count);
void lanczos_release(struct lanczos_axis *axis);
/* One past the last input sample that output sample `i` has a weight for. */
uint32_t lanczos_end(const struct lanczos_axis *axis, uint32_t i);

/* Weighs `taps` rows (even), sample by sample. */
void lanczos_column(const uint8_t *const rows[], const int16_t *weights, uint32_t taps,
                    int16_t *out, size_t samples);
/* Weighs along a row of pixels with 1 to 4 bands each, and rounds to 8 bits. */
void lanczos_row(const struct lanczos_axis *axis, const int16_t *row, unsigned bands, uint8_t *out);

#endif
