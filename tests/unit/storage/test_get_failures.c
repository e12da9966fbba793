/*
 * Everything that a store, or something in front of it, can answer to a GET instead of the object.
 */
#include "store.h"

struct failure_row {
    struct scripted_reply reply;
    enum error_code code;
    bool retryable;
    size_t requests; /* 3: it was tried again */
    const char *message;
};

static const struct failure_row rows[] = {
    {{304}, ERROR_PROTOCOL, false, 1, "304"},
    {{307, "Location: http://169.254.169.254/\r\n"}, ERROR_PROTOCOL, false, 1, "redirects"},
    {{301, "Location: http://169.254.169.254/\r\n", TEXT_INIT(S3_ERROR("PermanentRedirect"))},
     ERROR_INVALID,
     false,
     1,
     "PermanentRedirect"},
    {{400, .body = TEXT_INIT(S3_ERROR("XMinioInvalidObjectName"))},
     ERROR_INVALID,
     false,
     1,
     ": because."},
    {{400, .body = TEXT_INIT(S3_ERROR("RequestTimeout"))},
     ERROR_UNAVAILABLE,
     true,
     3,
     "RequestTimeout"},
    {{403, .body = TEXT_INIT(S3_ERROR("AccessDenied"))}, ERROR_DENIED, false, 1, "AccessDenied"},
    {{403, .body = TEXT_INIT(S3_ERROR("SignatureDoesNotMatch"))},
     ERROR_DENIED,
     false,
     1,
     "Signature"},
    {{403, .body = TEXT_INIT(S3_ERROR("InvalidAccessKeyId"))},
     ERROR_DENIED,
     false,
     1,
     "InvalidAccessKeyId"},
    {{404, .body = TEXT_INIT(S3_ERROR("NoSuchKey"))},
     ERROR_NOT_FOUND,
     false,
     1,
     "photos/cat.jpg: 404 NoSuchKey"},
    {{404, .body = TEXT_INIT(S3_ERROR("NoSuchBucket"))}, ERROR_NOT_FOUND, false, 1, "NoSuchBucket"},
    {{404, .body = TEXT_INIT("<html><body>No such page</body></html>")},
     ERROR_PROTOCOL,
     false,
     1,
     "photos/cat.jpg: 404"},
    {{404, .body = TEXT_INIT("<Error><Code>NoSuchKey</Code><Message></Message></Error>")},
     ERROR_NOT_FOUND,
     false,
     1,
     "404 NoSuchKey."},
    {{405, "x-amz-delete-marker: true\r\n", TEXT_INIT(S3_ERROR("MethodNotAllowed"))},
     ERROR_NOT_FOUND,
     false,
     1,
     "MethodNotAllowed"},
    {{405, .body = TEXT_INIT(S3_ERROR("MethodNotAllowed"))},
     ERROR_INVALID,
     false,
     1,
     "MethodNotAllowed"},
    {{409, .body = TEXT_INIT(S3_ERROR("ConditionalRequestConflict"))},
     ERROR_UNAVAILABLE,
     true,
     3,
     "409"},
    {{409, .body = TEXT_INIT(S3_ERROR("OperationAborted"))}, ERROR_UNAVAILABLE, true, 3, "409"},
    {{412, .body = TEXT_INIT(S3_ERROR("PreconditionFailed"))}, ERROR_CONFLICT, false, 1, "412"},
    {{416, .body = TEXT_INIT(S3_ERROR("InvalidRange"))}, ERROR_INVALID, false, 1, "416"},
    {{429, .body = TEXT_INIT("")}, ERROR_THROTTLED, true, 3, "429"},
    {{500, .body = TEXT_INIT(S3_ERROR("InternalError"))},
     ERROR_UNAVAILABLE,
     true,
     3,
     "InternalError"},
    {{501, .body = TEXT_INIT(S3_ERROR("NotImplemented"))},
     ERROR_UNSUPPORTED,
     false,
     1,
     "NotImplemented"},
    {{502, .body = TEXT_INIT("<html><body>Bad Gateway<br></body></html>")},
     ERROR_UNAVAILABLE,
     true,
     3,
     "502"},
    {{503, .body = TEXT_INIT(S3_ERROR("SlowDown"))}, ERROR_THROTTLED, true, 3, "SlowDown"},
    {{503, .body = TEXT_INIT(S3_ERROR("SlowDownRead"))}, ERROR_THROTTLED, true, 3, "SlowDownRead"},
    {{503, .body = TEXT_INIT(S3_ERROR("XMinioServerNotInitialized"))},
     ERROR_UNAVAILABLE,
     true,
     3,
     "503"},
    {{504}, ERROR_UNAVAILABLE, true, 3, "504"},
    {{500, .body = TEXT_INIT("0123456789abcdef"), .repeat = 65536},
     ERROR_UNAVAILABLE,
     true,
     3,
     "500"},
    {{403, .body = TEXT_INIT("<!DOCTYPE x [<!ENTITY y \"z\">]><Error><Code>&y;</Code></Error>")},
     ERROR_DENIED,
     false,
     1,
     "cat.jpg: 403."},
    {{599, .body = TEXT_INIT("?")}, ERROR_UNAVAILABLE, true, 3, "599"},
    {{0, .ending = SCRIPTED_RESET}, ERROR_UNAVAILABLE, true, 3, "GET photos/cat.jpg: "},
    {{0, .ending = SCRIPTED_CLOSE}, ERROR_UNAVAILABLE, true, 3, "GET photos/cat.jpg: "},
    {{200, .body = TEXT_INIT("cut"), .length = 9, .ending = SCRIPTED_CLOSE},
     ERROR_UNAVAILABLE,
     true,
     3,
     "GET"},
    {{200, .body = TEXT_INIT("cut"), .length = 9, .ending = SCRIPTED_RESET},
     ERROR_UNAVAILABLE,
     true,
     3,
     "GET"},
    {{200, .body = TEXT_INIT("whole?"), .length = SCRIPTED_NO_LENGTH, .ending = SCRIPTED_CLOSE},
     ERROR_PROTOCOL,
     false,
     1,
     "without its length"},
    {{206, .body = TEXT_INIT("part")}, ERROR_PROTOCOL, false, 1, "206"},
    {{200, .body = TEXT_INIT("x"), .length = 10000000000, .ending = SCRIPTED_CLOSE},
     ERROR_LIMIT,
     false,
     1,
     "10000000000"},
    {{.raw = "SSH-2.0-OpenSSH_9.2\r\n", .ending = SCRIPTED_CLOSE},
     ERROR_PROTOCOL,
     false,
     1,
     "not valid HTTP"},
};

static void check(const struct failure_row *row)
{
    struct store_fixture f;
    store_start(&f, &row->reply, 1);
    f.info.size = -7;
    assert_fails(store_get(&f), &f.err, row->code);
    assert_contains(f.err.message, row->message);
    assert_int_equal(f.err.retryable, row->retryable);
    assert_false(f.err.uncertain); /* reading changes nothing */
    assert_int_equal(f.err.http_status, row->reply.raw ? 0 : row->reply.status);
    assert_int_equal(store_requests(&f), row->requests);
    assert_int_equal(f.info.size, -7);
    store_stop(&f);
}

static void test_storage_get__classifies_every_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("row %zu: %d %s\n", i, rows[i].reply.status, rows[i].message);
        check(&rows[i]);
    }
}

static void test_storage_get__takes_objects_that_arrive_oddly(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("hello"), .piece = 1},
        {200, "Content-Type: text/html\r\n", TEXT_INIT("hello")},
        {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
        {200, "Content-Encoding: gzip\r\n", TEXT_INIT("hello")},
    };
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, ARRAY_LEN(replies));
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        assert_ok(store_get(&f), &f.err);
        assert_text(store_got(&f), "hello");
        assert_int_equal(f.info.size, 5);
    }
    store_stop(&f);
}

static void test_storage_get__takes_an_empty_object(void **state)
{
    static const struct scripted_reply replies[] = {{200}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_ok(store_get(&f), &f.err);
    assert_int_equal(f.info.size, 0);
    store_stop(&f);
}

static void test_storage_get__stops_a_body_that_grows_beyond_the_limit(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, "Transfer-Encoding: identity\r\n", TEXT_INIT("0123456789abcdef"),
         .length = SCRIPTED_NO_LENGTH, .repeat = 100000, .ending = SCRIPTED_CLOSE}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_fails(store_get(&f), &f.err, ERROR_LIMIT);
    assert_true(f.into.len <= STORE_MAX_BYTES);
    assert_int_equal(store_requests(&f), 1);
    store_stop(&f);
}

static void test_storage_get__notices_a_store_that_ignores_if_match(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, "ETag: \"new\"\r\n", TEXT_INIT("replaced")}};
    struct storage_get_options options = {.if_match_etag = TEXT("old"), .max_bytes = 100};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_fails(storage_get(f.session, f.credentials, &store_cat, &options, &f.into, &f.arena,
                             &f.info, &f.err),
                 &f.err, ERROR_CONFLICT);
    store_stop(&f);
}

/* A page that a proxy put there is no newer version of the object. */
static void test_storage_get__does_not_take_a_page_without_etag_for_a_replaced_object(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, "Content-Type: text/html\r\n", TEXT_INIT("<html>Please log in.</html>")}};
    struct storage_get_options options = {.if_match_etag = TEXT("old"), .max_bytes = 100};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_fails(storage_get(f.session, f.credentials, &store_cat, &options, &f.into, &f.arena,
                             &f.info, &f.err),
                 &f.err, ERROR_PROTOCOL);
    store_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_get__classifies_every_failure),
        cmocka_unit_test(test_storage_get__takes_objects_that_arrive_oddly),
        cmocka_unit_test(test_storage_get__takes_an_empty_object),
        cmocka_unit_test(test_storage_get__stops_a_body_that_grows_beyond_the_limit),
        cmocka_unit_test(test_storage_get__notices_a_store_that_ignores_if_match),
        cmocka_unit_test(
            test_storage_get__does_not_take_a_page_without_etag_for_a_replaced_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
