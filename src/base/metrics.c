/*
 * metrics.c - see onput/metrics.h. Series in one small hash table per metric, each with its lock.
 *
 * A series is never removed, so a table only fills up. Its last place is the series "other", which
 * takes everything that came too late.
 */
#include "onput/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_private.h"
#include "onput/attributes.h"
#include "onput/memory.h"
#include "onput/text.h"

enum metric_type { COUNTER, GAUGE, HISTOGRAM };

struct metric_row {
    enum metric_type type;
    const char *name;
    const char *labels;
    const char *help;
};

static const struct metric_row rows[] = {
#define METRIC(id, type, name, labels, help) {type, name, labels, help},
#include "onput/metrics_table.def"
#undef METRIC
};
_Static_assert(ARRAY_LEN(rows) == METRIC_COUNT, "one row per metric");

/* Upper bounds in seconds; what lies above the last is only in +Inf. */
static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    30,   60};

/* SLOTS is a power of two and more than twice the number of series, so that probing stays short. */
enum { SLOTS = 512, LABEL_MAX_BYTES = 128 };
_Static_assert(SLOTS > 2 * METRICS_MAX_SERIES, "the table must have free slots");

struct series {
    char *labels[METRICS_MAX_LABELS]; /* as given, cut; NULL beyond the row's labels */
    double value;                     /* of a histogram: the sum */
    uint64_t count;
    uint64_t buckets[ARRAY_LEN(bounds)]; /* each observation is in exactly one */
};

struct metric {
    pthread_mutex_t lock;
    unsigned label_count;
    unsigned series_count;
    struct series *slots[SLOTS];
};

struct metrics {
    double start_time;
    struct metric metrics[METRIC_COUNT];
};

struct labels {
    struct text values[METRICS_MAX_LABELS];
};

static unsigned count_labels(const char *names)
{
    unsigned count = names[0] == '\0' ? 0 : 1;

    for (; *names != '\0'; names++)
        count += *names == ',';
    return count;
}

struct metrics *metrics_new(void)
{
    struct metrics *m = xcalloc(1, sizeof(*m));

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        BUG_ON(pthread_mutex_init(&m->metrics[i].lock, NULL) != 0);
        m->metrics[i].label_count = count_labels(rows[i].labels);
        BUG_ON(m->metrics[i].label_count > METRICS_MAX_LABELS);
    }
    m->start_time = metrics_process_start_time();
    return m;
}

static void series_free(struct series *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < METRICS_MAX_LABELS; i++)
        free(s->labels[i]);
    free(s);
}

void metrics_free(struct metrics *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        for (size_t slot = 0; slot < SLOTS; slot++)
            series_free(m->metrics[i].slots[slot]);
        pthread_mutex_destroy(&m->metrics[i].lock);
    }
    free(m);
}

static struct labels labels_of(const char *a, const char *b, const char *c)
{
    struct labels l = {{text_of(a), text_of(b), text_of(c)}};

    for (size_t i = 0; i < METRICS_MAX_LABELS; i++)
        l.values[i] = text_slice(l.values[i], 0, LABEL_MAX_BYTES);
    return l;
}

/* FNV-1a over the values; 0xff, which UTF-8 never holds, keeps "a","b" and "ab","" apart. */
static size_t first_slot(const struct metric *metric, const struct labels *l)
{
    uint32_t hash = 2166136261u;

    for (unsigned i = 0; i < metric->label_count; i++) {
        for (size_t at = 0; at < l->values[i].len; at++)
            hash = (hash ^ (unsigned char)l->values[i].ptr[at]) * 16777619u;
        hash = (hash ^ 0xffu) * 16777619u;
    }
    return hash % SLOTS;
}

static bool series_has(const struct metric *metric, const struct series *s, const struct labels *l)
{
    for (unsigned i = 0; i < metric->label_count; i++)
        if (!text_is(l->values[i], s->labels[i]))
            return false;
    return true;
}

/* The slot of these labels: theirs, or the free one where they belong. */
static struct series **find_slot(struct metric *metric, const struct labels *l)
{
    size_t slot = first_slot(metric, l);

    while (metric->slots[slot] != NULL && !series_has(metric, metric->slots[slot], l))
        slot = (slot + 1) % SLOTS;
    return &metric->slots[slot];
}

static struct series *find_or_make(struct metric *metric, const struct labels *l)
{
    static const struct labels other = {
        {TEXT_INIT("other"), TEXT_INIT("other"), TEXT_INIT("other")}};
    struct series **slot = find_slot(metric, l);

    if (*slot == NULL && metric->series_count >= METRICS_MAX_SERIES) {
        l = &other;
        slot = find_slot(metric, l);
    }
    if (*slot != NULL)
        return *slot;
    *slot = xcalloc(1, sizeof(**slot));
    for (unsigned i = 0; i < metric->label_count; i++)
        (*slot)->labels[i] = xmemdup_text(l->values[i]);
    metric->series_count++;
    return *slot;
}

static struct metric *metric_lock(struct metrics *m, enum metric_id id)
{
    BUG_ON((unsigned)id >= METRIC_COUNT);
    pthread_mutex_lock(&m->metrics[id].lock);
    return &m->metrics[id];
}

static void metric_unlock(struct metric *metric)
{
    pthread_mutex_unlock(&metric->lock);
}

void metrics_add(struct metrics *m, enum metric_id id, double amount, const char *label1,
                 const char *label2, const char *label3)
{
    struct labels l = labels_of(label1, label2, label3);
    struct metric *metric;

    if (m == NULL)
        return;
    BUG_ON(rows[id].type == HISTOGRAM || (rows[id].type == COUNTER && amount < 0));
    metric = metric_lock(m, id);
    find_or_make(metric, &l)->value += amount;
    metric_unlock(metric);
}

void metrics_set(struct metrics *m, enum metric_id id, double value, const char *label1,
                 const char *label2, const char *label3)
{
    struct labels l = labels_of(label1, label2, label3);
    struct metric *metric;

    if (m == NULL)
        return;
    BUG_ON(rows[id].type != GAUGE);
    metric = metric_lock(m, id);
    find_or_make(metric, &l)->value = value;
    metric_unlock(metric);
}

void metrics_observe(struct metrics *m, enum metric_id id, double seconds, const char *label1,
                     const char *label2, const char *label3)
{
    struct labels l = labels_of(label1, label2, label3);
    struct metric *metric;
    struct series *s;
    size_t bucket = 0;

    if (m == NULL)
        return;
    BUG_ON(rows[id].type != HISTOGRAM);
    while (bucket < ARRAY_LEN(bounds) && seconds > bounds[bucket])
        bucket++;
    metric = metric_lock(m, id);
    s = find_or_make(metric, &l);
    s->value += seconds;
    s->count++;
    if (bucket < ARRAY_LEN(bounds))
        s->buckets[bucket]++;
    metric_unlock(metric);
}

double metrics_read(struct metrics *m, enum metric_id id, const char *label1, const char *label2,
                    const char *label3)
{
    struct labels l = labels_of(label1, label2, label3);
    struct metric *metric;
    struct series *s;
    double value = 0;

    if (m == NULL)
        return 0;
    metric = metric_lock(m, id);
    s = *find_slot(metric, &l);
    if (s != NULL)
        value = rows[id].type == HISTOGRAM ? (double)s->count : s->value;
    metric_unlock(metric);
    return value;
}

void metrics_append_number(struct buffer *out, double value)
{
    if (isnan(value))
        buffer_append_string(out, "NaN");
    else if (isinf(value))
        buffer_append_string(out, value > 0 ? "+Inf" : "-Inf");
    else if (fabs(value) < 9007199254740992.0 && value == (double)(int64_t)value)
        buffer_append_i64(out, (int64_t)value);
    else
        buffer_appendf(out, "%.15g", value);
}

/* The format escapes these three and wants UTF-8; a byte that breaks it becomes U+FFFD. */
static void append_label_value(struct buffer *out, struct text t)
{
    for (size_t i = 0; i < t.len;) {
        size_t len = utf8_sequence(t.ptr + i, t.len - i);

        if (len == 0)
            buffer_append_string(out, "\xef\xbf\xbd");
        else if (t.ptr[i] == '\n')
            buffer_append_string(out, "\\n");
        else if (t.ptr[i] == '"' || t.ptr[i] == '\\')
            buffer_appendf(out, "\\%c", t.ptr[i]);
        else
            buffer_append(out, t.ptr + i, len);
        i += len == 0 ? 1 : len;
    }
}

/* name="value" pairs in braces; `le` is the bucket's bound or NULL. */
static void append_labels(struct buffer *out, const struct metric_row *row, const struct series *s,
                          const char *le)
{
    struct text names = text_of(row->labels);
    char separator = '{';

    for (size_t i = 0; names.len > 0; i++) {
        buffer_append_char(out, separator);
        buffer_append_text(out, text_cut(&names, ','));
        buffer_append_string(out, "=\"");
        append_label_value(out, text_of(s->labels[i]));
        buffer_append_char(out, '"');
        separator = ',';
    }
    if (le != NULL) {
        buffer_appendf(out, "%cle=\"%s\"", separator, le);
        separator = ',';
    }
    if (separator == ',')
        buffer_append_char(out, '}');
}

static void append_sample(struct buffer *out, const struct metric_row *row, const char *suffix,
                          const struct series *s, const char *le, double value)
{
    buffer_append_string(out, row->name);
    buffer_append_string(out, suffix);
    append_labels(out, row, s, le);
    buffer_append_char(out, ' ');
    metrics_append_number(out, value);
    buffer_append_char(out, '\n');
}

static void append_histogram(struct buffer *out, const struct metric_row *row,
                             const struct series *s)
{
    uint64_t below = 0;
    char le[32];

    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        below += s->buckets[i];
        snprintf(le, sizeof(le), "%g", bounds[i]);
        append_sample(out, row, "_bucket", s, le, (double)below);
    }
    append_sample(out, row, "_bucket", s, "+Inf", (double)s->count);
    append_sample(out, row, "_sum", s, NULL, s->value);
    append_sample(out, row, "_count", s, NULL, (double)s->count);
}

static void append_metric(struct buffer *out, const struct metric_row *row,
                          const struct metric *metric)
{
    static const char *const type_names[] = {"counter", "gauge", "histogram"};

    buffer_appendf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                   type_names[row->type]);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        const struct series *s = metric->slots[slot];

        if (s != NULL && row->type == HISTOGRAM)
            append_histogram(out, row, s);
        else if (s != NULL)
            append_sample(out, row, "", s, NULL, s->value);
    }
}

void metrics_render(struct metrics *m, struct buffer *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        struct metric *metric = metric_lock(m, (enum metric_id)i);

        append_metric(out, &rows[i], metric);
        metric_unlock(metric);
    }
    metrics_render_process(m->start_time, out);
}
