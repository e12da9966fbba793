/*
 * bench.h - what the benchmarks share. They print a table and assert no times.
 */
#ifndef ONPUT_BENCH_H
#define ONPUT_BENCH_H

#include <stdio.h>
#include <stdlib.h>

#include "onput/error.h"

/* Ends the benchmark when a call of its set-up fails. */
static inline void bench_must(int result, const struct error *err)
{
    if (result < 0) {
        fprintf(stderr, "bench: %s\n", err->message);
        exit(1);
    }
}

static inline int bench_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static inline double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), bench_by_value);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

#endif
