/*
 * test_policy_parse.c - what policy_parse() refuses (fixtures/policies/bad/<case>/) and what it
 * keeps.
 *
 * expected_error.txt is a part of the message.
 */
#include "policy_fixture.h"

static unsigned check_bad(const char *folder, const char *name)
{
    AUTO_FREE char *dir = test_path(folder, name);
    AUTO_FREE char *expected = test_read_below(dir, "expected_error.txt", NULL);
    size_t len;
    AUTO_FREE char *document = test_read_below(dir, "policy.json", &len);
    struct policy *policy = NULL;
    struct error err = {0};
    int result = policy_parse((struct text){document, len}, POLICY_RESOURCE, &policy, &err);
    expected[strcspn(expected, "\n")] = '\0';
    if (result == -1 && policy == NULL && expected[0] != '\0' && strstr(err.message, expected) &&
        (err.code == ERROR_INVALID || err.code == ERROR_LIMIT))
        return 0;
    print_error("%s: \"%s\" (%s)\n  does not hold \"%s\"\n", name, err.message,
                error_code_name(err.code), expected);
    policy_free(policy);
    return 1;
}

static void test_policy_parse__refuses_every_bad_fixture(UNUSED void **state)
{
    AUTO_FREE char *folder = test_fixture("policies/bad");
    char **names = test_list_dir(folder);
    unsigned wrong = 0;
    size_t count = 0;
    for (; names[count]; count++)
        wrong += check_bad(folder, names[count]);
    test_names_free(names);
    assert_int_equal(wrong, 0);
    assert_true(count > 50);
}

#define STATEMENT(sid)                                                                             \
    "{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\","              \
    "\"Resource\":\"arn:aws:s3:::a/b\"}"

static void test_policy_parse__keeps_each_statement_as_compact_json(UNUSED void **state)
{
    struct policy *policy = policy_of("{\"Version\": \"2012-10-17\", \"Statement\": [" STATEMENT(
                                          "one") ",\n "
                                                 "{ \"Effect\": \"Deny\",\n\"Principal\": "
                                                 "{\"AWS\": [ \"*\" ]}, \"Action\": \"s3:*\", "
                                                 "\"Resource\": \"*\" } ]}",
                                      POLICY_RESOURCE);
    assert_int_equal(policy_statement_count(policy), 2);
    assert_text(policy_statement_json(policy, 0), STATEMENT("one"));
    assert_text(policy_statement_json(policy, 1),
                "{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":[\"*\"]},\"Action\":\"s3:*\","
                "\"Resource\":\"*\"}");
    policy_free(policy);
}

static void test_policy_parse__needs_no_input_after_it_returned(UNUSED void **state)
{
    AUTO_FREE char *json = xstrdup("{\"Statement\":" STATEMENT("kept") "}");
    struct policy *policy = policy_of(json, POLICY_RESOURCE);
    struct policy_request request = {.principal_type = POLICY_PRINCIPAL_ANONYMOUS,
                                     .action = TEXT("s3:GetObject"),
                                     .resource = TEXT("arn:aws:s3:::a/b")};
    memset(json, 'x', strlen(json));
    struct policy_decision got = policy_evaluate(policy, &request);
    assert_int_equal(got.effect, POLICY_ALLOW);
    assert_text(got.sid, "kept");
    policy_free(policy);
}

static void test_policy_parse__refuses_a_principal_in_an_identity_policy(UNUSED void **state)
{
    struct policy *policy = NULL;
    struct error err = {0};
    assert_fails(
        policy_parse(text_of("{\"Statement\":" STATEMENT("s") "}"), POLICY_IDENTITY, &policy, &err),
        &err, ERROR_INVALID);
    assert_contains(err.message, "statement s: an identity policy belongs to its role");
    assert_null(policy);
}

static void test_policy_parse__names_a_statement_without_sid_by_its_index(UNUSED void **state)
{
    struct policy *policy = NULL;
    struct error err = {0};
    assert_fails(policy_parse(text_of("{\"Statement\":[" STATEMENT("s") ",{\"Effect\":\"No\"}]}"),
                              POLICY_RESOURCE, &policy, &err),
                 &err, ERROR_INVALID);
    assert_contains(err.message, "statement 1: Effect must be Allow or Deny, not No");
}

static void test_policy_parse__takes_a_document_of_exactly_the_limit(UNUSED void **state)
{
    AUTO_BUFFER struct buffer json;
    struct error err = {0};
    struct policy *policy = NULL;
    buffer_init(&json, POLICY_MAX_BYTES + 1);
    buffer_append_string(&json, "{\"Statement\":[]}");
    while (json.len < POLICY_MAX_BYTES)
        buffer_append_char(&json, ' ');
    assert_ok(policy_parse(buffer_text(&json), POLICY_RESOURCE, &policy, &err), &err);
    policy_free(policy);
    buffer_append_char(&json, ' ');
    assert_fails(policy_parse(buffer_text(&json), POLICY_RESOURCE, &policy, &err), &err,
                 ERROR_LIMIT);
}

static void test_policy_free__takes_null(UNUSED void **state)
{
    policy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_parse__refuses_every_bad_fixture),
        cmocka_unit_test(test_policy_parse__keeps_each_statement_as_compact_json),
        cmocka_unit_test(test_policy_parse__needs_no_input_after_it_returned),
        cmocka_unit_test(test_policy_parse__refuses_a_principal_in_an_identity_policy),
        cmocka_unit_test(test_policy_parse__names_a_statement_without_sid_by_its_index),
        cmocka_unit_test(test_policy_parse__takes_a_document_of_exactly_the_limit),
        cmocka_unit_test(test_policy_free__takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
