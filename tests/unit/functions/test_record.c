/*
 * What the rows of one function resolve to: versions, aliases with weights, policies, URLs, slots.
 */
#include "registry_fixture.h"

#include "onput/log.h"

static struct catalog *current(struct registry_fixture *f)
{
    return catalog_holder_get(registry_catalogs(f->registry));
}

static void assert_resolves(const struct function_record *r, const char *qualifier, uint64_t random,
                            const char *version)
{
    const struct function *f = record_resolve(r, text_of(qualifier), random);
    if (version == NULL) {
        assert_null(f);
        return;
    }
    assert_non_null(f);
    assert_text(f->version, version);
    assert_ptr_equal(f->record, r);
}

static void test_resolve__knows_versions(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "10", ECHO_ROW}, {ROW_FUNCTION, "2", ECHO_ROW},
         {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW});
    struct catalog *c = current(f);
    const struct function_record *r = catalog_record(c, TEXT("a"));
    assert_resolves(r, "", 0, "$LATEST");
    assert_resolves(r, "$LATEST", 0, "$LATEST");
    assert_resolves(r, "1", 0, "1");
    assert_resolves(r, "10", UINT64_MAX, "10");
    assert_resolves(r, "3", 0, NULL);
    assert_resolves(r, "01", 0, NULL);
    assert_resolves(r, "live", 0, NULL);
    const struct row *rows;
    assert_int_equal(record_rows(r, ROW_FUNCTION, &rows), 4);
    static const char *const order[] = {"$LATEST", "1", "2", "10"};
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        assert_text(rows[i].qualifier, order[i]);
    catalog_unref(c);
}

static void test_resolve__takes_references(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW},
         {ROW_ALIAS, "live", "{\"FunctionVersion\":\"1\"}"});
    struct catalog *c = current(f);
    assert_text(catalog_resolve(c, TEXT("a"), 0)->version, "$LATEST");
    assert_text(catalog_resolve(c, TEXT("a:1"), 0)->version, "1");
    assert_text(catalog_resolve(c, TEXT("a:live"), 0)->version, "1");
    assert_null(catalog_resolve(c, TEXT("a:dead"), 0));
    assert_null(catalog_resolve(c, TEXT("b"), 0));
    assert_null(catalog_resolve(c, TEXT("b:1"), 0));
    assert_null(catalog_resolve(c, TEXT(""), 0));
    catalog_unref(c);
}

#define WEIGHTED(weight)                                                                           \
    "{\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"2\":" weight    \
    "}}}"

static void test_alias__shares_calls_by_weight(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW},
         {ROW_FUNCTION, "2", ECHO_ROW}, {ROW_ALIAS, "quarter", WEIGHTED("0.25")},
         {ROW_ALIAS, "none", WEIGHTED("0")}, {ROW_ALIAS, "all", WEIGHTED("1.0")},
         {ROW_ALIAS, "plain", "{\"FunctionVersion\":\"2\",\"RoutingConfig\":{}}"});
    struct catalog *c = current(f);
    const struct function_record *r = catalog_record(c, TEXT("a"));
    assert_resolves(r, "quarter", 0, "2");
    assert_resolves(r, "quarter", UINT64_MAX / 4 - 4096, "2");
    assert_resolves(r, "quarter", UINT64_MAX / 4 + 4096, "1");
    assert_resolves(r, "quarter", UINT64_MAX, "1");
    assert_resolves(r, "none", 0, "1");
    assert_resolves(r, "all", UINT64_MAX, "2");
    assert_resolves(r, "plain", 0, "2");
    const struct row *rows;
    assert_int_equal(record_rows(r, ROW_ALIAS, &rows), 4);
    assert_text(rows[0].qualifier, "all");
    assert_text(rows[3].qualifier, "quarter");
    catalog_unref(c);
}

static void test_alias__is_refused_when_it_points_nowhere(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW});
    EDIT_FAILS(f, "a", ERROR_INVALID, "version 2", {ROW_ALIAS, "x", WEIGHTED("0.5")});
    EDIT_FAILS(f, "a", ERROR_INVALID, "FunctionVersion", {ROW_ALIAS, "x", "{}"});
    EDIT(f, "a", {ROW_FUNCTION, "2", ECHO_ROW});
    EDIT_FAILS(f, "a", ERROR_INVALID, "weight", {ROW_ALIAS, "x", WEIGHTED("1.5")});
    EDIT_FAILS(f, "a", ERROR_INVALID, "weight", {ROW_ALIAS, "x", WEIGHTED("-1")});
    EDIT_FAILS(f, "a", ERROR_INVALID, "weight", {ROW_ALIAS, "x", WEIGHTED("\"1\"")});
    EDIT_FAILS(f, "a", ERROR_INVALID, "at most one", {ROW_ALIAS, "x", WEIGHTED("0.1,\"1\":0.1")});
    EDIT_FAILS(f, "a", ERROR_INVALID, "no version", {ROW_FUNCTION, "live", ECHO_ROW});
    EDIT_FAILS(f, "a", ERROR_INVALID, "no version", {ROW_FUNCTION, "007", ECHO_ROW});
}

static void test_policy__belongs_to_a_qualifier(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW},
         {ROW_ALIAS, "live", "{\"FunctionVersion\":\"1\"}"},
         {ROW_POLICY, "live",
          "{\"RevisionId\":\"r\",\"Statement\":[" STATEMENT("a", "s", "b") "]}"});
    struct catalog *c = current(f);
    const struct function_record *r = catalog_record(c, TEXT("a"));
    assert_int_equal(policy_statement_count(record_policy(r, TEXT("live"))), 1);
    assert_null(record_policy(r, TEXT("")));
    assert_null(record_policy(r, TEXT("$LATEST")));
    assert_null(record_policy(r, TEXT("1")));
    assert_non_null(catalog_function(c, TEXT("a"))->policy);
    assert_text(catalog_function(c, TEXT("a"))->policy_json,
                "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":[]}");
    catalog_unref(c);
}

static void test_policy__of_the_function_lets_a_store_in(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW},
         {ROW_POLICY, "",
          "{\"RevisionId\":\"r\",\"Statement\":[" STATEMENT("a", "s",
                                                            "photos") "],\"_Declared\":[]}"});
    struct catalog *c = current(f);
    const struct function *a = catalog_function(c, TEXT("a"));
    assert_text(a->policy_json, "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":"
                                "[" STATEMENT("a", "s", "photos") "]}");
    assert_ptr_equal(record_policy(a->record, TEXT("$LATEST")), a->policy);
    assert_int_equal(catalog_may_invoke(catalog_minio(c), a, TEXT("photos")).effect, POLICY_ALLOW);
    assert_int_equal(catalog_may_invoke(catalog_minio(c), a, TEXT("other")).effect,
                     POLICY_IMPLICIT_DENY);
    catalog_unref(c);
    EDIT_FAILS(f, "a", ERROR_INVALID, "permissions", {ROW_POLICY, "", "{\"Statement\":[{}]}"});
    EDIT_FAILS(f, "a", ERROR_INVALID, "Statement", {ROW_POLICY, "", "{}"});
}

static void test_policy__gives_the_implied_role_what_can_trigger_it(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    const char *row = "{\"Runtime\":\"onput.builtin\",\"Handler\":\"thumbnail\",\"Role\":\"" ROLE
                      "\",\"Timeout\":3,\"Environment\":{\"Variables\":{\"OUTPUT_BUCKET\":\"out\","
                      "\"RENDITIONS\":\"[{\\\"name\\\":\\\"s\\\",\\\"width\\\":9}]\"}}}";
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", row},
         {ROW_POLICY, "", "{\"Statement\":[" STATEMENT("a", "s", "photos") "]}"});
    struct catalog *c = current(f);
    const struct function *a = catalog_function(c, TEXT("a"));
    assert_ok(catalog_role_may(a, "s3:GetObject", TEXT("photos"), TEXT("x"), &err), &err);
    assert_ok(catalog_role_may(a, "s3:PutObject", TEXT("out"), TEXT("x"), &err), &err);
    assert_fails(catalog_role_may(a, "s3:GetObject", TEXT("other"), TEXT("x"), &err), &err,
                 ERROR_DENIED);
    catalog_unref(c);
}

#define URL_STATEMENTS                                                                             \
    "{\"Sid\":\"u\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"                          \
    "\"lambda:InvokeFunctionUrl\",\"Resource\":\"*\"},{\"Sid\":\"v\",\"Effect\":\"Allow\","        \
    "\"Principal\":\"*\",\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"*\",\"Condition\":"   \
    "{\"Bool\":{\"lambda:InvokedViaFunctionUrl\":\"true\"}}},{\"Sid\":\"w\",\"Effect\":\"Allow\"," \
    "\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"lambda:*\","          \
    "\"Resource\":\"*\"}"

static void test_policy__of_callers_gives_the_implied_role_no_bucket(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW},
         {ROW_POLICY, "", "{\"Statement\":[" URL_STATEMENTS "]}"});
    struct catalog *c = current(f);
    assert_text(catalog_function(c, TEXT("a"))->role_policy_json,
                "{\"Version\":\"2012-10-17\",\"Statement\":[]}");
    catalog_unref(c);
}

static void test_url__leads_to_its_function(void **state)
{
    struct registry_fixture *f = *state;
    struct text qualifier = TEXT("?");
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW},
         {ROW_ALIAS, "live", "{\"FunctionVersion\":\"1\"}"}, {ROW_URL, "", "{\"UrlId\":\"u1\"}"},
         {ROW_URL, "live", "{\"UrlId\":\"u2\"}"});
    struct catalog *c = current(f);
    assert_text(record_name(catalog_url(c, TEXT("u1"), &qualifier)), "a");
    assert_text(qualifier, "");
    assert_text(record_name(catalog_url(c, TEXT("u2"), &qualifier)), "a");
    assert_text(qualifier, "live");
    assert_null(catalog_url(c, TEXT("u"), &qualifier));
    assert_null(catalog_url(c, TEXT(""), &qualifier));
    catalog_unref(c);
    EDIT_FAILS(f, "a", ERROR_INVALID, "UrlId", {ROW_URL, "", "{}"});
}

static void test_records__stand_in_the_order_of_their_names(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "zz", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    EDIT(f, "Z", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    struct catalog *c = current(f);
    const struct function_record *const *records;
    const struct function *functions;
    static const char *const order[] = {"Z", "a", "thumbs", "zz"};
    assert_int_equal(catalog_records(c, &records), 4);
    assert_int_equal(catalog_functions(c, &functions), 4);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_text(record_name(records[i]), order[i]);
        assert_text(functions[i].name, order[i]);
        assert_ptr_equal(catalog_record(c, text_of(order[i])), records[i]);
    }
    catalog_unref(c);
}

static void test_record__is_limited(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    AUTO_BUFFER struct buffer large;
    buffer_init(&large, 1 << 20);
    buffer_append_string(&large, "{\"a\":\"");
    for (int i = 0; i < 30000; i++)
        buffer_append_string(&large, "0123456789");
    buffer_append_string(&large, "\"}");
    EDIT_FAILS(f, "a", ERROR_LIMIT, "262144", {ROW_TAGS, "", large.data});
    AUTO_BUFFER struct buffer policy;
    buffer_init(&policy, 1 << 20);
    buffer_append_string(&policy, "{\"Statement\":[");
    for (int i = 0; i < 90; i++)
        buffer_appendf(&policy, "%s" STATEMENT("a", "s%d", "b"), i > 0 ? "," : "", i);
    buffer_append_string(&policy, "]}");
    EDIT_FAILS(f, "a", ERROR_LIMIT, "20480", {ROW_POLICY, "", policy.data});
}

/* ---- slots ---- */

static void test_slots__are_shared_by_snapshots(void **state)
{
    struct registry_fixture *f = *state;
    struct error err = {0};
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW}, {ROW_FUNCTION, "1", ECHO_ROW},
         {ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":2}"});
    struct catalog *first = current(f);
    const struct function *a = catalog_function(first, TEXT("a"));
    assert_int_equal(function_slot_limit(a), 2);
    assert_true(function_slot_take(a));
    EDIT(f, "a", {ROW_TAGS, "", "{}"});
    assert_ok(registry_fixture_reload(f, &(struct catalog_parts){0}, &err), &err);
    struct catalog *second = current(f);
    const struct function *b = catalog_resolve(second, TEXT("a:1"), 0);
    assert_ptr_not_equal(a->record, b->record);
    assert_true(function_slot_take(b));
    assert_false(function_slot_take(a));
    assert_false(function_slot_take(b));
    function_slot_give(a);
    assert_true(function_slot_take(b));
    function_slot_give(b);
    function_slot_give(b);
    catalog_unref(first);
    catalog_unref(second);
}

static void test_slots__follow_the_limit_of_the_snapshot(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW});
    struct catalog *unlimited = current(f);
    const struct function *a = catalog_function(unlimited, TEXT("a"));
    assert_int_equal(function_slot_limit(a), -1);
    for (int i = 0; i < 100; i++)
        assert_true(function_slot_take(a));
    EDIT(f, "a", {ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":100}"});
    struct catalog *limited = current(f);
    assert_false(function_slot_take(catalog_function(limited, TEXT("a"))));
    function_slot_give(a);
    assert_true(function_slot_take(catalog_function(limited, TEXT("a"))));
    for (int i = 0; i < 100; i++)
        function_slot_give(a);
    catalog_unref(unlimited);
    catalog_unref(limited);
}

static void test_slots__of_zero_are_none(void **state)
{
    struct registry_fixture *f = *state;
    EDIT(f, "a", {ROW_FUNCTION, "$LATEST", ECHO_ROW},
         {ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":0}"});
    struct catalog *c = current(f);
    assert_int_equal(function_slot_limit(catalog_function(c, TEXT("a"))), 0);
    assert_false(function_slot_take(catalog_function(c, TEXT("a"))));
    catalog_unref(c);
    EDIT_FAILS(f, "a", ERROR_INVALID, "negative",
               {ROW_CONCURRENCY, "", "{\"ReservedConcurrentExecutions\":-1}"});
}

#define T(name)                                                                                    \
    cmocka_unit_test_setup_teardown(name, registry_fixture_setup, registry_fixture_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        T(test_resolve__knows_versions),
        T(test_resolve__takes_references),
        T(test_alias__shares_calls_by_weight),
        T(test_alias__is_refused_when_it_points_nowhere),
        T(test_policy__belongs_to_a_qualifier),
        T(test_policy__of_the_function_lets_a_store_in),
        T(test_policy__gives_the_implied_role_what_can_trigger_it),
        T(test_policy__of_callers_gives_the_implied_role_no_bucket),
        T(test_url__leads_to_its_function),
        T(test_records__stand_in_the_order_of_their_names),
        T(test_record__is_limited),
        T(test_slots__are_shared_by_snapshots),
        T(test_slots__follow_the_limit_of_the_snapshot),
        T(test_slots__of_zero_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
