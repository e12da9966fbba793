/*
 * The Runtime API of one process: events, results and errors in every order, right and wrong.
 */
#include "desk.h"

#include <unistd.h>

#include "onput/clock.h"
#include "onput/executor.h"

static int setup(void **state)
{
    struct desk *d = xcalloc(1, sizeof(*d));
    desk_open(d, clock_system());
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    desk_close(*state);
    free(*state);
    return 0;
}

static void wait_ready(struct desk *d)
{
    exchange_wait_ready(d->exchange, clock_mono_ms(clock_system()) + 20000, NULL, &d->arena,
                        &d->result);
}

static void assert_result(const struct exchange_result *r, enum exchange_end end, const char *body)
{
    assert_int_equal(r->end, end);
    assert_int_equal(r->body.len, strlen(body));
    assert_memory_equal(r->body.ptr, body, strlen(body));
}

static char *filled(size_t len)
{
    char *bytes = xmalloc(len);
    memset(bytes, 'x', len);
    return bytes;
}

/* ---- next ---- */

static void test_next__makes_the_process_ready(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    exchange_wait_ready(d->exchange, clock_mono_ms(clock_system()), NULL, &d->arena, &d->result);
    assert_int_equal(d->result.end, EXCHANGE_TIMEOUT);
    desk_say_next(fd);
    wait_ready(d);
    assert_int_equal(d->result.end, EXCHANGE_READY);
    close(fd);
}

static void test_next__hands_out_the_event_with_its_headers(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    struct exchange_event event = {
        .request_id = DESK_ID,
        .payload = TEXT("[1,\"\xc3\xa9\"]"),
        .deadline_wall_ms = 1700000000123,
        .invoked_arn = TEXT("arn:aws:lambda:eu-west-1:123456789012:function:f:live"),
        .trace_id = TEXT("Root=1-5;Parent=2;Sampled=0"),
        .client_context = TEXT("{\n\"a\":\t\"\xc3\xa9\xf0\x9f\x98\x80\"}"),
    };
    desk_say_next(fd);
    wait_ready(d);
    exchange_start(d->exchange, &event, NULL);
    struct text answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), 200);
    assert_text(raw_body(answer), "[1,\"\xc3\xa9\"]");
    assert_text(raw_header(answer, "Content-Type"), "application/json");
    assert_text(raw_header(answer, "Lambda-Runtime-Aws-Request-Id"), DESK_ID);
    assert_text(raw_header(answer, "Lambda-Runtime-Deadline-Ms"), "1700000000123");
    assert_text(raw_header(answer, "Lambda-Runtime-Invoked-Function-Arn"),
                "arn:aws:lambda:eu-west-1:123456789012:function:f:live");
    assert_text(raw_header(answer, "Lambda-Runtime-Trace-Id"), "Root=1-5;Parent=2;Sampled=0");
    assert_text(raw_header(answer, "Lambda-Runtime-Client-Context"),
                "{ \"a\": \"\\u00e9\\ud83d\\ude00\"}");
    close(fd);
}

static void test_next__leaves_empty_headers_out(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    struct text answer = desk_begin(d, fd, NULL);
    assert_text(raw_body(answer), "{\"key\":1}");
    char *head = xmemdup_text(answer);
    assert_null(strstr(head, "Trace-Id"));
    assert_null(strstr(head, "Client-Context"));
    assert_null(strstr(head, "Cognito"));
    free(head);
    close(fd);
}

static void test_next__finds_an_event_that_came_first(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_start(d, NULL);
    desk_say_next(fd);
    assert_text(raw_body(desk_hear(d, fd)), "{\"key\":1}");
    desk_say_post(fd, DESK_ID, "response", "", TEXT("2"));
    assert_result(desk_wait(d), EXCHANGE_RESPONSE, "2");
    assert_true(d->result.was_given);
    close(fd);
}

static void test_next__hands_out_a_running_event_again(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    int other = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_next(other);
    struct text again = desk_hear(d, other);
    assert_int_equal(raw_status(again), 200);
    assert_text(raw_header(again, "Lambda-Runtime-Aws-Request-Id"), DESK_ID);
    assert_text(raw_body(again), "{\"key\":1}");
    close(fd);
    close(other);
}

static void test_next__gives_up_the_earlier_of_two_that_wait(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    int other = desk_connect(d);
    desk_say_next(fd);
    wait_ready(d);
    desk_say_next(other);
    struct text refusal = desk_hear(d, fd);
    assert_int_equal(raw_status(refusal), 403);
    assert_text(raw_body(refusal), "{\"errorType\":\"InvalidStateTransition\",\"errorMessage\":"
                                   "\"This call does not follow from the last one\"}");
    desk_start(d, NULL);
    assert_int_equal(raw_status(desk_hear(d, other)), 200);
    close(fd);
    close(other);
}

/* ---- results ---- */

static void test_response__goes_around_many_times_on_one_connection(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    for (int i = 0; i < 20; i++) {
        char body[32];
        snprintf(body, sizeof(body), "{\"n\":%d}", i);
        desk_begin(d, fd, NULL);
        desk_say_post(fd, DESK_ID, "response", "Content-Type: text/x\r\n", text_of(body));
        assert_result(desk_wait(d), EXCHANGE_RESPONSE, body);
        assert_text(d->result.content_type, "text/x");
        assert_false(d->result.is_streamed);
        exchange_finish(d->exchange);
        struct text answer = desk_hear(d, fd);
        assert_int_equal(raw_status(answer), 202);
        assert_text(raw_body(answer), "{\"status\":\"OK\"}\n");
    }
    close(fd);
}

static void test_response__may_be_empty_and_any_bytes(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "response", "", TEXT(""));
    assert_result(desk_wait(d), EXCHANGE_RESPONSE, "");
    exchange_finish(d->exchange);
    desk_hear(d, fd);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("\xff\0{\xc3"));
    assert_int_equal(desk_wait(d)->end, EXCHANGE_RESPONSE);
    assert_int_equal(d->result.body.len, 4);
    assert_memory_equal(d->result.body.ptr, "\xff\0{\xc3", 4);
    close(fd);
}

static void test_response__needs_the_right_id(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    static const char refusal[] =
        "{\"errorType\":\"InvalidRequestID\",\"errorMessage\":\"Invalid request ID\"}";
    desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
    assert_text(raw_body(desk_hear(d, fd)), refusal);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, "8f5b1c1e-0d6a-4c57-9d2e-0123456789ac", "response", "", TEXT("1"));
    struct text answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), 400);
    assert_text(raw_body(answer), refusal);
    desk_say_post(fd, "x", "error", "", TEXT("{}"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 400);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
    assert_result(desk_wait(d), EXCHANGE_RESPONSE, "1");
    close(fd);
}

static void test_response__is_not_taken_before_the_event_was(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_start(d, NULL);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 400);
    desk_wait_until(d, clock_mono_ms(clock_system()));
    assert_int_equal(d->result.end, EXCHANGE_TIMEOUT);
    assert_false(d->result.was_given);
    close(fd);
}

static void test_response__is_taken_once(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("2"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 403);
    desk_say_post(fd, DESK_ID, "error", "", TEXT("{}"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 403);
    assert_result(desk_wait(d), EXCHANGE_RESPONSE, "1");
    exchange_finish(d->exchange);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("3"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 403);
    close(fd);
}

static void test_response__comes_too_late_behind_a_timeout(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_wait_until(d, clock_mono_ms(clock_system()) + 1);
    assert_result(&d->result, EXCHANGE_TIMEOUT, "");
    exchange_finish(d->exchange);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
    assert_int_equal(raw_status(desk_hear(d, fd)), 400);
    close(fd);
}

static void test_response__may_be_as_large_as_the_limit(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    char *bytes = filled(RESULT_MAX_BYTES + 1);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "response", "", (struct text){bytes, RESULT_MAX_BYTES});
    assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    assert_int_equal(desk_wait(d)->end, EXCHANGE_RESPONSE);
    assert_int_equal(d->result.body.len, RESULT_MAX_BYTES);
    assert_memory_equal(d->result.body.ptr, bytes, RESULT_MAX_BYTES);
    exchange_finish(d->exchange);
    desk_begin(d, fd, NULL);
    desk_say_chunked(fd, DESK_ID, "response", "", (struct text){bytes, RESULT_MAX_BYTES}, 100000,
                     "");
    assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    assert_int_equal(desk_wait(d)->body.len, RESULT_MAX_BYTES);
    free(bytes);
    close(fd);
}

static void test_response__is_refused_beyond_the_limit(void **state)
{
    struct desk *d = *state;
    static const char refusal[] =
        "{\"errorType\":\"RequestEntityTooLarge\",\"errorMessage\":\"Exceeded maximum allowed "
        "payload size (6291556 bytes).\"}";
    char *bytes = filled(RESULT_MAX_BYTES + 1);
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_chunked(fd, DESK_ID, "response", "", (struct text){bytes, RESULT_MAX_BYTES + 1},
                     1000000, "");
    assert_result(desk_wait(d), EXCHANGE_TOO_LARGE, "");
    exchange_finish(d->exchange);
    struct text answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), 413);
    assert_text(raw_body(answer), refusal);
    desk_begin(d, fd, NULL);
    desk_say(fd,
             "POST /2018-06-01/runtime/invocation/" DESK_ID "/response HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: %d\r\n\r\n",
             RESULT_MAX_BYTES + 1);
    assert_result(desk_wait(d), EXCHANGE_TOO_LARGE, "");
    answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), 413);
    assert_text(raw_body(answer), refusal);
    free(bytes);
    close(fd);
}

static void test_response__is_refused_beyond_what_any_may_announce(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say(fd, "POST /2018-06-01/runtime/invocation/" DESK_ID "/response HTTP/1.1\r\nHost: x\r\n"
                 "Content-Length: 99999999999\r\n\r\n");
    assert_result(desk_wait(d), EXCHANGE_TOO_LARGE, "");
    assert_int_equal(raw_status(desk_hear(d, fd)), 413);
    close(fd);
}

static void test_response__broken_off_is_no_result(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_chunked(fd, DESK_ID, "response", "", TEXT("{\"half\":"), 4, NULL);
    close(fd);
    assert_result(desk_wait(d), EXCHANGE_BROKEN, "");
}

static void test_response__broken_off_by_the_end_of_its_process_is_that_end(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_chunked(fd, DESK_ID, "response", "", TEXT("{\"half\":"), 4, NULL);
    close(fd);
    exchange_close(d->exchange);
    assert_result(desk_wait(d), EXCHANGE_GONE, "");
    assert_true(d->result.was_given);
}

static void test_response__needs_a_known_mode(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "response", "Lambda-Runtime-Function-Response-Mode: fast\r\n",
                  TEXT("1"));
    struct text answer = desk_hear(d, fd);
    assert_int_equal(raw_status(answer), 400);
    assert_text(raw_body(answer), "{\"errorType\":\"InvalidFunctionResponseMode\",\"errorMessage\":"
                                  "\"Invalid function response mode\"}");
    assert_result(desk_wait(d), EXCHANGE_ERROR,
                  "{\"errorType\":\"Runtime.InvalidResponseModeHeader\",\"errorMessage\":"
                  "\"Invalid function response mode\"}");
    close(fd);
}

/* ---- trailers ---- */

#define GO_TRAILER                                                                                 \
    "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"

static void test_trailers__empty_or_absent_are_success(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    static const char *const trailers[] = {
        "", "Lambda-Runtime-Function-Error-Type: \r\nLambda-Runtime-Function-Error-Body: \r\n"};
    for (size_t i = 0; i < ARRAY_LEN(trailers); i++) {
        desk_begin(d, fd, NULL);
        desk_say_chunked(fd, DESK_ID, "response", GO_TRAILER, TEXT("{\"go\":true}"), 5,
                         trailers[i]);
        assert_result(desk_wait(d), EXCHANGE_RESPONSE, "{\"go\":true}");
        exchange_finish(d->exchange);
        assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    }
    close(fd);
}

static void test_trailers__turn_a_result_into_an_error(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    /* {"errorType":"E"} */
    desk_say_chunked(fd, DESK_ID, "response", GO_TRAILER, TEXT("beginning"), 5,
                     "Lambda-Runtime-Function-Error-Type: Function.Oops\r\n"
                     "Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJFIn0=\r\n");
    assert_result(desk_wait(d), EXCHANGE_ERROR, "{\"errorType\":\"E\"}");
    assert_text(d->result.error_type, "Function.Oops");
    assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    close(fd);
}

static void test_trailers__that_are_no_base64_become_json_all_the_same(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_chunked(fd, DESK_ID, "response", GO_TRAILER, TEXT("x"), 5,
                     "Lambda-Runtime-Function-Error-Type: bad\r\n"
                     "Lambda-Runtime-Function-Error-Body: no\"base64\r\n");
    assert_result(desk_wait(d), EXCHANGE_ERROR,
                  "{\"errorType\":\"Runtime.Unknown\",\"errorMessage\":\"no\\\"base64\"}");
    assert_text(d->result.error_type, "Runtime.Unknown");
    close(fd);
}

/* ---- errors ---- */

static void test_error__is_handed_on_verbatim(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    static const char body[] =
        "{ \"errorMessage\": \"no\",\n\"errorType\":\"E\",\"stackTrace\":[]}";
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "error",
                  "Lambda-Runtime-Function-Error-Type: Runtime.NoSuchHandler\r\n", text_of(body));
    assert_result(desk_wait(d), EXCHANGE_ERROR, body);
    assert_text(d->result.error_type, "Runtime.NoSuchHandler");
    exchange_finish(d->exchange);
    assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    close(fd);
}

static void test_error__without_json_becomes_json(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "error", "", TEXT("oops \xff\"\n"));
    assert_result(
        desk_wait(d), EXCHANGE_ERROR,
        "{\"errorType\":\"Runtime.Unknown\",\"errorMessage\":\"oops \xef\xbf\xbd\\\"\\n\"}");
    assert_text(d->result.error_type, "");
    close(fd);
}

static void test_error__beyond_the_limit_is_too_large(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    char *bytes = filled(RESULT_MAX_BYTES + 1);
    desk_begin(d, fd, NULL);
    desk_say_chunked(fd, DESK_ID, "error", "", (struct text){bytes, RESULT_MAX_BYTES + 1}, 500000,
                     "");
    assert_result(desk_wait(d), EXCHANGE_TOO_LARGE, "");
    exchange_finish(d->exchange);
    assert_int_equal(raw_status(desk_hear(d, fd)), 413);
    free(bytes);
    close(fd);
}

static void say_init_error(int fd, const char *body)
{
    desk_say(fd,
             "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n"
             "Lambda-Runtime-Function-Error-Type: Runtime.ImportModuleError\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
}

static void test_init_error__ends_the_start(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    say_init_error(fd, "{\"errorType\":\"I\"}");
    assert_int_equal(raw_status(desk_hear(d, fd)), 202);
    desk_say_next(fd);
    assert_int_equal(raw_status(desk_hear(d, fd)), 403);
    say_init_error(fd, "{}");
    assert_int_equal(raw_status(desk_hear(d, fd)), 403);
    exchange_close(d->exchange);
    wait_ready(d);
    assert_result(&d->result, EXCHANGE_INIT_ERROR, "{\"errorType\":\"I\"}");
    assert_text(d->result.error_type, "Runtime.ImportModuleError");
    close(fd);
}

static void test_init_error__ends_an_invocation_that_waits_for_the_start(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_start(d, NULL);
    say_init_error(fd, "{\"errorType\":\"I\"}");
    assert_result(desk_wait(d), EXCHANGE_INIT_ERROR, "{\"errorType\":\"I\"}");
    close(fd);
}

static void test_init_error__is_refused_behind_the_start(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    int other = desk_connect(d);
    desk_say_next(fd);
    wait_ready(d);
    say_init_error(other, "{}");
    assert_int_equal(raw_status(desk_hear(d, other)), 403);
    close(fd);
    close(other);
}

/* ---- ends ---- */

static void test_close__answers_who_waits(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_say_next(fd);
    wait_ready(d);
    exchange_close(d->exchange);
    assert_int_equal(raw_status(desk_hear(d, fd)), 410);
    desk_start(d, NULL);
    assert_result(desk_wait(d), EXCHANGE_GONE, "");
    assert_false(d->result.was_given);
    exchange_finish(d->exchange);
    int late = desk_connect(d);
    desk_say_next(late);
    assert_int_equal(raw_status(desk_hear(d, late)), 410);
    close(late);
    close(fd);
}

static void test_close__loses_no_answer_that_is_there(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    desk_begin(d, fd, NULL);
    desk_say_post(fd, DESK_ID, "response", "", TEXT("1"));
    desk_hear(d, fd);
    exchange_close(d->exchange);
    assert_result(desk_wait(d), EXCHANGE_RESPONSE, "1");
    close(fd);
}

static void test_wait__ends_when_it_is_canceled(void **state)
{
    struct desk *d = *state;
    int fd = desk_connect(d);
    atomic_bool canceled = true;
    desk_begin(d, fd, NULL);
    exchange_wait(d->exchange, INT64_MAX, &canceled, &d->arena, &d->result);
    assert_int_equal(d->result.end, EXCHANGE_CANCELED);
    exchange_wait_ready(d->exchange, INT64_MAX, &canceled, &d->arena, &d->result);
    assert_int_equal(d->result.end, EXCHANGE_READY);
    close(fd);
}

static void test_wait__goes_by_the_given_clock(void **state)
{
    (void)state;
    struct desk d;
    struct fake_clock clock;
    fake_clock_init(&clock, 1700000000000, 5000);
    desk_open(&d, &clock.clock);
    int fd = desk_connect(&d);
    desk_begin(&d, fd, NULL);
    desk_wait_until(&d, 5000);
    assert_int_equal(d.result.end, EXCHANGE_TIMEOUT);
    close(fd);
    desk_close(&d);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_next__makes_the_process_ready),
        TEST(test_next__hands_out_the_event_with_its_headers),
        TEST(test_next__leaves_empty_headers_out),
        TEST(test_next__finds_an_event_that_came_first),
        TEST(test_next__hands_out_a_running_event_again),
        TEST(test_next__gives_up_the_earlier_of_two_that_wait),
        TEST(test_response__goes_around_many_times_on_one_connection),
        TEST(test_response__may_be_empty_and_any_bytes),
        TEST(test_response__needs_the_right_id),
        TEST(test_response__is_not_taken_before_the_event_was),
        TEST(test_response__is_taken_once),
        TEST(test_response__comes_too_late_behind_a_timeout),
        TEST(test_response__may_be_as_large_as_the_limit),
        TEST(test_response__is_refused_beyond_the_limit),
        TEST(test_response__is_refused_beyond_what_any_may_announce),
        TEST(test_response__broken_off_is_no_result),
        TEST(test_response__broken_off_by_the_end_of_its_process_is_that_end),
        TEST(test_response__needs_a_known_mode),
        TEST(test_trailers__empty_or_absent_are_success),
        TEST(test_trailers__turn_a_result_into_an_error),
        TEST(test_trailers__that_are_no_base64_become_json_all_the_same),
        TEST(test_error__is_handed_on_verbatim),
        TEST(test_error__without_json_becomes_json),
        TEST(test_error__beyond_the_limit_is_too_large),
        TEST(test_init_error__ends_the_start),
        TEST(test_init_error__ends_an_invocation_that_waits_for_the_start),
        TEST(test_init_error__is_refused_behind_the_start),
        TEST(test_close__answers_who_waits),
        TEST(test_close__loses_no_answer_that_is_there),
        TEST(test_wait__ends_when_it_is_canceled),
        cmocka_unit_test(test_wait__goes_by_the_given_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
