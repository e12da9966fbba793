/*
 * test_metrics.c - tests of onput/metrics.h. struct parser reads the exposition as strictly as the
 * format's description allows, so that a scrape never fails.
 */
#include "support/test.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "onput/metrics.h"

enum { EXPOSITION_BYTES = 4 << 20 };

struct sample {
    char name[100];
    char labels[600]; /* as it stands between the braces */
    double value;
};

struct family {
    char name[100];
    char type[20];
};

static const char *take_name(const char *p, char out[100])
{
    size_t len = 0;

    assert_true(isalpha((unsigned char)p[0]) || p[0] == '_' || p[0] == ':');
    while (isalnum((unsigned char)p[len]) || p[len] == '_' || p[len] == ':')
        len++;
    assert_true(len < 100);
    memcpy(out, p, len);
    out[len] = '\0';
    return p + len;
}

/* name="value",... up to the closing brace; values escape \\ \" \n only. */
static const char *take_labels(const char *p, char out[600])
{
    const char *from = p;
    char name[100];

    for (;;) {
        p = take_name(p, name);
        assert_null(strchr(name, ':'));
        assert_int_equal(*p++, '=');
        assert_int_equal(*p++, '"');
        while (*p != '"') {
            assert_true(*p != '\n' && *p != '\0');
            if (*p == '\\')
                assert_true(p[1] == '\\' || p[1] == '"' || p[1] == 'n');
            p += *p == '\\' ? 2 : 1;
        }
        p++;
        if (*p != ',')
            break;
        p++;
    }
    assert_int_equal(*p, '}');
    assert_true(p - from < 600);
    memcpy(out, from, (size_t)(p - from));
    out[p - from] = '\0';
    return p + 1;
}

static const char *take_sample(const char *p, struct sample *s)
{
    char *end;

    p = take_name(p, s->name);
    s->labels[0] = '\0';
    if (*p == '{')
        p = take_labels(p + 1, s->labels);
    assert_int_equal(*p++, ' ');
    assert_false(isspace((unsigned char)*p));
    s->value = strtod(p, &end);
    assert_ptr_not_equal(p, end);
    assert_int_equal(*end, '\n');
    return end + 1;
}

/* "# HELP name text" and directly behind it "# TYPE name type". */
static const char *take_family(const char *p, struct family *f)
{
    char name[100];
    const char *end;

    assert_int_equal(strncmp(p, "# HELP ", 7), 0);
    p = take_name(p + 7, f->name);
    assert_int_equal(*p, ' ');
    p = strchr(p, '\n');
    assert_non_null(p);
    assert_int_equal(strncmp(p + 1, "# TYPE ", 7), 0);
    p = take_name(p + 8, name);
    assert_string_equal(name, f->name);
    assert_int_equal(*p++, ' ');
    end = strchr(p, '\n');
    assert_true(end != NULL && end - p < 20);
    snprintf(f->type, sizeof(f->type), "%.*s", (int)(end - p), p);
    assert_true(strcmp(f->type, "counter") == 0 || strcmp(f->type, "gauge") == 0 ||
                strcmp(f->type, "histogram") == 0);
    return end + 1;
}

struct histogram_state {
    bool open; /* buckets were seen, _count not yet */
    double last_bound;
    double last_count;
};

static double bound_of(const char *labels)
{
    const char *le = strstr(labels, "le=\"");

    assert_non_null(le);
    return strncmp(le + 4, "+Inf\"", 5) == 0 ? INFINITY : strtod(le + 4, NULL);
}

/* Buckets rise in bound and never fall in count; +Inf equals _count; then the next series starts.
 */
static void check_histogram_sample(const struct family *f, const struct sample *s,
                                   struct histogram_state *h)
{
    const char *suffix = s->name + strlen(f->name);

    if (strcmp(suffix, "_bucket") == 0) {
        double bound = bound_of(s->labels);

        assert_true(!h->open || bound > h->last_bound);
        assert_true(!h->open || s->value >= h->last_count);
        *h = (struct histogram_state){true, bound, s->value};
    } else if (strcmp(suffix, "_count") == 0) {
        assert_true(h->open && isinf(h->last_bound));
        assert_true(s->value == h->last_count);
        h->open = false;
    } else {
        assert_string_equal(suffix, "_sum");
    }
}

/* How often `line` stands in the text as a whole line or as the start of one. */
static int count_lines(const char *text, const char *start)
{
    int count = 0;

    for (const char *p = text; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
        p += *p == '\n';
        count += strncmp(p, start, strlen(start)) == 0;
    }
    return count;
}

static void check_sample(const char *whole, const struct family *f, const struct sample *s,
                         struct histogram_state *h)
{
    char start[800];

    snprintf(start, sizeof(start), s->labels[0] != '\0' ? "%s{%s} " : "%s%s ", s->name, s->labels);
    assert_int_equal(count_lines(whole, start), 1);
    assert_int_equal(strncmp(s->name, f->name, strlen(f->name)), 0);
    if (strcmp(f->type, "histogram") == 0)
        check_histogram_sample(f, s, h);
    else
        assert_string_equal(s->name, f->name);
}

/* Fails the test when the text is not an exposition; returns how many families it has. */
static int check_exposition(const char *whole)
{
    struct histogram_state h = {0};
    struct family f = {.name = ""};
    char type_line[200];
    struct sample s;
    int families = 0;

    for (const char *p = whole; *p != '\0';) {
        if (*p == '#') {
            p = take_family(p, &f);
            snprintf(type_line, sizeof(type_line), "# TYPE %s ", f.name);
            assert_int_equal(count_lines(whole, type_line), 1);
            families++;
        } else {
            p = take_sample(p, &s);
            check_sample(whole, &f, &s, &h);
        }
    }
    assert_false(h.open);
    return families;
}

static char *rendered(struct metrics *m)
{
    struct buffer b;

    buffer_init(&b, EXPOSITION_BYTES);
    metrics_render(m, &b);
    assert_false(buffer_failed(&b));
    return buffer_take(&b, NULL);
}

static void test_metrics_render__is_an_exposition_when_unused(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    AUTO_FREE char *text = rendered(m);

    assert_int_equal(check_exposition(text), METRIC_COUNT + 4);
    metrics_free(m);
}

static void test_metrics_render__writes_counters_and_gauges(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    AUTO_FREE char *text = NULL;

    metrics_add(m, METRIC_EVENTS_RECEIVED, 1, "minio", "s3", NULL);
    metrics_add(m, METRIC_EVENTS_RECEIVED, 2, "minio", "s3", NULL);
    metrics_add(m, METRIC_EVENTS_RECEIVED, 5, "ceph", "s3", NULL);
    metrics_add(m, METRIC_QUEUE_COMMITS, 7, NULL, NULL, NULL);
    metrics_set(m, METRIC_QUEUE_OLDEST, 1.5, NULL, NULL, NULL);
    metrics_add(m, METRIC_INVOCATIONS_IN_FLIGHT, 3, "thumbnail", NULL, NULL);
    metrics_add(m, METRIC_INVOCATIONS_IN_FLIGHT, -1, "thumbnail", NULL, NULL);
    assert_true(metrics_read(m, METRIC_EVENTS_RECEIVED, "minio", "s3", NULL) == 3);
    assert_true(metrics_read(m, METRIC_EVENTS_RECEIVED, "aws", "s3", NULL) == 0);
    text = rendered(m);
    check_exposition(text);
    assert_contains(text, "\nonput_events_received_total{store=\"minio\",dialect=\"s3\"} 3\n");
    assert_contains(text, "\nonput_events_received_total{store=\"ceph\",dialect=\"s3\"} 5\n");
    assert_contains(text, "\nonput_queue_commits_total 7\n");
    assert_contains(text, "\nonput_queue_oldest_age_seconds 1.5\n");
    assert_contains(text, "\nonput_invocations_in_flight{function=\"thumbnail\"} 2\n");
    metrics_free(m);
}

static void test_metrics_render__escapes_label_values(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    AUTO_FREE char *text = NULL;

    metrics_add(m, METRIC_REQUESTS_REJECTED, 1, "a\"b\\c\nd}\xff", NULL, NULL);
    text = rendered(m);
    check_exposition(text);
    assert_contains(text, "{reason=\"a\\\"b\\\\c\\nd}\xef\xbf\xbd\"} 1\n");
    metrics_free(m);
}

static void test_metrics_observe__fills_cumulative_buckets(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    AUTO_FREE char *text = NULL;

    metrics_observe(m, METRIC_S3_SECONDS, 0.001, "GetObject", NULL, NULL);
    metrics_observe(m, METRIC_S3_SECONDS, 0.2, "GetObject", NULL, NULL);
    metrics_observe(m, METRIC_S3_SECONDS, 59.5, "GetObject", NULL, NULL);
    metrics_observe(m, METRIC_S3_SECONDS, 100, "GetObject", NULL, NULL);
    metrics_observe(m, METRIC_QUEUE_COMMIT_SECONDS, 0.003, NULL, NULL, NULL);
    assert_true(metrics_read(m, METRIC_S3_SECONDS, "GetObject", NULL, NULL) == 4);
    text = rendered(m);
    check_exposition(text);
    assert_contains(text, "_duration_seconds_bucket{op=\"GetObject\",le=\"0.001\"} 1\n");
    assert_contains(text, "_duration_seconds_bucket{op=\"GetObject\",le=\"0.1\"} 1\n");
    assert_contains(text, "_duration_seconds_bucket{op=\"GetObject\",le=\"0.25\"} 2\n");
    assert_contains(text, "_duration_seconds_bucket{op=\"GetObject\",le=\"60\"} 3\n");
    assert_contains(text, "_duration_seconds_bucket{op=\"GetObject\",le=\"+Inf\"} 4\n");
    assert_contains(text, "_duration_seconds_sum{op=\"GetObject\"} 159.701\n");
    assert_contains(text, "_duration_seconds_count{op=\"GetObject\"} 4\n");
    assert_contains(text, "onput_queue_commit_duration_seconds_bucket{le=\"0.005\"} 1\n");
    assert_contains(text, "onput_queue_commit_duration_seconds_count 1\n");
    metrics_free(m);
}

static void test_metrics__counts_what_came_too_late_as_other(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    AUTO_FREE char *text = NULL;

    for (int i = 0; i < METRICS_MAX_SERIES + 50; i++) {
        char name[20];

        snprintf(name, sizeof(name), "f%d", i);
        metrics_add(m, METRIC_INVOCATIONS, 1, name, "done", NULL);
    }
    metrics_add(m, METRIC_INVOCATIONS, 1, "f0", "done", NULL);
    assert_true(metrics_read(m, METRIC_INVOCATIONS, "f0", "done", NULL) == 2);
    assert_true(metrics_read(m, METRIC_INVOCATIONS, "other", "other", NULL) == 50);
    assert_true(metrics_read(m, METRIC_INVOCATIONS, "f249", "done", NULL) == 0);
    text = rendered(m);
    check_exposition(text);
    assert_int_equal(count_lines(text, "onput_invocations_total{"), METRICS_MAX_SERIES + 1);
    metrics_free(m);
}

static void test_metrics__keeps_labels_apart(void **state UNUSED)
{
    struct metrics *m = metrics_new();

    metrics_add(m, METRIC_EVENTS_RECEIVED, 1, "ab", "", NULL);
    metrics_add(m, METRIC_EVENTS_RECEIVED, 2, "a", "b", NULL);
    metrics_add(m, METRIC_EVENTS_RECEIVED, 4, "", "ab", NULL);
    assert_true(metrics_read(m, METRIC_EVENTS_RECEIVED, "ab", "", NULL) == 1);
    assert_true(metrics_read(m, METRIC_EVENTS_RECEIVED, "a", "b", NULL) == 2);
    assert_true(metrics_read(m, METRIC_EVENTS_RECEIVED, NULL, "ab", NULL) == 4);
    metrics_free(m);
}

static void test_metrics__do_nothing_without_a_registry(void **state UNUSED)
{
    metrics_add(NULL, METRIC_QUEUE_COMMITS, 1, NULL, NULL, NULL);
    metrics_set(NULL, METRIC_QUEUE_OLDEST, 1, NULL, NULL, NULL);
    metrics_observe(NULL, METRIC_S3_SECONDS, 1, "op", NULL, NULL);
    assert_true(metrics_read(NULL, METRIC_QUEUE_COMMITS, NULL, NULL, NULL) == 0);
    metrics_free(NULL);
}

static double value_of(const char *text, const char *name)
{
    char start[100];
    const char *found;

    snprintf(start, sizeof(start), "\n%s ", name);
    found = strstr(text, start);
    assert_non_null(found);
    return strtod(found + strlen(start), NULL);
}

static void test_metrics_render__tells_about_the_process(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    AUTO_FREE char *before = rendered(m);
    AUTO_CLOSE int extra = dup(0);
    AUTO_FREE char *after = rendered(m);
    double now = (double)time(NULL);
    double start = value_of(before, "process_start_time_seconds");

    assert_true(extra >= 0);
    assert_true(value_of(before, "process_resident_memory_bytes") > 100000);
    assert_true(value_of(before, "process_cpu_seconds_total") >= 0);
    assert_true(value_of(after, "process_open_fds") == value_of(before, "process_open_fds") + 1);
    assert_true(start > now - 3600 && start < now + 2);
    metrics_free(m);
}

static void *count_many(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        char op[20];

        snprintf(op, sizeof(op), "op%d", i % 20);
        metrics_add(arg, METRIC_S3_REQUESTS, 1, op, "200", NULL);
        metrics_observe(arg, METRIC_S3_SECONDS, 0.01, "GetObject", NULL, NULL);
    }
    return NULL;
}

static void test_metrics__lose_nothing_between_threads(void **state UNUSED)
{
    struct metrics *m = metrics_new();
    pthread_t threads[4];
    AUTO_FREE char *text = NULL;

    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, m), 0);
    text = rendered(m);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    check_exposition(text);
    assert_true(metrics_read(m, METRIC_S3_REQUESTS, "op7", "200", NULL) == 400);
    assert_true(metrics_read(m, METRIC_S3_SECONDS, "GetObject", NULL, NULL) == 8000);
    metrics_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_render__is_an_exposition_when_unused),
        cmocka_unit_test(test_metrics_render__writes_counters_and_gauges),
        cmocka_unit_test(test_metrics_render__escapes_label_values),
        cmocka_unit_test(test_metrics_observe__fills_cumulative_buckets),
        cmocka_unit_test(test_metrics__counts_what_came_too_late_as_other),
        cmocka_unit_test(test_metrics__keeps_labels_apart),
        cmocka_unit_test(test_metrics__do_nothing_without_a_registry),
        cmocka_unit_test(test_metrics_render__tells_about_the_process),
        cmocka_unit_test(test_metrics__lose_nothing_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
