/*
 * The thumbnail function against a real store, with words for pixels.
 */
#include "support/scripted_server.h"
#include "workbench.h"

#define SMALL "photos/a.jpg/small.jpg"

static void created(struct workbench *w, const char *key, struct text etag)
{
    workbench_run(w, &(struct told){.event = "ObjectCreated:Put", .key = key, .etag = etag});
}

static void skipped(const struct workbench *w, const char *why)
{
    assert_int_equal(w->outcome.status, OUTCOME_SKIPPED);
    assert_contains(w->outcome.detail, why);
}

static void failed(const struct workbench *w, enum error_code code, bool retryable)
{
    assert_int_equal(w->outcome.status, OUTCOME_FAILED);
    if (w->outcome.error.code != code)
        fail_msg("%s: %s", error_code_name(w->outcome.error.code), w->outcome.error.message);
    assert_int_equal(w->outcome.error.retryable, retryable);
    assert_true(strlen(w->outcome.error.message) > 0);
}

static struct text metadata(const struct storage_info *info, const char *name)
{
    for (size_t i = 0; i < info->metadata_count; i++) {
        if (text_is(info->metadata[i].name, name))
            return info->metadata[i].value;
    }
    return TEXT("(none)");
}

static void test_job__writes_the_renditions(void **state)
{
    struct workbench w;
    struct storage_info info;
    char content[64];
    workbench_start(&w, *state,
                    &(struct catalog_parts){
                        .renditions = "[{name: small, width: 100}, {name: big, width: 900, format: "
                                      "webp}]"});
    struct text etag = workbench_put(&w, "photos", "d \xc3\xa4/a+b.jpg", "pixels");
    created(&w, "d+%C3%A4%2Fa%2Bb.jpg", etag);
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_string_equal(w.outcome.detail, "2 renditions of 40x30 jpeg");
    assert_true(w.outcome.fetch_ms >= 0 && w.outcome.store_ms >= 0 && w.outcome.wait_ms >= 0);
    assert_int_equal(w.outcome.run_ms, 5);
    workbench_get(&w, "thumbnails", "photos/d \xc3\xa4/a+b.jpg/small.jpg", &info, content, 64);
    assert_string_equal(content, "small of pixels");
    assert_text(info.content_type, "image/jpeg");
    assert_text(metadata(&info, "onput-function"), "thumbs");
    assert_text(metadata(&info, "onput-rendition"), "small");
    assert_text_equal(metadata(&info, "onput-source-etag"), etag);
    assert_text(metadata(&info, "onput-source"), "photos/d%20%C3%A4/a%2Bb.jpg");
    workbench_get(&w, "thumbnails", "photos/d \xc3\xa4/a+b.jpg/big.webp", &info, content, 64);
    assert_string_equal(content, "big of pixels");
    assert_text(info.content_type, "image/webp");
    workbench_stop(&w);
}

static void test_job__hands_limits_and_renditions_to_the_worker(void **state)
{
    struct workbench w;
    workbench_start(&w, *state,
                    &(struct catalog_parts){.more = "limits: {pixels: 1234, edge: 55, frames: 6, "
                                                    "scans: 7, output: 1MiB}\n"});
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    assert_int_equal(w.pool.last.id, 7);
    assert_int_equal(w.pool.last.input_bytes, strlen("pixels"));
    assert_int_equal(w.pool.last.limits.max_pixels, 1234);
    assert_int_equal(w.pool.last.limits.max_edge, 55);
    assert_int_equal(w.pool.last.limits.max_frames, 6);
    assert_int_equal(w.pool.last.limits.max_scans, 7);
    assert_int_equal(w.pool.last.limits.max_output_bytes, 1 << 20);
    assert_int_equal(w.pool.last.rendition_count, 1);
    assert_string_equal(w.pool.last.renditions[0].name, "small");
    workbench_stop(&w);
}

static void test_job__reports_what_it_made(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    assert_text(w.outcome.result,
                "{\"results\":[{\"bucket\":\"photos\",\"key\":\"a.jpg\",\"status\":\"done\","
                "\"detail\":\"1 renditions of 40x30 jpeg\",\"format\":\"jpeg\",\"width\":40,"
                "\"height\":30,\"bytes\":6,\"decode_us\":2000,\"encode_us\":3000,\"renditions\":"
                "[{\"name\":\"small\",\"bucket\":\"thumbnails\",\"key\":\"photos/a.jpg/small.jpg\","
                "\"format\":\"jpeg\",\"content_type\":\"image/jpeg\",\"width\":4,\"height\":3,"
                "\"bytes\":15}]}]}");
    workbench_stop(&w);
}

static void test_job__leaves_a_replaced_object_to_the_newer_event(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    struct text before = workbench_put(&w, "photos", "a.jpg", "old");
    struct text now = workbench_put(&w, "photos", "a.jpg", "new");
    created(&w, "a.jpg", before);
    skipped(&w, "replaced");
    assert_int_equal(w.pool.calls, 0);
    created(&w, "a.jpg", now);
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_string_equal(w.pool.input, "new");
    workbench_stop(&w);
}

static void test_job__has_nothing_to_do_for_an_object_that_is_gone(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    created(&w, "never.jpg", TEXT("e1"));
    skipped(&w, "gone");
    assert_int_equal(w.outcome.run_ms, -1);
    workbench_stop(&w);
}

static void early_post(struct workbench *w, int attempts)
{
    workbench_run(w, &(struct told){.event = "ObjectCreated:Post",
                                    .key = "never.jpg",
                                    .etag = TEXT(""),
                                    .attempts = attempts});
}

static void test_job__waits_for_an_object_that_is_announced_early(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){.function = ", max_attempts: 5"});
    early_post(&w, 0);
    failed(&w, ERROR_NOT_FOUND, true);
    early_post(&w, 1);
    failed(&w, ERROR_NOT_FOUND, true);
    early_post(&w, 2);
    skipped(&w, "gone");
    workbench_stop(&w);
}

static void test_job__does_not_bury_an_early_announcement(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){.function = ", max_attempts: 2"});
    early_post(&w, 0);
    failed(&w, ERROR_NOT_FOUND, true);
    early_post(&w, 1); /* the last one */
    skipped(&w, "gone");
    workbench_stop(&w);
}

static void test_job__refuses_objects_over_the_limit(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){.more = "limits: {object: 1KiB}\n"});
    workbench_run(
        &w, &(struct told){
                .event = "ObjectCreated:Put", .key = "never.jpg", .etag = TEXT(""), .size = 1025});
    failed(&w, ERROR_LIMIT, false);
    assert_contains(w.outcome.error.message, "limits.object");
    char large[1026];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    created(&w, "b.jpg", workbench_put(&w, "photos", "b.jpg", large));
    failed(&w, ERROR_LIMIT, false);
    large[1024] = '\0';
    created(&w, "b.jpg", workbench_put(&w, "photos", "b.jpg", large));
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    workbench_stop(&w);
}

#define ROLE(action, resource)                                                                     \
    "roles: {r: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: '" action     \
    "', Resource: '" resource "'}]}}}\n"

static void test_job__asks_the_role_before_it_reads_and_writes(void **state)
{
    struct workbench w;
    AUTO_FREE char *one = test_path(*state, "1");
    AUTO_FREE char *two = test_path(*state, "2");
    workbench_start(&w, one,
                    &(struct catalog_parts){.function = ", role: r",
                                            .more = ROLE("s3:PutObject", "arn:aws:s3:::*")});
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    failed(&w, ERROR_DENIED, false);
    assert_contains(w.outcome.error.message, "s3:GetObject");
    workbench_stop(&w);

    workbench_start(&w, two,
                    &(struct catalog_parts){.function = ", role: r",
                                            .more = ROLE("s3:GetObject", "arn:aws:s3:::*")});
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    failed(&w, ERROR_DENIED, false);
    assert_contains(w.outcome.error.message, "s3:PutObject");
    assert_false(workbench_has(&w, "thumbnails", SMALL));
    workbench_stop(&w);
}

static void test_job__leaves_marked_objects_alone(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    created(&w, "a.jpg", workbench_put_marked(&w, "a.jpg", "pixels"));
    skipped(&w, "written by onput");
    assert_int_equal(w.pool.calls, 0);
    workbench_stop(&w);
}

static void test_job__passes_on_what_the_worker_says(void **state)
{
    static const struct {
        enum error_code code;
        bool retryable;
    } failures[] = {{ERROR_UNSUPPORTED, false}, {ERROR_LIMIT, false},   {ERROR_INVALID, false},
                    {ERROR_TIMEOUT, true},      {ERROR_PROTOCOL, true}, {ERROR_UNAVAILABLE, true},
                    {ERROR_INTERNAL, true}};
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    struct text etag = workbench_put(&w, "photos", "a.jpg", "pixels");
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        error_set(&w.pool.failure, failures[i].code, "the worker says so");
        w.pool.failure.retryable = failures[i].retryable;
        created(&w, "a.jpg", etag);
        failed(&w, failures[i].code, failures[i].retryable);
        assert_string_equal(w.outcome.error.message, "the worker says so");
    }
    assert_false(workbench_has(&w, "thumbnails", SMALL));
    workbench_stop(&w);
}

static void test_job__ends_with_its_deadline(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    workbench_run(&w, &(struct told){.event = "ObjectCreated:Put",
                                     .key = "a.jpg",
                                     .etag = workbench_put(&w, "photos", "a.jpg", "pixels"),
                                     .timeout_ms = -1});
    failed(&w, ERROR_TIMEOUT, true);
    assert_int_equal(w.pool.calls, 0);
    workbench_stop(&w);
}

/* The output goes to a second store that answers from a script. */
static void start_with_output(struct workbench *w, const char *dir, const char *url)
{
    AUTO_FREE char *stores = xasprintf("  out: {endpoint: '%s', access_key: k, secret_key: "
                                       "secret, webhook_auth: none}\n",
                                       url);
    workbench_start(w, dir,
                    &(struct catalog_parts){
                        .stores = stores,
                        .output = "{bucket: thumbnails, store: out, cache_control: 'max-age=60'}"});
}

static void test_job__tries_again_when_it_cannot_store(void **state)
{
    static const struct scripted_reply broken = {.status = 503, .body = TEXT_INIT("")};
    struct scripted_server *server = scripted_server_start(&broken, 1);
    struct workbench w;
    start_with_output(&w, *state, scripted_server_url(server));
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    assert_int_equal(w.outcome.status, OUTCOME_FAILED);
    assert_true(w.outcome.error.retryable);
    assert_contains(w.outcome.error.message, "rendition small");
    assert_int_equal(w.outcome.store_ms, -1);
    workbench_stop(&w);
    scripted_server_stop(server);
}

static void test_job__sends_headers_with_its_output(void **state)
{
    static const struct scripted_reply fine = {.status = 200, .headers = "ETag: \"e\"\r\n"};
    struct scripted_server *server = scripted_server_start(&fine, 1);
    struct workbench w;
    start_with_output(&w, *state, scripted_server_url(server));
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_int_equal(scripted_server_request_count(server), 1);
    struct scripted_request put = scripted_server_request(server, 0);
    assert_text(put.method, "PUT");
    assert_text(put.target, "/thumbnails/photos/a.jpg/small.jpg");
    assert_text(put.body, "small of pixels");
    assert_text(scripted_request_header(put, "Content-Type"), "image/jpeg");
    assert_text(scripted_request_header(put, "Cache-Control"), "max-age=60");
    assert_text(scripted_request_header(put, "x-amz-meta-onput-function"), "thumbs");
    workbench_stop(&w);
    scripted_server_stop(server);
}

static void test_job__leaves_the_source_out_of_metadata_when_its_name_is_huge(void **state)
{
    static const struct scripted_reply fine = {.status = 200, .headers = "ETag: \"e\"\r\n"};
    struct scripted_server *server = scripted_server_start(&fine, 1);
    struct workbench w;
    start_with_output(&w, *state, scripted_server_url(server));
    AUTO_BUFFER struct buffer key;
    buffer_init(&key, 1024);
    for (int i = 0; i < 450; i++)
        buffer_append_string(&key, "\xc3\xa4");
    created(&w, key.data, workbench_put(&w, "photos", key.data, "pixels"));
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    struct scripted_request put = scripted_server_request(server, 0);
    assert_int_equal(scripted_request_header(put, "x-amz-meta-onput-source").len, 0);
    assert_text(scripted_request_header(put, "x-amz-meta-onput-rendition"), "small");
    workbench_stop(&w);
    scripted_server_stop(server);
}

static const struct catalog_parts same_format = {.renditions =
                                                     "[{name: small, width: 100, format: source}]"};

static void test_job__removes_the_rendition_of_the_format_before(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &same_format);
    created(&w, "a", workbench_put(&w, "photos", "a", "one"));
    assert_true(workbench_has(&w, "thumbnails", "photos/a/small.jpg"));
    w.pool.source = IMAGE_FORMAT_PNG;
    created(&w, "a", workbench_put(&w, "photos", "a", "two"));
    assert_true(workbench_has(&w, "thumbnails", "photos/a/small.png"));
    assert_false(workbench_has(&w, "thumbnails", "photos/a/small.jpg"));
    workbench_stop(&w);
}

static void test_job__keeps_its_output_when_the_key_has_no_extension(void **state)
{
    struct workbench w;
    struct catalog_parts parts = same_format;
    parts.output = "{bucket: thumbnails, key: '{key}/{rendition}'}";
    workbench_start(&w, *state, &parts);
    created(&w, "a", workbench_put(&w, "photos", "a", "one"));
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    assert_true(workbench_has(&w, "thumbnails", "a/small"));
    workbench_stop(&w);
}

static void test_job__ends_when_it_is_canceled(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    struct text etag = workbench_put(&w, "photos", "a.jpg", "pixels");
    atomic_store(&w.canceled, true);
    created(&w, "a.jpg", etag);
    assert_int_equal(w.outcome.status, OUTCOME_FAILED);
    assert_int_equal(w.outcome.error.code, ERROR_CANCELED);
    workbench_stop(&w);
}

static void test_job__follows_the_catalog_to_another_store(void **state)
{
    static const struct scripted_reply gone = {.status = 404, .body = TEXT_INIT("")};
    struct scripted_server *server = scripted_server_start(&gone, 1);
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    created(&w, "a.jpg", workbench_put(&w, "photos", "a.jpg", "pixels"));
    assert_int_equal(w.outcome.status, OUTCOME_DONE);
    storage_session_free(w.session); /* the lane alone holds on to the first catalog */
    w.session = NULL;
    catalog_unref(w.catalog);
    w.catalog = catalog_of(&(struct catalog_parts){
        .endpoint = scripted_server_url(server),
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]"});
    created(&w, "a.jpg", TEXT("e1"));
    skipped(&w, "gone");
    assert_int_equal(scripted_server_request_count(server), 1);
    workbench_stop(&w);
    scripted_server_stop(server);
}

static void test_job__fails_for_good_on_what_it_cannot_read(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    workbench_run_payload(&w, "{\"Records\":[");
    failed(&w, ERROR_INVALID, false);
    assert_int_equal(w.outcome.fetch_ms, -1);
    assert_contains(w.outcome.result.ptr, "\"errorType\":\"InvalidInput\"}");
    workbench_run_payload(&w, "{\"Records\":[]}");
    skipped(&w, "no record");
    assert_text(w.outcome.result, "{\"results\":[]}");
    workbench_stop(&w);
}

static void test_job__does_nothing_for_other_kinds_of_events(void **state)
{
    struct workbench w;
    workbench_start(&w, *state, &(struct catalog_parts){0});
    workbench_run(
        &w, &(struct told){.event = "ObjectAccessed:Get", .key = "a.jpg", .etag = TEXT("e1")});
    skipped(&w, "of this kind");
    workbench_stop(&w);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_job__writes_the_renditions),
        WITH_DIR(test_job__hands_limits_and_renditions_to_the_worker),
        WITH_DIR(test_job__reports_what_it_made),
        WITH_DIR(test_job__leaves_a_replaced_object_to_the_newer_event),
        WITH_DIR(test_job__has_nothing_to_do_for_an_object_that_is_gone),
        WITH_DIR(test_job__waits_for_an_object_that_is_announced_early),
        WITH_DIR(test_job__does_not_bury_an_early_announcement),
        WITH_DIR(test_job__refuses_objects_over_the_limit),
        WITH_DIR(test_job__asks_the_role_before_it_reads_and_writes),
        WITH_DIR(test_job__leaves_marked_objects_alone),
        WITH_DIR(test_job__passes_on_what_the_worker_says),
        WITH_DIR(test_job__ends_with_its_deadline),
        WITH_DIR(test_job__tries_again_when_it_cannot_store),
        WITH_DIR(test_job__sends_headers_with_its_output),
        WITH_DIR(test_job__leaves_the_source_out_of_metadata_when_its_name_is_huge),
        WITH_DIR(test_job__removes_the_rendition_of_the_format_before),
        WITH_DIR(test_job__keeps_its_output_when_the_key_has_no_extension),
        WITH_DIR(test_job__ends_when_it_is_canceled),
        WITH_DIR(test_job__follows_the_catalog_to_another_store),
        WITH_DIR(test_job__fails_for_good_on_what_it_cannot_read),
        WITH_DIR(test_job__does_nothing_for_other_kinds_of_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
