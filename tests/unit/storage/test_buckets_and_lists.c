/*
 * Calls on buckets: create, list, notifications.
 */
#include "store.h"

#define LIST(inside)                                                                               \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                                                   \
    "<ListBucketResult "                                                                           \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>photos</Name>" inside                 \
    "</ListBucketResult>"
#define LISTED(key)                                                                                \
    "<Contents><Key>" key "</Key><LastModified>2026-11-21T18:00:00.000Z</LastModified>"            \
    "<ETag>&quot;e&quot;</ETag><Size>12</Size></Contents>"

static int list(struct store_fixture *f, const char *token, struct storage_list_page *page)
{
    f->err = (struct error){0};
    return storage_list(f->session, f->credentials, TEXT("photos"), TEXT("in put/"), text_of(token),
                        2, &f->arena, page, &f->err);
}

static void test_storage_list__decodes_keys_and_follows_the_token(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(LIST(
                  "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                  "<NextContinuationToken>t/+=1</NextContinuationToken>" LISTED("a+b%2Bc%C3%BC.jpg")
                      LISTED("%00%3C%26")))},
        {200,
         .body = TEXT_INIT(LIST("<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
                                "<NextContinuationToken>old</NextContinuationToken>"))}};
    struct store_fixture f;
    struct storage_list_page page;
    (void)state;
    store_start(&f, replies, 2);
    assert_ok(list(&f, "", &page), &f.err);
    assert_text(scripted_server_request(f.server, 0).target,
                "/photos?list-type=2&encoding-type=url&max-keys=2&prefix=in%20put%2F");
    assert_int_equal(page.count, 2);
    assert_text(page.objects[0].key, "a b+c\xc3\xbc.jpg");
    assert_text_equal(page.objects[1].key, TEXT("\0<&"));
    assert_text(page.objects[0].etag, "e");
    assert_int_equal(page.objects[0].size, 12);
    assert_int_equal(page.objects[0].last_modified_ms, STORE_NOW_MS - 3600 * 1000);
    assert_text(page.next_token, "t/+=1");
    assert_ok(list(&f, "t/+=1", &page), &f.err);
    AUTO_FREE char *target =
        xasprintf("%.*s", TEXT_ARGS(scripted_server_request(f.server, 1).target));
    assert_contains(target, "&continuation-token=t%2F%2B%3D1");
    assert_int_equal(page.count, 0);
    assert_text(page.next_token, "");
    store_stop(&f);
}

static void test_storage_list__leaves_keys_alone_that_were_not_encoded(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT(LIST(LISTED("a+b%20c &amp; d ")))}};
    struct store_fixture f;
    struct storage_list_page page;
    (void)state;
    store_start(&f, replies, 1);
    assert_ok(list(&f, "", &page), &f.err);
    assert_text(page.objects[0].key, "a+b%20c & d ");
    store_stop(&f);
}

static void test_storage_list__refuses_answers_that_are_no_list(void **state)
{
    static const struct scripted_reply replies[] = {
        {200, .body = TEXT_INIT("<html><body>Log in</body></html>")},
        {200, .body = TEXT_INIT("")},
        {200, .body = TEXT_INIT("<!DOCTYPE ListBucketResult><ListBucketResult/>")},
        {200, .body = TEXT_INIT(LIST("<Contents><Size>1</Size></Contents>"))},
        {200, .body = TEXT_INIT(LIST("<Contents><Key>k</Key><Size>-1</Size></Contents>"))},
        {200, .body = TEXT_INIT(LIST("<Contents><Key>k</Key></Contents>"))},
        {200, .body = TEXT_INIT(LIST("<IsTruncated>true</IsTruncated>"))},
        {200, .body = TEXT_INIT(LIST("<EncodingType>url</EncodingType>" LISTED("%zz")))},
    };
    struct store_fixture f;
    struct storage_list_page page;
    (void)state;
    store_start(&f, replies, ARRAY_LEN(replies));
    for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
        assert_fails(list(&f, "", &page), &f.err, ERROR_PROTOCOL);
        assert_contains(f.err.message, "list of photos: ");
    }
    store_stop(&f);
}

static void test_storage_create_bucket__takes_ours_for_success(void **state)
{
    static const struct scripted_reply replies[] = {
        {200},
        {409, .body = TEXT_INIT(S3_ERROR("BucketAlreadyOwnedByYou"))},
        {409, .body = TEXT_INIT(S3_ERROR("BucketAlreadyExists"))}};
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 3);
    assert_ok(storage_create_bucket(f.session, f.credentials, TEXT("photos"), &f.err), &f.err);
    assert_ok(storage_create_bucket(f.session, f.credentials, TEXT("photos"), &f.err), &f.err);
    assert_fails(storage_create_bucket(f.session, f.credentials, TEXT("photos"), &f.err), &f.err,
                 ERROR_CONFLICT);
    struct scripted_request request = scripted_server_request(f.server, 0);
    assert_text(request.method, "PUT");
    assert_text(request.target, "/photos");
    assert_text(request.body, "");
    store_stop(&f);
}

static void test_storage_create_bucket__names_a_region_that_is_not_the_default(void **state)
{
    static const struct scripted_reply replies[] = {{200}};
    struct store_fixture f;
    struct storage *storage;
    struct storage_session *session;
    (void)state;
    store_start(&f, replies, 1);
    struct storage_options options = {.endpoint = scripted_server_url(f.server),
                                      .region = "eu-north-1"};
    assert_ok(storage_new(&options, &storage, &f.err), &f.err);
    assert_ok(storage_session_new(storage, NULL, &session, &f.err), &f.err);
    assert_ok(storage_create_bucket(session, f.credentials, TEXT("photos"), &f.err), &f.err);
    AUTO_FREE char *body = xasprintf("%.*s", TEXT_ARGS(scripted_server_request(f.server, 0).body));
    assert_contains(body, "<LocationConstraint>eu-north-1</LocationConstraint>");
    storage_session_free(session);
    storage_free(storage);
    store_stop(&f);
}

static const struct text both_events[] = {TEXT_INIT("s3:ObjectCreated:*"),
                                          TEXT_INIT("s3:ObjectRemoved:*")};

static void test_storage_put_notifications__writes_what_s3_reads(void **state)
{
    static const struct scripted_reply replies[] = {{200}};
    const struct storage_notification rows[] = {
        {.id = TEXT("one"),
         .target_arn = TEXT("arn:minio:sqs::ONPUT:webhook"),
         .target = STORAGE_TARGET_QUEUE,
         .events = both_events,
         .event_count = 2,
         .prefix = TEXT("a&b/"),
         .suffix = TEXT(".jpg")},
        {.id = TEXT(""),
         .target_arn = TEXT("arn:aws:sns:::t"),
         .target = STORAGE_TARGET_TOPIC,
         .events = both_events,
         .event_count = 1,
         .prefix = TEXT(""),
         .suffix = TEXT("")},
    };
    struct store_fixture f;
    (void)state;
    store_start(&f, replies, 1);
    assert_ok(storage_put_notifications(f.session, f.credentials, TEXT("photos"), rows, 2, &f.err),
              &f.err);
    struct scripted_request request = scripted_server_request(f.server, 0);
    assert_text(request.target, "/photos?notification=");
    assert_text(
        request.body,
        "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<QueueConfiguration><Id>one</Id><Queue>arn:minio:sqs::ONPUT:webhook</Queue>"
        "<Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event><Filter><S3Key>"
        "<FilterRule><Name>prefix</Name><Value>a&amp;b/</Value></FilterRule>"
        "<FilterRule><Name>suffix</Name><Value>.jpg</Value></FilterRule></S3Key></Filter>"
        "</QueueConfiguration><TopicConfiguration><Topic>arn:aws:sns:::t</Topic>"
        "<Event>s3:ObjectCreated:*</Event></TopicConfiguration></NotificationConfiguration>");
    store_stop(&f);
}

static void test_storage_get_notifications__reads_all_kinds_of_targets(void **state)
{
    static const struct scripted_reply replies[] = {
        {200,
         .body = TEXT_INIT(
             "<NotificationConfiguration><TopicConfiguration><Id>t</Id><Topic>arn:t</Topic>"
             "<Event>s3:ObjectCreated:*</Event><Filter><S3Metadata/><S3Key><FilterRule><Name>Suffix"
             "</Name><Value>.jpg</Value></FilterRule><FilterRule><Name>prefix</Name><Value>in "
             "</Value>"
             "</FilterRule></S3Key></Filter></TopicConfiguration><Other/"
             "><CloudFunctionConfiguration>"
             "<CloudFunction>arn:f</CloudFunction></CloudFunctionConfiguration>"
             "</NotificationConfiguration>")},
        {200, .body = TEXT_INIT("<NotificationConfiguration/>")},
        {200, .body = TEXT_INIT("<ListBucketResult/>")}};
    struct store_fixture f;
    struct storage_notification *rows;
    size_t count = 99;
    (void)state;
    store_start(&f, replies, 3);
    assert_ok(storage_get_notifications(f.session, f.credentials, TEXT("photos"), &f.arena, &rows,
                                        &count, &f.err),
              &f.err);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].target, STORAGE_TARGET_TOPIC);
    assert_text(rows[0].id, "t");
    assert_text(rows[0].target_arn, "arn:t");
    assert_int_equal(rows[0].event_count, 1);
    assert_text(rows[0].events[0], "s3:ObjectCreated:*");
    assert_text(rows[0].prefix, "in ");
    assert_text(rows[0].suffix, ".jpg");
    assert_int_equal(rows[1].target, STORAGE_TARGET_FUNCTION);
    assert_text(rows[1].target_arn, "arn:f");
    assert_int_equal(rows[1].event_count, 0);
    assert_ok(storage_get_notifications(f.session, f.credentials, TEXT("photos"), &f.arena, &rows,
                                        &count, &f.err),
              &f.err);
    assert_int_equal(count, 0);
    assert_fails(storage_get_notifications(f.session, f.credentials, TEXT("photos"), &f.arena,
                                           &rows, &count, &f.err),
                 &f.err, ERROR_PROTOCOL);
    store_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_list__decodes_keys_and_follows_the_token),
        cmocka_unit_test(test_storage_list__leaves_keys_alone_that_were_not_encoded),
        cmocka_unit_test(test_storage_list__refuses_answers_that_are_no_list),
        cmocka_unit_test(test_storage_create_bucket__takes_ours_for_success),
        cmocka_unit_test(test_storage_create_bucket__names_a_region_that_is_not_the_default),
        cmocka_unit_test(test_storage_put_notifications__writes_what_s3_reads),
        cmocka_unit_test(test_storage_get_notifications__reads_all_kinds_of_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
