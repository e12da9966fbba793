/*
 * Whether the process lives, and whether it can do its work.
 */
#include "gate.h"

static void health(struct gate *d, const char *path, int status, const char *body)
{
    for (int admin = 0; admin < 2; admin++) {
        struct answer a;
        gate_call(d, admin == 1, "GET", path, NULL, NULL, &a);
        assert_int_equal(a.status, status);
        assert_string_equal(a.body, body);
    }
}

static void test_ready__names_what_is_not(void **state)
{
    struct gate d;
    gate_open_parts(&d, *state, &(struct catalog_parts){0});
    health(&d, "/healthz", 200, "{\"status\":\"ok\"}");
    health(&d, "/readyz", 200,
           "{\"status\":\"ready\",\"checks\":{\"queue\":\"ok\",\"workers\":\"ok\",\"daemon\":"
           "\"ok\"}}");
    d.workers_ready = false;
    health(&d, "/readyz", 503,
           "{\"status\":\"not ready\",\"checks\":{\"queue\":\"ok\",\"workers\":\"none is ready\","
           "\"daemon\":\"ok\"}}");
    d.workers_ready = true;
    atomic_store(&d.api.draining, true);
    health(&d, "/readyz", 503,
           "{\"status\":\"not ready\",\"checks\":{\"queue\":\"ok\",\"workers\":\"ok\",\"daemon\":"
           "\"draining\"}}");
    health(&d, "/healthz", 200, "{\"status\":\"ok\"}");
    gate_close(&d);
}

/* Each line is a comment or "name{labels} value". */
static void assert_exposition(const char *body)
{
    struct text rest = text_of(body);
    size_t samples = 0;
    while (rest.len > 0) {
        struct text line = text_cut(&rest, '\n');
        if (text_starts_with(line, TEXT("# HELP ")) || text_starts_with(line, TEXT("# TYPE ")))
            continue;
        size_t space = line.len;
        while (space > 0 && line.ptr[space - 1] != ' ')
            space--;
        assert_true(space > 1);
        char *end = NULL;
        char number[64] = "";
        snprintf(number, sizeof(number), "%.*s", TEXT_ARGS(text_slice(line, space, line.len)));
        if (strcmp(number, "+Inf") != 0) {
            strtod(number, &end);
            assert_true(end != number && *end == '\0');
        }
        samples++;
    }
    assert_true(samples > 10);
}

static void test_metrics__move_and_can_be_parsed(void **state)
{
    struct gate d;
    struct answer a;
    gate_open_parts(&d, *state, &(struct catalog_parts){0});
    assert_int_equal(gate_post(&d, "/events/minio/thumbs", NULL), 200);
    gate_get(&d, "/metrics", &a);
    assert_int_equal(a.status, 200);
    assert_contains(a.content_type, "text/plain; version=0.0.4");
    assert_exposition(a.body);
    assert_contains(a.body, "onput_events_received_total{store=\"minio\",dialect=\"minio\"} 1\n");
    assert_contains(a.body, "onput_events_decided_total{store=\"minio\",decision=\"held\"} 1\n");
    assert_contains(a.body, "onput_http_requests_total{route=\"events\",code=\"200\"} 1\n");
    assert_contains(a.body, "onput_queue_depth{state=\"held\"} 1\n");
    assert_contains(a.body, "onput_queue_oldest_age_seconds 0\n");
    gate_close(&d);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_ready__names_what_is_not),
        WITH_DIR(test_metrics__move_and_can_be_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
