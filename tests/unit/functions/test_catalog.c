/*
 * What a catalog resolves, and what it refuses.
 */
#include "catalog_fixture.h"

static void refused(const struct catalog_parts *parts, enum error_code code, const char *words)
{
    struct error err = catalog_refused(parts);
    assert_int_equal(err.code, code);
    assert_contains(err.message, words);
}

static void test_catalog__finds_stores_and_functions_by_name(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){
        .store = ", webhook_auth: none, region: eu-central-1, account: '111122223333'"});
    const struct store *stores;
    const struct function *functions;
    assert_int_equal(catalog_stores(c, &stores), 1);
    assert_int_equal(catalog_functions(c, &functions), 1);
    assert_ptr_equal(catalog_minio(c), &stores[0]);
    assert_ptr_equal(catalog_thumbs(c), &functions[0]);
    assert_text(functions[0].arn, "arn:aws:lambda:eu-central-1:111122223333:function:thumbs");
    assert_null(catalog_store(c, TEXT("mini")));
    assert_null(catalog_function(c, TEXT("")));
    catalog_unref(c);
}

static void test_catalog__refuses_a_notification_to_an_unknown_function(void **state)
{
    (void)state;
    refused(&(struct catalog_parts){.store = ", webhook_auth: none, notifications: "
                                             "[{bucket: photos, function: thumb}]"},
            ERROR_INVALID, "thumb");
}

static void test_catalog__refuses_an_unknown_role(void **state)
{
    (void)state;
    refused(&(struct catalog_parts){.function = ", role: nobody"}, ERROR_INVALID, "nobody");
}

static void test_catalog__refuses_a_permission_whose_principal_is_none(void **state)
{
    (void)state;
    refused(&(struct catalog_parts){.function = ", permissions: [{principal: nobody.example}]"},
            ERROR_INVALID, "functions.thumbs: permissions[0]");
}

static void test_catalog__refuses_a_permission_whose_source_arn_is_none(void **state)
{
    (void)state;
    refused(
        &(struct catalog_parts){
            .function = ", permissions: [{principal: s3.amazonaws.com, source_arn: photos}]"},
        ERROR_INVALID, "ARN");
}

static void test_catalog__refuses_a_statement_with_an_unknown_operator(void **state)
{
    (void)state;
    refused(
        &(struct catalog_parts){
            .function = ", permissions: [{statement: {Sid: typo, Effect: Allow, Principal: "
                        "'*', Action: 'lambda:*', Resource: '*', Condition: {ArnLikes: "
                        "{'aws:SourceArn': 'arn:aws:s3:::photos'}}}}]"},
        ERROR_INVALID, "typo");
}

static void test_catalog__refuses_permissions_beyond_lambdas_limit(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer list;
    buffer_init(&list, 1 << 20);
    buffer_append_string(&list, ", permissions: [");
    for (int i = 0; i < 150; i++)
        buffer_appendf(&list,
                       "{principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::bucket-%d'},", i);
    buffer_append_string(&list, "]");
    refused(&(struct catalog_parts){.function = list.data}, ERROR_LIMIT, "20480");
}

static void test_catalog__refuses_a_configuration_without_a_store(void **state)
{
    (void)state;
    struct config_source source = {0};
    struct config *config = NULL;
    struct catalog *c = NULL;
    struct error err = {0};
    int result = config_load_text(TEXT("log: {level: info}\n"), "t", &source, &config, &err);
    if (result == 0)
        result = catalog_new(config, clock_system(), NULL, &c, &err);
    assert_int_equal(result, -1);
    assert_contains(err.message, "store");
}

static void test_catalog__refuses_a_role_policy_too_long_for_sts(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer role;
    buffer_init(&role, 1 << 16);
    buffer_append_string(&role, "roles: {reader: {policy: {Version: '2012-10-17', Statement: "
                                "[{Effect: Allow, Action: 's3:GetObject', Resource: [");
    for (int i = 0; i < 60; i++)
        buffer_appendf(&role, "'arn:aws:s3:::a-bucket-with-a-long-name-%d/*',", i);
    buffer_append_string(&role, "]}]}}}\n");
    struct catalog_parts parts = {.store = ", webhook_auth: none, sts: true",
                                  .function = ", role: reader",
                                  .more = role.data};
    refused(&parts, ERROR_LIMIT, "2048");
    parts.store = ", webhook_auth: none, sts: false";
    catalog_unref(catalog_of(&parts));
}

static void test_catalog__refuses_renditions_that_overwrite_each_other(void **state)
{
    (void)state;
    refused(&(struct catalog_parts){.renditions =
                                        "[{name: small, width: 100}, {name: large, width: 900}]",
                                    .output = "{bucket: thumbnails, key: '{bucket}/{key}.{ext}'}"},
            ERROR_INVALID, "{rendition}");
}

static void test_catalog__lives_as_long_as_its_last_reference(void **state)
{
    (void)state;
    struct catalog *c = catalog_of(&(struct catalog_parts){0});
    struct catalog *again = catalog_ref(c);
    catalog_unref(c);
    assert_text(catalog_thumbs(again)->name, "thumbs");
    catalog_unref(again);
    catalog_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog__finds_stores_and_functions_by_name),
        cmocka_unit_test(test_catalog__refuses_a_notification_to_an_unknown_function),
        cmocka_unit_test(test_catalog__refuses_an_unknown_role),
        cmocka_unit_test(test_catalog__refuses_a_permission_whose_principal_is_none),
        cmocka_unit_test(test_catalog__refuses_a_permission_whose_source_arn_is_none),
        cmocka_unit_test(test_catalog__refuses_a_statement_with_an_unknown_operator),
        cmocka_unit_test(test_catalog__refuses_permissions_beyond_lambdas_limit),
        cmocka_unit_test(test_catalog__refuses_a_configuration_without_a_store),
        cmocka_unit_test(test_catalog__refuses_a_role_policy_too_long_for_sts),
        cmocka_unit_test(test_catalog__refuses_renditions_that_overwrite_each_other),
        cmocka_unit_test(test_catalog__lives_as_long_as_its_last_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
