/*
 * Which functions the notifications of a store choose.
 */
#include "catalog_fixture.h"

static struct event created(const char *bucket, const char *key)
{
    return (struct event){.kind = EVENT_KIND_CREATED,
                          .name = TEXT("ObjectCreated:Put"),
                          .bucket = text_of(bucket),
                          .key = text_of(key)};
}

static size_t route(const struct catalog *c, struct event event,
                    const struct function *out[CATALOG_MAX_TARGETS])
{
    return catalog_route(c, catalog_minio(c), &event, out);
}

static bool is_routed(const char *notification, struct event event)
{
    AUTO_FREE char *store =
        xasprintf(", webhook_auth: none, notifications: [{function: thumbs, %s}]", notification);
    struct catalog *c = catalog_of(&(struct catalog_parts){.store = store});
    const struct function *out[CATALOG_MAX_TARGETS];
    size_t count = route(c, event, out);
    assert_true(count == 0 || (count == 1 && out[0] == catalog_thumbs(c)));
    catalog_unref(c);
    return count == 1;
}

static void test_route__takes_a_bucket_by_its_whole_name(void **state)
{
    (void)state;
    assert_true(is_routed("bucket: photos", created("photos", "a.jpg")));
    assert_false(is_routed("bucket: photos", created("photos2", "a.jpg")));
    assert_false(is_routed("bucket: photos", created("Photos", "a.jpg")));
}

static void test_route__takes_buckets_by_pattern(void **state)
{
    (void)state;
    assert_true(is_routed("bucket: 'photos-*'", created("photos-", "a")));
    assert_true(is_routed("bucket: 'photos-*'", created("photos-2026", "a")));
    assert_false(is_routed("bucket: 'photos-*'", created("my-photos-2026", "a")));
    assert_true(is_routed("bucket: '*-in'", created("customer-7-in", "a")));
}

static void test_route__compares_prefix_and_suffix_with_the_decoded_key(void **state)
{
    (void)state;
    assert_true(is_routed("bucket: b, prefix: 'in box/ä+'", created("b", "in box/ä+%20.jpg")));
    assert_false(is_routed("bucket: b, prefix: 'in+box/'", created("b", "in box/a.jpg")));
    assert_true(is_routed("bucket: b, suffix: '%20.jpg'", created("b", "x%20.jpg")));
    assert_false(is_routed("bucket: b, suffix: .jpg", created("b", "x.JPG")));
    assert_true(is_routed("bucket: b, prefix: in/, suffix: .jpg", created("b", "in//.jpg")));
    assert_false(is_routed("bucket: b, prefix: in/", created("b", "in")));
}

static void test_route__takes_no_pattern_in_prefix_and_suffix(void **state)
{
    (void)state;
    assert_false(is_routed("bucket: b, prefix: 'in*'", created("b", "input")));
    assert_true(is_routed("bucket: b, prefix: 'in*'", created("b", "in*put")));
}

static void test_route__follows_the_event_patterns(void **state)
{
    (void)state;
    struct event removed = {.kind = EVENT_KIND_REMOVED,
                            .name = TEXT("ObjectRemoved:Delete"),
                            .bucket = TEXT("b"),
                            .key = TEXT("k")};
    assert_false(is_routed("bucket: b", removed));
    assert_true(is_routed("bucket: b, events: ['s3:ObjectRemoved:*']", removed));
    assert_true(is_routed("bucket: b, events: ['s3:ObjectCreated:Put', 's3:ObjectRemoved:Delete']",
                          removed));
    assert_false(is_routed("bucket: b, events: ['s3:ObjectCreated:Copy']", created("b", "k")));
}

static void test_route__names_each_function_once(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}, "
                 "{bucket: 'ph*', function: other}, {bucket: '*os', function: thumbs}]",
        .functions = "  other: {builtin: thumbnail, renditions: [{name: s, width: 9}], output: "
                     "{bucket: elsewhere}}\n"});
    const struct function *out[CATALOG_MAX_TARGETS];
    assert_int_equal(route(c, created("photos", "a"), out), 2);
    assert_text(out[0]->name, "thumbs");
    assert_text(out[1]->name, "other");
    catalog_unref(c);
}

static void test_route__stops_at_the_limit_of_targets(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer rows, functions;
    buffer_init(&rows, 1 << 16);
    buffer_init(&functions, 1 << 16);
    buffer_append_string(&rows, ", webhook_auth: none, notifications: [");
    for (int i = 0; i < CATALOG_MAX_TARGETS + 3; i++) {
        buffer_appendf(&rows, "{bucket: photos, function: f%d},", i);
        buffer_appendf(&functions,
                       "  f%d: {builtin: thumbnail, renditions: [{name: s, width: 9}], output: "
                       "{bucket: o}}\n",
                       i);
    }
    buffer_append_string(&rows, "]");
    struct catalog *c =
        catalog_of(&(struct catalog_parts){.store = rows.data, .functions = functions.data});
    const struct function *out[CATALOG_MAX_TARGETS];
    assert_int_equal(route(c, created("photos", "a"), out), CATALOG_MAX_TARGETS);
    assert_text(out[CATALOG_MAX_TARGETS - 1]->name, "f15");
    catalog_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route__takes_a_bucket_by_its_whole_name),
        cmocka_unit_test(test_route__takes_buckets_by_pattern),
        cmocka_unit_test(test_route__compares_prefix_and_suffix_with_the_decoded_key),
        cmocka_unit_test(test_route__takes_no_pattern_in_prefix_and_suffix),
        cmocka_unit_test(test_route__follows_the_event_patterns),
        cmocka_unit_test(test_route__names_each_function_once),
        cmocka_unit_test(test_route__stops_at_the_limit_of_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
