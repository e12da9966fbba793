#include "package_steps.h"

#include "deploy_private.h"

static void restart(struct lambda_fixture *f)
{
    void *dir = f->dir;
    lambda_fixture_close(f);
    lambda_fixture_open(f, dir, NULL);
    f->dir = dir;
}

/* Whatever is asked of the deployment thread comes behind its first sweep. */
static void await_sweep(struct lambda_fixture *f)
{
    api_expect_status(f, "PUT", FUNCTIONS "/none/code", "{'ZipFile':''}", 404);
}

static void test_sweep__removes_at_start_what_no_row_names(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    json_object_put(package_update(f, "f", OTHER_PACKAGE, ""));
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
    restart(f);
    await_sweep(f);
    assert_false(package_is_there(f, FUNCTION_PACKAGE));
    assert_true(package_is_there(f, OTHER_PACKAGE));
}

static void test_sweep__leaves_what_a_version_names(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    api_expect_status(f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    json_object_put(package_update(f, "f", OTHER_PACKAGE, ""));
    restart(f);
    await_sweep(f);
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
    api_expect_status(f, "DELETE", FUNCTIONS "/f?Qualifier=1", NULL, 204);
    restart(f);
    await_sweep(f);
    assert_false(package_is_there(f, FUNCTION_PACKAGE));
    assert_true(package_is_there(f, OTHER_PACKAGE));
}

/* A role that left the configuration may come back. */
static void test_sweep__leaves_what_an_unusable_function_names(void **state)
{
    struct lambda_fixture *f = *state;
    void *dir = f->dir;
    AUTO_FREE char *body = package_create_body("f", FUNCTION_PACKAGE, "");
    memcpy(strstr(body, "onput-implied"), "onput-another", strlen("onput-another"));
    lambda_fixture_close(f);
    lambda_fixture_open(f, dir, FIXTURE_YAML "roles: {onput-another: {policy: {Statement: []}}}\n");
    api_expect_status(f, "POST", FUNCTIONS, body, 201);
    f->dir = dir;
    restart(f);
    await_sweep(f);
    api_expect_status(f, "GET", FUNCTIONS "/f", NULL, 404);
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
}

/* The deployment thread rests meanwhile, so the test may stand in for it. */
static void test_sweep__gives_processes_of_old_code_an_hour(void **state)
{
    struct lambda_fixture *f = *state;
    await_sweep(f);
    struct package_sweep *sweep = package_sweep_new(&f->api, f->api.deployer);
    package_create(f, "f", FUNCTION_PACKAGE);
    json_object_put(package_update(f, "f", OTHER_PACKAGE, ""));
    package_sweep_run(sweep, PACKAGE_SWEEP_LATER);
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
    package_sweep_run(sweep, PACKAGE_SWEEP_LATER);
    assert_false(package_is_there(f, FUNCTION_PACKAGE));
    assert_true(package_is_there(f, OTHER_PACKAGE));
    package_sweep_free(sweep);
}

static void test_sweep__forgets_what_is_used_again(void **state)
{
    struct lambda_fixture *f = *state;
    await_sweep(f);
    struct package_sweep *sweep = package_sweep_new(&f->api, f->api.deployer);
    package_create(f, "f", FUNCTION_PACKAGE);
    json_object_put(package_update(f, "f", OTHER_PACKAGE, ""));
    package_sweep_run(sweep, PACKAGE_SWEEP_LATER);
    json_object_put(package_update(f, "f", FUNCTION_PACKAGE, ""));
    package_sweep_run(sweep, PACKAGE_SWEEP_LATER);
    json_object_put(package_update(f, "f", OTHER_PACKAGE, ""));
    package_sweep_run(sweep, PACKAGE_SWEEP_LATER);
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
    package_sweep_run(sweep, PACKAGE_SWEEP_LATER);
    assert_false(package_is_there(f, FUNCTION_PACKAGE));
    package_sweep_free(sweep);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lambda_fixture_setup, lambda_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sweep__removes_at_start_what_no_row_names),
        TEST(test_sweep__leaves_what_a_version_names),
        TEST(test_sweep__leaves_what_an_unusable_function_names),
        TEST(test_sweep__gives_processes_of_old_code_an_hour),
        TEST(test_sweep__forgets_what_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
