/*
 * What a function's role may do, and whose credentials its calls run with.
 */
#include "catalog_fixture.h"

static bool may(const struct catalog *c, const char *action, const char *bucket, const char *key)
{
    struct error err = {0};
    if (catalog_role_may(catalog_thumbs(c), action, text_of(bucket), text_of(key), &err) == 0)
        return true;
    assert_int_equal(err.code, ERROR_DENIED);
    assert_false(err.retryable);
    assert_contains(err.message, action);
    assert_contains(err.message, bucket);
    return false;
}

static void test_implied_role__reads_the_notified_buckets_only(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}, "
                 "{bucket: 'in-*', function: thumbs}, {bucket: secret, function: other}]",
        .functions = "  other: {builtin: thumbnail, renditions: [{name: s, width: 9}], output: "
                     "{bucket: o}}\n"});
    assert_true(may(c, "s3:GetObject", "photos", "a b+c/ä.jpg"));
    assert_true(may(c, "s3:GetObject", "in-7", "x"));
    assert_false(may(c, "s3:GetObject", "secret", "x"));
    assert_false(may(c, "s3:GetObject", "photos2", "x"));
    assert_false(may(c, "s3:GetObject", "thumbnails", "x"));
    assert_false(may(c, "s3:PutObject", "photos", "x"));
    assert_false(may(c, "s3:DeleteObject", "photos", "x"));
    catalog_unref(c);
}

static void test_implied_role__reads_the_buckets_of_its_permissions(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .function = ", permissions: [{principal: s3.amazonaws.com, source_arn: "
                    "'arn:aws:s3:::photos'}]"});
    assert_true(may(c, "s3:GetObject", "photos", "x"));
    assert_false(may(c, "s3:GetObject", "other", "x"));
    catalog_unref(c);
}

static void test_implied_role__reads_what_a_statement_allows(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .function = ", permissions: [{statement: {Effect: Allow, Principal: '*', Action: "
                    "'lambda:*', Resource: '*', Condition: {StringLike: {'AWS:SourceArn': "
                    "['arn:aws:s3:::a', 'arn:aws:s3:::b-*']}}}}]"});
    assert_true(may(c, "s3:GetObject", "a", "x"));
    assert_true(may(c, "s3:GetObject", "b-2", "x"));
    assert_false(may(c, "s3:GetObject", "c", "x"));
    catalog_unref(c);
}

static void test_implied_role__gets_nothing_from_a_deny(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .function = ", permissions: [{principal: s3.amazonaws.com, source_arn: "
                    "'arn:aws:s3:::photos'}, {statement: {Effect: Deny, Principal: '*', Action: "
                    "'*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'false'}}}}]"});
    assert_true(may(c, "s3:GetObject", "photos", "x"));
    assert_false(may(c, "s3:GetObject", "secret", "x"));
    catalog_unref(c);
}

static void test_implied_role__lists_what_it_reads(void **state)
{
    (void)state;
    /* S3 answers 403 instead of 404 for a missing object to whoever may not list the bucket. */
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]"});
    const char *policy = catalog_thumbs(c)->role_policy_json.ptr;
    assert_contains(policy, "\"s3:ListBucket\"");
    assert_contains(policy, "\"arn:aws:s3:::photos\"");
    catalog_unref(c);
}

static void test_implied_role__writes_its_output_only(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]"});
    assert_true(may(c, "s3:PutObject", "thumbnails", "photos/a/small.jpg"));
    assert_true(may(c, "s3:DeleteObject", "thumbnails", "photos/a/small.jpg"));
    assert_false(may(c, "s3:PutObject", "thumbnails2", "x"));
    assert_false(may(c, "s3:PutObjectAcl", "thumbnails", "x"));
    catalog_unref(c);
}

static void test_implied_role__may_nothing_when_nothing_can_trigger_it(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){0});
    assert_false(may(c, "s3:GetObject", "photos", "x"));
    assert_false(may(c, "s3:PutObject", "thumbnails", "x"));
    catalog_unref(c);
}

static void test_explicit_role__replaces_the_implied_one(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, notifications: [{bucket: photos, function: thumbs}]",
        .function = ", role: reader",
        .more = "roles: {reader: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, "
                "Action: 's3:Get*', Resource: 'arn:aws:s3:::photos/public/*'}, {Effect: Deny, "
                "Action: '*', Resource: 'arn:aws:s3:::photos/public/not/*'}]}}}\n"});
    assert_true(may(c, "s3:GetObject", "photos", "public/x"));
    assert_false(may(c, "s3:GetObject", "photos", "private/x"));
    assert_false(may(c, "s3:GetObject", "photos", "public/not/x"));
    assert_false(may(c, "s3:PutObject", "thumbnails", "x"));
    catalog_unref(c);
}

static void test_role_may__reads_the_key_as_it_is(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .function = ", role: reader",
        .more = "roles: {reader: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, "
                "Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/a/b'}]}}}\n"});
    assert_true(may(c, "s3:GetObject", "photos", "a/b"));
    assert_false(may(c, "s3:GetObject", "photos", "a/*"));
    assert_false(may(c, "s3:GetObject", "photos", "a/../a/b"));
    assert_false(may(c, "s3:GetObject", "photos/a", "/b"));
    catalog_unref(c);
}

static void assert_key(const struct catalog *c, const struct store *store, const char *access_key)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct sigv4_key key = {0};
    struct error err = {0};
    struct credentials *credentials = catalog_role_credentials(c, catalog_thumbs(c), store);
    assert_ok(credentials_get(credentials, NULL, &arena, &key, &err), &err);
    assert_text(key.access_key, access_key);
}

static void test_role_credentials__are_the_roles_own_else_the_stores(void **state)
{
    (void)state;
    const char *policy = "policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: "
                         "'s3:*', Resource: '*'}]}";
    AUTO_FREE char *with_keys = xasprintf(
        "roles: {r: {%s, access_key: key-of-role, secret_key: secret-of-role}}\n", policy);
    AUTO_FREE char *without = xasprintf("roles: {r: {%s}}\n", policy);
    struct catalog_parts parts = {.function = ", role: r", .more = with_keys};
    struct catalog *c = catalog_of(&parts);
    assert_key(c, catalog_minio(c), "key-of-role");
    catalog_unref(c);
    parts.more = without;
    c = catalog_of(&parts);
    assert_key(c, catalog_minio(c), "key");
    catalog_unref(c);
}

static void test_role_credentials__belong_to_one_store_each(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .stores = "  ceph: {endpoint: 'http://127.0.0.1:10', access_key: key-of-ceph, secret_key: "
                  "secret-of-ceph, webhook_auth: none}\n"});
    assert_key(c, catalog_minio(c), "key");
    assert_key(c, catalog_store(c, TEXT("ceph")), "key-of-ceph");
    catalog_unref(c);
}

static void test_role_credentials__are_temporary_where_the_store_offers_sts(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, sts: true, notifications: [{bucket: photos, function: "
                 "thumbs}]"});
    assert_ptr_not_equal(catalog_role_credentials(c, catalog_thumbs(c), catalog_minio(c)),
                         catalog_minio(c)->credentials);
    catalog_unref(c);
}

static void test_lent_credentials__are_never_the_stores_own(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){0});
    assert_null(catalog_lent_credentials(c, catalog_thumbs(c), catalog_minio(c)));
    catalog_unref(c);
    c = catalog_of(&(struct catalog_parts){
        .function = ", role: r",
        .more = "roles: {r: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: "
                "'s3:*', Resource: '*'}]}, access_key: key-of-role, secret_key: s}}\n"});
    struct credentials *lent = catalog_lent_credentials(c, catalog_thumbs(c), catalog_minio(c));
    assert_non_null(lent);
    assert_ptr_equal(lent, catalog_role_credentials(c, catalog_thumbs(c), catalog_minio(c)));
    assert_false(credentials_are_temporary(lent));
    catalog_unref(c);
    c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, sts: true, notifications: [{bucket: photos, function: "
                 "thumbs}]"});
    lent = catalog_lent_credentials(c, catalog_thumbs(c), catalog_minio(c));
    assert_non_null(lent);
    assert_true(credentials_are_temporary(lent));
    catalog_unref(c);
}

static void test_function_store__is_the_named_one_else_the_first(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .stores = "  ceph: {endpoint: 'http://127.0.0.1:10', access_key: k, secret_key: s, "
                  "webhook_auth: none}\n",
        .functions = "  here: {command: [/bin/true], directory: /}\n"
                     "  there: {command: [/bin/true], directory: /, store: ceph}\n"});
    assert_ptr_equal(catalog_function_store(c, catalog_function(c, TEXT("here"))),
                     catalog_minio(c));
    assert_ptr_equal(catalog_function_store(c, catalog_function(c, TEXT("there"))),
                     catalog_store(c, TEXT("ceph")));
    catalog_unref(c);
}

static char *revision_of(const char *settings)
{
    AUTO_FREE char *functions =
        xasprintf("  f: {command: [/bin/true], directory: /%s}\n", settings);
    struct catalog *c = catalog_of(&(struct catalog_parts){.functions = functions});
    char *revision = xmemdup_text(function_revision(catalog_function(c, TEXT("f"))));
    catalog_unref(c);
    assert_int_equal(strlen(revision), 64);
    return revision;
}

static void test_function_revision__changes_with_what_a_process_is_started_with(void **state)
{
    (void)state;
    static const char *const others[] = {", handler: a.b", ", memory: 256MiB",
                                         ", environment: {A: b}", ", environment: {Ab: ''}",
                                         ", store: minio"};
    AUTO_FREE char *before = revision_of("");
    AUTO_FREE char *same = revision_of(", timeout: 9s, permissions: [{principal: '*'}]");
    assert_string_equal(before, same);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        AUTO_FREE char *after = revision_of(others[i]);
        assert_string_not_equal(before, after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_implied_role__reads_the_notified_buckets_only),
        cmocka_unit_test(test_implied_role__reads_the_buckets_of_its_permissions),
        cmocka_unit_test(test_implied_role__reads_what_a_statement_allows),
        cmocka_unit_test(test_implied_role__gets_nothing_from_a_deny),
        cmocka_unit_test(test_implied_role__lists_what_it_reads),
        cmocka_unit_test(test_implied_role__writes_its_output_only),
        cmocka_unit_test(test_implied_role__may_nothing_when_nothing_can_trigger_it),
        cmocka_unit_test(test_explicit_role__replaces_the_implied_one),
        cmocka_unit_test(test_role_may__reads_the_key_as_it_is),
        cmocka_unit_test(test_role_credentials__are_the_roles_own_else_the_stores),
        cmocka_unit_test(test_role_credentials__belong_to_one_store_each),
        cmocka_unit_test(test_role_credentials__are_temporary_where_the_store_offers_sts),
        cmocka_unit_test(test_lent_credentials__are_never_the_stores_own),
        cmocka_unit_test(test_function_store__is_the_named_one_else_the_first),
        cmocka_unit_test(test_function_revision__changes_with_what_a_process_is_started_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
