/*
 * GET, HEAD, PUT and DELETE of objects: what goes over the wire and what comes back.
 */
#include "store.h"

static const struct scripted_reply good_object[] = {
    {200,
     "ETag: \"abc123\"\r\nContent-Type: image/jpeg\r\nx-amz-version-id: v1\r\n"
     "Last-Modified: Sat, 21 Nov 2026 18:00:00 GMT\r\nX-Amz-Meta-Onput-Source: a%20b\r\n",
     TEXT_INIT("not a JPEG")}};

static void test_storage_get__fills_the_memory_file_and_the_info(void **state)
{
    struct store_fixture f;
    (void)state;
    store_start(&f, good_object, 1);
    assert_ok(store_get(&f), &f.err);
    assert_text(store_got(&f), "not a JPEG");
    assert_int_equal(f.info.size, 10);
    assert_text(f.info.etag, "abc123");
    assert_text(f.info.content_type, "image/jpeg");
    assert_text(f.info.version_id, "v1");
    assert_int_equal(f.info.last_modified_ms, STORE_NOW_MS - 3600 * 1000);
    assert_int_equal(f.info.metadata_count, 1);
    assert_text(f.info.metadata[0].name, "onput-source");
    assert_text(f.info.metadata[0].value, "a%20b");
    assert_true(metrics_read(f.metrics, METRIC_S3_REQUESTS, "get", "200", NULL) == 1);
    assert_true(metrics_read(f.metrics, METRIC_S3_SECONDS, "get", NULL, NULL) == 1);
    assert_true(metrics_read(f.metrics, METRIC_S3_BYTES, "read", NULL, NULL) == 10);
    store_stop(&f);
}

static void test_storage_get__asks_for_one_version_of_one_etag(void **state)
{
    struct store_fixture f;
    struct storage_object object = {TEXT("photos"), TEXT("a b/ü+(1)*.jpg"), TEXT("v/1")};
    struct storage_get_options options = {.if_match_etag = TEXT("abc123"), .max_bytes = 100};
    (void)state;
    store_start(&f, good_object, 1);
    assert_ok(storage_get(f.session, f.credentials, &object, &options, &f.into, &f.arena, &f.info,
                          &f.err),
              &f.err);
    struct scripted_request request = scripted_server_request(f.server, 0);
    assert_text(request.target, "/photos/a%20b/%C3%BC%2B%281%29%2A.jpg?versionId=v%2F1");
    assert_text(scripted_request_header(request, "if-match"), "\"abc123\"");
    assert_text(scripted_request_header(request, "x-amz-date"), "20261121T190000Z");
    assert_text(scripted_request_header(request, "host"), scripted_server_url(f.server) + 7);
    assert_true(text_starts_with(
        scripted_request_header(request, "authorization"),
        TEXT("AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/s3/aws4_request, SignedHeaders="
             "host;if-match;x-amz-content-sha256;x-amz-date, Signature=")));
    store_stop(&f);
}

static void test_storage_get__refuses_keys_and_buckets_that_cannot_be(void **state)
{
    AUTO_FREE char *long_key = xcalloc(1, 1026);
    struct store_fixture f;
    (void)state;
    memset(long_key, 'k', 1025);
    const struct storage_object objects[] = {
        {TEXT("photos"), TEXT(""), TEXT("")},
        {TEXT("photos"), text_of(long_key), TEXT("")},
        {TEXT(""), TEXT("k"), TEXT("")},
        {TEXT(".."), TEXT("k"), TEXT("")},
        {TEXT("a/b/c"), TEXT("k"), TEXT("")},
        {TEXT("b?x=y"), TEXT("k"), TEXT("")},
        {TEXT("evil.host:80"), TEXT("k"), TEXT("")},
    };
    store_start(&f, good_object, 1);
    for (size_t i = 0; i < ARRAY_LEN(objects); i++)
        assert_fails(storage_head(f.session, f.credentials, &objects[i], &f.arena, &f.info, &f.err),
                     &f.err, ERROR_INVALID);
    assert_int_equal(store_requests(&f), 0);
    store_stop(&f);
}

static void test_storage_head__tells_the_size_without_a_body(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, "ETag: \"x-2\"\r\n", TEXT_INIT(""), .length = 7000000000, .only_to_head = true}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_ok(storage_head(f.session, f.credentials, &store_cat, &f.arena, &f.info, &f.err),
              &f.err);
    assert_int_equal(f.info.size, 7000000000);
    assert_text(f.info.etag, "x-2");
    assert_text(scripted_server_request(f.server, 0).method, "HEAD");
    store_stop(&f);
}

static void test_storage_head__tells_a_missing_object_by_its_status(void **state)
{
    static const struct scripted_reply replies[] = {{404, NULL, TEXT_INIT("")}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_fails(storage_head(f.session, f.credentials, &store_cat, &f.arena, &f.info, &f.err),
                 &f.err, ERROR_NOT_FOUND);
    assert_int_equal(f.err.http_status, 404);
    assert_int_equal(store_requests(&f), 1);
    store_stop(&f);
}

static void test_storage_put__sends_and_signs_everything(void **state)
{
    static const struct scripted_reply replies[] = {{200, "ETag: \"e1\"\r\n", TEXT_INIT("")}};
    const struct storage_metadata metadata[] = {{TEXT_INIT("source"), TEXT_INIT("a b")},
                                                {TEXT_INIT("a-b"), TEXT_INIT("")}};
    struct storage_put_options options = {.content_type = TEXT("image/webp"),
                                          .cache_control = TEXT("max-age=60"),
                                          .tagging = TEXT("k=v&k2=v2"),
                                          .if_none_match = true,
                                          .metadata = metadata,
                                          .metadata_count = 2};
    struct store_fixture f;
    struct text etag;
    (void)state;
    store_start(&f, replies, 1);
    assert_ok(storage_put(f.session, f.credentials, &store_cat, TEXT("hello"), &options, &f.arena,
                          &etag, &f.err),
              &f.err);
    assert_text(etag, "e1");
    assert_text(scripted_server_request(f.server, 0).body, "hello");
    assert_text(store_sent(&f, 0, "content-type"), "image/webp");
    assert_text(store_sent(&f, 0, "content-length"), "5");
    assert_text(store_sent(&f, 0, "cache-control"), "max-age=60");
    assert_text(store_sent(&f, 0, "if-none-match"), "*");
    assert_text(store_sent(&f, 0, "x-amz-meta-source"), "a b");
    assert_text(store_sent(&f, 0, "x-amz-content-sha256"),
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    AUTO_FREE char *authorization =
        xasprintf("%.*s", TEXT_ARGS(store_sent(&f, 0, "authorization")));
    assert_contains(authorization,
                    "SignedHeaders=cache-control;content-type;host;if-none-match;"
                    "x-amz-content-sha256;x-amz-date;x-amz-meta-a-b;x-amz-meta-source;"
                    "x-amz-tagging,");
    store_stop(&f);
}

static void test_storage_put__refuses_metadata_that_headers_cannot_carry(void **state)
{
    static const char *const values[] = {"a\r\nx-amz-acl: public-read", "t\tab", "\xc3\xbc",
                                         "\x7f"};
    AUTO_FREE char *long_value = xcalloc(1, 2049);
    struct store_fixture f;
    (void)state;
    memset(long_value, 'v', 2048);
    store_start(&f, good_object, 1);
    for (size_t i = 0; i <= ARRAY_LEN(values); i++) {
        bool is_long = i == ARRAY_LEN(values);
        struct storage_metadata row = {TEXT("m"), text_of(is_long ? long_value : values[i])};
        struct storage_put_options options = {.metadata = &row, .metadata_count = 1};
        assert_fails(storage_put(f.session, f.credentials, &store_cat, TEXT("x"), &options,
                                 &f.arena, NULL, &f.err),
                     &f.err, is_long ? ERROR_LIMIT : ERROR_INVALID);
    }
    assert_int_equal(store_requests(&f), 0);
    store_stop(&f);
}

static void test_storage_put__reports_an_object_that_is_there(void **state)
{
    static const struct scripted_reply replies[] = {
        {412, .body = TEXT_INIT(S3_ERROR("PreconditionFailed"))}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_fails(store_put(&f, TEXT("x")), &f.err, ERROR_CONFLICT);
    assert_false(f.err.retryable);
    assert_false(f.err.uncertain);
    assert_int_equal(store_requests(&f), 1);
    store_stop(&f);
}

static void test_storage_delete__takes_a_missing_object_for_deleted(void **state)
{
    static const struct scripted_reply replies[] = {
        {204, .length = SCRIPTED_NO_LENGTH},
        {404, .body = TEXT_INIT(S3_ERROR("NoSuchKey"))},
        {404, .body = TEXT_INIT(S3_ERROR("NoSuchBucket"))}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 3);
    assert_ok(storage_delete(f.session, f.credentials, &store_cat, &f.err), &f.err);
    assert_ok(storage_delete(f.session, f.credentials, &store_cat, &f.err), &f.err);
    assert_fails(storage_delete(f.session, f.credentials, &store_cat, &f.err), &f.err,
                 ERROR_NOT_FOUND);
    assert_contains(f.err.message, "NoSuchBucket");
    store_stop(&f);
}

static void test_storage__sends_and_signs_a_session_token(void **state)
{
    struct store_fixture f;
    (void)state;
    store_start(&f, good_object, 1);
    credentials_free(f.credentials);
    f.credentials = credentials_new_static(
        &(struct credentials_static_options){"AKIDTEMP", "secret", "the+token"});
    assert_ok(store_get(&f), &f.err);
    assert_text(store_sent(&f, 0, "x-amz-security-token"), "the+token");
    AUTO_FREE char *authorization =
        xasprintf("%.*s", TEXT_ARGS(store_sent(&f, 0, "authorization")));
    assert_contains(authorization, "x-amz-date;x-amz-security-token,");
    store_stop(&f);
}

static void test_storage_new__refuses_endpoints_that_are_none(void **state)
{
    static const char *const endpoints[] = {"",
                                            "127.0.0.1:9000",
                                            "ftp://store",
                                            "http://",
                                            "http://store/path",
                                            "http://user@store",
                                            "http://store?x",
                                            "http://sto re"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
        struct storage_options options = {.endpoint = endpoints[i], .region = "us-east-1"};
        struct storage *storage = NULL;
        struct error err = {0};
        assert_fails(storage_new(&options, &storage, &err), &err, ERROR_INVALID);
        assert_null(storage);
    }
}

static void test_storage__keeps_path_style_for_addresses(void **state)
{
    struct store_fixture f;
    struct storage *storage;
    struct storage_session *session;
    (void)state;
    store_start(&f, good_object, 1);
    struct storage_options options = {.endpoint = scripted_server_url(f.server),
                                      .region = "us-east-1",
                                      .addressing = STORAGE_ADDRESSING_VIRTUAL,
                                      .clock = &f.clock.clock};
    assert_ok(storage_new(&options, &storage, &f.err), &f.err);
    assert_ok(storage_session_new(storage, NULL, &session, &f.err), &f.err);
    assert_ok(storage_head(session, f.credentials, &store_cat, &f.arena, &f.info, &f.err), &f.err);
    assert_text(scripted_server_request(f.server, 0).target, "/photos/cat.jpg");
    storage_session_free(session);
    storage_free(storage);
    store_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_get__fills_the_memory_file_and_the_info),
        cmocka_unit_test(test_storage_get__asks_for_one_version_of_one_etag),
        cmocka_unit_test(test_storage_get__refuses_keys_and_buckets_that_cannot_be),
        cmocka_unit_test(test_storage_head__tells_the_size_without_a_body),
        cmocka_unit_test(test_storage_head__tells_a_missing_object_by_its_status),
        cmocka_unit_test(test_storage_put__sends_and_signs_everything),
        cmocka_unit_test(test_storage_put__refuses_metadata_that_headers_cannot_carry),
        cmocka_unit_test(test_storage_put__reports_an_object_that_is_there),
        cmocka_unit_test(test_storage_delete__takes_a_missing_object_for_deleted),
        cmocka_unit_test(test_storage__sends_and_signs_a_session_token),
        cmocka_unit_test(test_storage_new__refuses_endpoints_that_are_none),
        cmocka_unit_test(test_storage__keeps_path_style_for_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
