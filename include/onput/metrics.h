/*
 * metrics.h - counters, gauges and histograms in Prometheus text exposition format 0.0.4.
 *
 * All metrics are rows of one table (src/base/metrics_table.def): name, type, label names, help.
 * A series is made by its first use; a metric keeps at most METRICS_MAX_SERIES of them and counts
 * the rest in one series whose labels are "other". Never use an object key as a label.
 * Label values are given in the order of the row. Threads: any.
 */
#ifndef ONPUT_METRICS_H
#define ONPUT_METRICS_H

#include <stdint.h>

#include "onput/buffer.h"

enum { METRICS_MAX_LABELS = 3, METRICS_MAX_SERIES = 200 };

enum metric_id {
#define METRIC(id, type, name, labels, help) METRIC_##id,
#include "onput/metrics_table.def"
#undef METRIC
    METRIC_COUNT
};

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* `m` may be NULL: then nothing is counted. Missing labels are NULL. */
void metrics_add(struct metrics *m, enum metric_id id, double amount, const char *label1,
                 const char *label2, const char *label3);
void metrics_set(struct metrics *m, enum metric_id id, double value, const char *label1,
                 const char *label2, const char *label3);
/* Seconds into a histogram. */
void metrics_observe(struct metrics *m, enum metric_id id, double seconds, const char *label1,
                     const char *label2, const char *label3);
/* Current value of a counter or gauge, or the count of a histogram; 0 when never used. */
double metrics_read(struct metrics *m, enum metric_id id, const char *label1, const char *label2,
                    const char *label3);
/* Appends the whole exposition, process_* values included. */
void metrics_render(struct metrics *m, struct buffer *out);

#endif
