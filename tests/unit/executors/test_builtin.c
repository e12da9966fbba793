/*
 * The table of built-in functions, echo and context, and what failures return.
 */
#include "onput/json.h"
#include "onput/log.h"
#include "workbench.h"

#define FUNCTIONS                                                                                  \
    "  back: {builtin: echo, timeout: 7s}\n"                                                       \
    "  who: {builtin: context, timeout: 7s}\n"

static void start(struct workbench *w, void **state)
{
    workbench_start(w, *state, &(struct catalog_parts){.functions = FUNCTIONS});
}

static struct invocation call_with(const char *payload)
{
    return (struct invocation){.request_id = "8f8fe1a5-0000-4000-8000-000000000001",
                               .function = TEXT("who"),
                               .payload = text_of(payload)};
}

static void test_echo__returns_its_event_byte_by_byte(void **state)
{
    static const char *const events[] = {"{ \"b\":1.50, \"a\" : [] }", "null", "\"text\"", "7e2"};
    struct workbench w;
    start(&w, state);
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        struct invocation call = call_with(events[i]);
        workbench_invoke(&w, "back", &call, 1000);
        assert_int_equal(w.outcome.status, OUTCOME_DONE);
        assert_text(w.outcome.result, events[i]);
        assert_int_equal(w.outcome.log.len, 0);
        assert_int_equal(w.outcome.run_ms, -1);
    }
    workbench_stop(&w);
}

static void test_context__tells_what_a_function_is_told(void **state)
{
    struct workbench w;
    AUTO_JSON struct json_object *tree = NULL;
    struct error err = {0};
    int64_t left = 0;
    start(&w, state);
    struct invocation call = call_with("{\"n\":1}");
    workbench_invoke(&w, "who", &call, 5000);
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_ok(json_parse(w.outcome.result, &tree, &err), &err);
    assert_ok(json_get_i64(tree, "context.remaining_time_in_millis", &left, &err), &err);
    assert_in_range(left, 1, 5000);
    json_object_object_del(json_at(tree, "context"), "remaining_time_in_millis");
    assert_string_equal(
        json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN),
        "{\"event\":{\"n\":1},\"context\":{\"aws_request_id\":"
        "\"8f8fe1a5-0000-4000-8000-000000000001\",\"function_name\":\"who\","
        "\"function_version\":\"$LATEST\",\"invoked_function_arn\":"
        "\"arn:aws:lambda:us-east-1:000000000000:function:who\",\"memory_limit_in_mb\":128,"
        "\"client_context\":null}}");
    workbench_stop(&w);
}

static void test_context__tells_what_the_caller_sent(void **state)
{
    struct workbench w;
    start(&w, state);
    struct invocation call = call_with("[]");
    call.client_context = TEXT("{\"custom\":{\"a\":\"b\"}}");
    call.invoked_arn = TEXT("arn:aws:lambda:us-east-1:000000000000:function:who:live");
    workbench_invoke(&w, "who", &call, 5000);
    assert_contains(w.outcome.result.ptr, "\"event\":[]");
    assert_contains(w.outcome.result.ptr, "\"client_context\":{\"custom\":{\"a\":\"b\"}}");
    assert_contains(w.outcome.result.ptr, "function:who:live\"");
    workbench_stop(&w);
}

static void test_context__stays_json_whatever_it_is_handed(void **state)
{
    struct workbench w;
    AUTO_JSON struct json_object *tree = NULL;
    struct error err = {0};
    start(&w, state);
    struct invocation call = call_with("");
    call.client_context = TEXT("not JSON");
    workbench_invoke(&w, "who", &call, -5000); /* the deadline has passed */
    assert_ok(json_parse(w.outcome.result, &tree, &err), &err);
    assert_null(json_at(tree, "event"));
    assert_int_equal(json_object_get_int(json_at(tree, "context.remaining_time_in_millis")), 0);
    assert_null(json_at(tree, "context.client_context"));
    workbench_stop(&w);
}

static void test_builtin__refuses_a_function_that_is_none(void **state)
{
    struct workbench w;
    start(&w, state);
    struct config_function config = *catalog_thumbs(w.catalog)->config;
    struct function function = *catalog_thumbs(w.catalog);
    struct invocation call = call_with("{}");
    static const char *const names[] = {"unheard-of", NULL};
    function.config = &config;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        config.builtin = names[i];
        w.executor.invoke(w.lane, w.catalog, &function, &call, INT64_MAX, &w.arena, &w.outcome);
        assert_int_equal(w.outcome.status, OUTCOME_FAILED);
        assert_false(w.outcome.error.retryable);
        assert_text(w.outcome.result, "{\"errorMessage\":\"function thumbs is no built-in "
                                      "function\",\"errorType\":\"UnsupportedInput\"}");
    }
    workbench_stop(&w);
}

static void test_builtin__calls_instant_what_reads_only_its_event(void **state UNUSED)
{
    struct thumbnail_jobs jobs = {0};
    struct executor executor = builtin_executor(&jobs);
    struct config_function config = {.builtin = NULL};
    struct function function = {.config = &config};
    assert_false(executor.is_instant(executor.self, &function));
    config.builtin = "thumbnail";
    assert_false(executor.is_instant(executor.self, &function));
    config.builtin = "echo";
    assert_true(executor.is_instant(executor.self, &function));
    config.builtin = "context";
    assert_true(executor.is_instant(executor.self, &function));
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_echo__returns_its_event_byte_by_byte),
        WITH_DIR(test_context__tells_what_a_function_is_told),
        WITH_DIR(test_context__tells_what_the_caller_sent),
        WITH_DIR(test_context__stays_json_whatever_it_is_handed),
        WITH_DIR(test_builtin__refuses_a_function_that_is_none),
        cmocka_unit_test(test_builtin__calls_instant_what_reads_only_its_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
