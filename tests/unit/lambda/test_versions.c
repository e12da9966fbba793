#include "function_members.h"
#include "lambda_fixture.h"

#include "onput/encoding.h"

#define CONFIGURATION    FUNCTIONS "/f/configuration"
#define VERSIONS         FUNCTIONS "/f/versions"
#define REFUSED(message) "{'Type':'User','message':'" message "'}"

static int setup(void **state)
{
    if (lambda_fixture_setup(state) != 0)
        return -1;
    api_make_function(*state, "f", "echo", ",'Description':'first'");
    return 0;
}

static char *text_at(struct json_object *json, const char *path)
{
    return xstrdup(json_object_get_string(json_at(json, path)));
}

static char *latest(void **state, const char *member)
{
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", CONFIGURATION, NULL, 200);
    return text_at(got, member);
}

static void test_publish__makes_an_active_version(void **state)
{
    AUTO_JSON struct json_object *got =
        api_expect(*state, "POST", VERSIONS, "{'Description':'published'}", 201);
    assert_members(got, MEMBERS_STORED);
    assert_member(got, "FunctionArn", FIXTURE_ARN "f:1");
    assert_member(got, "Version", "1");
    assert_member(got, "Description", "published");
    assert_member(got, "State", "Active");
    AUTO_FREE char *revision = text_at(got, "RevisionId");
    AUTO_JSON struct json_object *read =
        api_expect(*state, "GET", CONFIGURATION "?Qualifier=1", NULL, 200);
    assert_member(read, "RevisionId", revision);
    assert_member(read, "Description", "published");
}

static void test_publish__takes_the_description_of_latest_without_one_of_its_own(void **state)
{
    AUTO_JSON struct json_object *got = api_expect(*state, "POST", VERSIONS, "{}", 201);
    assert_member(got, "Description", "first");
}

static void test_publish__gives_latest_another_revision(void **state)
{
    AUTO_FREE char *before = latest(state, "RevisionId");
    AUTO_JSON struct json_object *got = api_expect(*state, "POST", VERSIONS, "{}", 201);
    AUTO_FREE char *version = text_at(got, "RevisionId");
    AUTO_FREE char *after = latest(state, "RevisionId");
    assert_string_not_equal(before, after);
    assert_string_not_equal(version, after);
}

static void test_publish__returns_the_last_version_when_nothing_changed(void **state)
{
    AUTO_JSON struct json_object *first =
        api_expect(*state, "POST", VERSIONS, "{'Description':'published'}", 201);
    AUTO_FREE char *revision = text_at(first, "RevisionId");
    AUTO_FREE char *before = latest(state, "RevisionId");
    AUTO_JSON struct json_object *second =
        api_expect(*state, "POST", VERSIONS, "{'Description':'again'}", 201);
    assert_members(second, MEMBERS_STORED);
    assert_member(second, "Version", "1");
    assert_member(second, "Description", "published");
    assert_member(second, "RevisionId", revision);
    AUTO_FREE char *after = latest(state, "RevisionId");
    assert_string_equal(before, after);
}

static void test_publish__counts_on_after_changes_and_deletions(void **state)
{
    api_expect_status(*state, "POST", VERSIONS, "{}", 201);
    api_expect_status(*state, "PUT", CONFIGURATION, "{'Timeout':9}", 200);
    AUTO_JSON struct json_object *second = api_expect(*state, "POST", VERSIONS, "{}", 201);
    assert_member(second, "Version", "2");
    assert_member(second, "Timeout", "9");
    api_expect_status(*state, "DELETE", FUNCTIONS "/f?Qualifier=2", NULL, 204);
    AUTO_JSON struct json_object *third = api_expect(*state, "POST", VERSIONS, "{}", 201);
    assert_member(third, "Version", "3");
    AUTO_JSON struct json_object *first =
        api_expect(*state, "GET", CONFIGURATION "?Qualifier=1", NULL, 200);
    assert_member(first, "Timeout", "3");
}

static void test_publish__compares_the_code(void **state)
{
    AUTO_FREE char *hash = latest(state, "CodeSha256");
    AUTO_FREE char *wrong = xasprintf(
        REFUSED("CodeSHA256 (nonexistent) is different from current CodeSHA256 in $LATEST (%s). "
                "Please try again with the CodeSHA256 in $LATEST."),
        hash);
    AUTO_FREE char *right = xasprintf("{'CodeSha256':'%s'}", hash);
    api_expect_error(*state, "POST", VERSIONS, "{'CodeSha256':'nonexistent'}", 400,
                     "InvalidParameterValueException", wrong);
    api_expect_status(*state, "POST", VERSIONS, right, 201);
}

static void test_publish__compares_the_revision(void **state)
{
    AUTO_FREE char *revision = latest(state, "RevisionId");
    AUTO_FREE char *right = xasprintf("{'RevisionId':'%s'}", revision);
    api_expect_error(*state, "POST", VERSIONS,
                     "{'RevisionId':'11111111-1111-4111-8111-111111111111'}", 412,
                     "PreconditionFailedException",
                     REFUSED("The Revision Id provided does not match the latest Revision Id. "
                             "Call the GetFunction/GetAlias API to retrieve the latest Revision "
                             "Id"));
    api_expect_status(*state, "POST", VERSIONS, right, 201);
}

static void test_versions__do_not_find_a_missing_function(void **state)
{
    static const char expected[] =
        "{'Type':'User','Message':'Function not found: " FIXTURE_ARN "none'}";
    api_expect_error(*state, "POST", FUNCTIONS "/none/versions", "{}", 404,
                     "ResourceNotFoundException", expected);
    api_expect_error(*state, "GET", FUNCTIONS "/none/versions", NULL, 404,
                     "ResourceNotFoundException", expected);
}

static void test_list__shows_latest_first_and_numbers_in_order(void **state)
{
    for (int i = 1; i <= 10; i++) {
        AUTO_FREE char *change = xasprintf("{'Timeout':%d}", 10 + i);
        api_expect_status(*state, "PUT", CONFIGURATION, change, 200);
        api_expect_status(*state, "POST", VERSIONS, "{}", 201);
    }
    AUTO_JSON struct json_object *got = api_expect(*state, "GET", VERSIONS, NULL, 200);
    assert_members(got, "Versions");
    assert_int_equal(json_object_array_length(json_at(got, "Versions")), 11);
    assert_members(json_at(got, "Versions[0]"), MEMBERS_LISTED);
    assert_members(json_at(got, "Versions[2]"), MEMBERS_LISTED);
    assert_member(got, "Versions[0].FunctionArn", FIXTURE_ARN "f:$LATEST");
    assert_member(got, "Versions[0].Version", "$LATEST");
    assert_member(got, "Versions[1].FunctionArn", FIXTURE_ARN "f:1");
    assert_member(got, "Versions[2].Version", "2");
    assert_member(got, "Versions[10].Version", "10");
}

static void test_list__goes_by_pages(void **state)
{
    api_expect_status(*state, "POST", VERSIONS, "{}", 201);
    AUTO_JSON struct json_object *first =
        api_expect(*state, "GET", VERSIONS "?MaxItems=1", NULL, 200);
    assert_members(first, "Versions,NextMarker");
    assert_int_equal(json_object_array_length(json_at(first, "Versions")), 1);
    AUTO_FREE char *marker = text_at(first, "NextMarker");
    AUTO_BUFFER struct buffer target;
    buffer_init(&target, 1024);
    buffer_append_string(&target, VERSIONS "?MaxItems=1&Marker=");
    buffer_append_uri(&target, text_of(marker), false);
    AUTO_JSON struct json_object *last = api_expect(*state, "GET", target.data, NULL, 200);
    assert_members(last, "Versions");
    assert_member(last, "Versions[0].Version", "1");
}

static void test_versions__survive_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    void *dir = f->dir;
    api_expect_status(f, "POST", VERSIONS, "{}", 201);
    lambda_fixture_close(f);
    lambda_fixture_open(f, dir, NULL);
    f->dir = dir;
    AUTO_JSON struct json_object *same = api_expect(f, "POST", VERSIONS, "{}", 201);
    assert_member(same, "Version", "1");
    api_expect_status(f, "PUT", CONFIGURATION, "{'Timeout':9}", 200);
    AUTO_JSON struct json_object *next = api_expect(f, "POST", VERSIONS, "{}", 201);
    assert_member(next, "Version", "2");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, lambda_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_publish__makes_an_active_version),
        TEST(test_publish__takes_the_description_of_latest_without_one_of_its_own),
        TEST(test_publish__gives_latest_another_revision),
        TEST(test_publish__returns_the_last_version_when_nothing_changed),
        TEST(test_publish__counts_on_after_changes_and_deletions),
        TEST(test_publish__compares_the_code),
        TEST(test_publish__compares_the_revision),
        TEST(test_versions__do_not_find_a_missing_function),
        TEST(test_list__shows_latest_first_and_numbers_in_order),
        TEST(test_list__goes_by_pages),
        TEST(test_versions__survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
