#include "package_steps.h"

#define IPVE             "InvalidParameterValueException"
#define REFUSED(message) "{'Type':'User','message':'" message "'}"

static void refused(struct lambda_fixture *f, const char *body, const char *expected)
{
    api_expect_error(f, "POST", FUNCTIONS, body, 400, IPVE, expected);
    api_expect_status(f, "GET", FUNCTIONS "/f", NULL, 404);
}

static const struct function *resolved(struct lambda_fixture *f, struct catalog *c,
                                       const char *reference)
{
    (void)f;
    const struct function *function = catalog_resolve(c, text_of(reference), 0);
    assert_non_null(function);
    return function;
}

static struct catalog *catalog_of(struct lambda_fixture *f)
{
    return catalog_holder_get(registry_catalogs(f->api.registry));
}

static void test_create__keeps_what_it_runs_from(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *hash = package_code_sha256(FUNCTION_PACKAGE);
    AUTO_FREE char *body = package_create_body("f", FUNCTION_PACKAGE, "");
    AUTO_JSON struct json_object *got = api_expect(f, "POST", FUNCTIONS, body, 201);
    assert_member(got, "Runtime", "provided.al2023");
    assert_member(got, "CodeSha256", hash);
    assert_true(json_object_get_int64(json_at(got, "CodeSize")) > 0);
    assert_null(json_at(got, "_Package"));
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
}

static void test_create__makes_a_function_with_a_command(void **state)
{
    struct lambda_fixture *f = *state;
    uint8_t hash[SHA256_BYTES];
    package_create(f, "f", FUNCTION_PACKAGE);
    package_hash(FUNCTION_PACKAGE, hash);
    struct catalog *catalog = catalog_of(f);
    const struct config_function *config = resolved(f, catalog, "f")->config;
    AUTO_FREE char *folder = package_path(package_store_directory(f->api.packages), hash);
    AUTO_FREE char *bootstrap = test_path(folder, "bootstrap");
    assert_null(config->builtin);
    assert_string_equal(config->command[0], bootstrap);
    assert_string_equal(config->directory, folder);
    catalog_unref(catalog);
}

static void test_create__keeps_no_package_of_a_built_in_function(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *base64 = package_base64(FUNCTION_PACKAGE);
    AUTO_FREE char *body = xasprintf("{'FunctionName':'f','Runtime':'onput.builtin','Handler':"
                                     "'echo','Role':'" FIXTURE_ROLE "','Code':{'ZipFile':'%s'}}",
                                     base64);
    api_expect_status(f, "POST", FUNCTIONS, body, 201);
    assert_false(package_is_there(f, FUNCTION_PACKAGE));
    AUTO_JSON struct json_object *got = api_expect(f, "GET", FUNCTIONS "/f", NULL, 200);
    assert_member(got, "Code", "{'RepositoryType':'S3'}");
}

static void test_create__needs_code(void **state)
{
    refused(*state,
            "{'FunctionName':'f','Runtime':'provided.al2023','Handler':'h','Role':'" FIXTURE_ROLE
            "','Code':{}}",
            REFUSED("Please provide a source for function code."));
}

static void test_create__says_what_is_wrong_with_a_package(void **state)
{
    static const char *const cases[][2] = {
        {"bad/link_out",
         REFUSED("Could not unzip uploaded file. Please check your file, then try to upload again. "
                 "The reason: member \\\"l\\\" is a link that leads out of the package, or "
                 "might.")},
        {"bad/cut",
         REFUSED("Could not unzip uploaded file. Please check your file, then try to upload "
                 "again.")},
        {"bad/wrong_checksum",
         REFUSED("Could not unzip uploaded file. Please check your file, then try to upload "
                 "again.")},
        {"bad/bomb", REFUSED("Unzipped size must be smaller than 262144000 bytes")},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_FREE char *body = package_create_body("f", cases[i][0], "");
        refused(*state, body, cases[i][1]);
        assert_false(package_is_there(*state, cases[i][0]));
    }
}

static void test_create__needs_a_program_to_start(void **state)
{
    AUTO_FREE char *body = package_create_body("f", "good/large", "");
    refused(*state, body,
            REFUSED("The function cannot be started here: there is no bootstrap: the code needs a "
                    "program of that name at its top."));
}

static void test_create__keeps_the_first_of_two_functions_of_one_name(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *body = package_create_body("f", OTHER_PACKAGE, "");
    api_expect_error(f, "POST", FUNCTIONS, body, 409, "ResourceConflictException",
                     REFUSED("Function already exist: f"));
    assert_false(package_is_there(f, OTHER_PACKAGE));
}

/* ---- UpdateFunctionCode ---- */

static void test_code__is_another_package_afterwards(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *hash = package_code_sha256(OTHER_PACKAGE);
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_JSON struct json_object *got = package_update(f, "f", OTHER_PACKAGE, "");
    assert_member(got, "CodeSha256", hash);
    assert_member(got, "LastUpdateStatus", "InProgress");
    assert_true(package_is_there(f, OTHER_PACKAGE));
}

static void test_code__of_a_version_stays(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *first = package_code_sha256(FUNCTION_PACKAGE);
    AUTO_FREE char *second = package_code_sha256(OTHER_PACKAGE);
    package_create(f, "f", FUNCTION_PACKAGE);
    api_expect_status(f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    AUTO_JSON struct json_object *published =
        package_update(f, "f", OTHER_PACKAGE, ",'Publish':true");
    assert_member(published, "Version", "2");
    assert_member(published, "CodeSha256", second);
    AUTO_JSON struct json_object *one =
        api_expect(f, "GET", FUNCTIONS "/f/configuration?Qualifier=1", NULL, 200);
    assert_member(one, "CodeSha256", first);
    struct catalog *catalog = catalog_of(f);
    assert_string_not_equal(resolved(f, catalog, "f:1")->config->directory,
                            resolved(f, catalog, "f:2")->config->directory);
    assert_string_equal(resolved(f, catalog, "f")->config->directory,
                        resolved(f, catalog, "f:2")->config->directory);
    catalog_unref(catalog);
}

static void test_code__changes_nothing_in_a_dry_run(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *first = package_code_sha256(FUNCTION_PACKAGE);
    AUTO_FREE char *second = package_code_sha256(OTHER_PACKAGE);
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_JSON struct json_object *dry = package_update(f, "f", OTHER_PACKAGE, ",'DryRun':true");
    assert_member(dry, "CodeSha256", second);
    AUTO_JSON struct json_object *got =
        api_expect(f, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    assert_member(got, "CodeSha256", first);
}

static void test_code__of_another_revision_is_not_replaced(void **state)
{
    struct lambda_fixture *f = *state;
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_FREE char *base64 = package_base64(OTHER_PACKAGE);
    AUTO_FREE char *body =
        xasprintf("{'ZipFile':'%s','RevisionId':'00000000-0000-0000-0000-000000000000'}", base64);
    api_expect_status(f, "PUT", FUNCTIONS "/f/code", body, 412);
    assert_false(package_is_there(f, OTHER_PACKAGE));
}

static void test_code__that_cannot_be_started_is_not_taken(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *hash = package_code_sha256(FUNCTION_PACKAGE);
    AUTO_FREE char *base64 = package_base64("good/large");
    AUTO_FREE char *body = xasprintf("{'ZipFile':'%s'}", base64);
    package_create(f, "f", FUNCTION_PACKAGE);
    api_expect_status(f, "PUT", FUNCTIONS "/f/code", body, 400);
    AUTO_JSON struct json_object *got =
        api_expect(f, "GET", FUNCTIONS "/f/configuration", NULL, 200);
    assert_member(got, "CodeSha256", hash);
}

/* ---- UpdateFunctionConfiguration ---- */

static void test_configuration__leaves_the_package(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *hash = package_code_sha256(FUNCTION_PACKAGE);
    package_create(f, "f", FUNCTION_PACKAGE);
    AUTO_JSON struct json_object *got =
        api_expect(f, "PUT", FUNCTIONS "/f/configuration",
                   "{'Runtime':'provided.al2','Handler':'other','MemorySize':256}", 200);
    assert_member(got, "Runtime", "provided.al2");
    assert_member(got, "CodeSha256", hash);
    struct catalog *catalog = catalog_of(f);
    assert_int_equal(resolved(f, catalog, "f")->config->memory_bytes, 256 << 20);
    catalog_unref(catalog);
}

static void test_configuration__gives_no_other_runtime_without_a_package(void **state)
{
    struct lambda_fixture *f = *state;
    api_make_function(f, "f", "echo", NULL);
    api_expect_error(f, "PUT", FUNCTIONS "/f/configuration", "{'Runtime':'provided.al2023'}", 400,
                     IPVE,
                     REFUSED("The runtime provided.al2023 needs a deployment package, and the "
                             "function has none: create it anew with one."));
}

/* ---- what the configuration declares ---- */

#define MORE_YAML                                                                                  \
    "runtimes:\n"                                                                                  \
    "  ruby3.3: {command: [/bin/sh, '{directory}/bootstrap', '{handler}']}\n"                      \
    "functions:\n"                                                                                 \
    "  declared: {command: [/bin/true], directory: /}\n"

static int setup_declared(void **state)
{
    struct lambda_fixture *f = xmalloc(sizeof(*f));
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    lambda_fixture_open(f, dir, FIXTURE_YAML MORE_YAML);
    f->dir = dir;
    *state = f;
    return 0;
}

static void test_code__of_a_declared_command_is_the_configurations(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *base64 = package_base64(FUNCTION_PACKAGE);
    AUTO_FREE char *body = xasprintf("{'ZipFile':'%s'}", base64);
    api_expect_error(f, "PUT", FUNCTIONS "/declared/code", body, 400, IPVE,
                     REFUSED("The code of this function is what the configuration says: change "
                             "functions.declared there."));
    assert_false(package_is_there(f, FUNCTION_PACKAGE));
}

static void test_create__takes_a_runtime_of_the_configuration(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *base64 = package_base64(FUNCTION_PACKAGE);
    AUTO_FREE char *body = xasprintf("{'FunctionName':'f','Runtime':'ruby3.3','Handler':'a.b',"
                                     "'Role':'" FIXTURE_ROLE "','Code':{'ZipFile':'%s'}}",
                                     base64);
    api_expect_status(f, "POST", FUNCTIONS, body, 201);
    struct catalog *catalog = catalog_of(f);
    const struct config_function *config = resolved(f, catalog, "f")->config;
    assert_int_equal(config->command_count, 3);
    assert_string_equal(config->command[0], "/bin/sh");
    assert_string_equal(config->command[2], "a.b");
    catalog_unref(catalog);
}

static void test_code__survives_a_restart(void **state)
{
    struct lambda_fixture *f = *state;
    void *dir = f->dir;
    package_create(f, "f", FUNCTION_PACKAGE);
    lambda_fixture_close(f);
    lambda_fixture_open(f, dir, NULL);
    f->dir = dir;
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
    struct catalog *catalog = catalog_of(f);
    assert_non_null(resolved(f, catalog, "f")->config->command);
    catalog_unref(catalog);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lambda_fixture_setup, lambda_fixture_teardown)

#define DECLARED(f) cmocka_unit_test_setup_teardown(f, setup_declared, lambda_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create__keeps_what_it_runs_from),
        TEST(test_create__makes_a_function_with_a_command),
        TEST(test_create__keeps_no_package_of_a_built_in_function),
        TEST(test_create__needs_code),
        TEST(test_create__says_what_is_wrong_with_a_package),
        TEST(test_create__needs_a_program_to_start),
        TEST(test_create__keeps_the_first_of_two_functions_of_one_name),
        TEST(test_code__is_another_package_afterwards),
        TEST(test_code__of_a_version_stays),
        TEST(test_code__changes_nothing_in_a_dry_run),
        TEST(test_code__of_another_revision_is_not_replaced),
        TEST(test_code__that_cannot_be_started_is_not_taken),
        TEST(test_configuration__leaves_the_package),
        TEST(test_configuration__gives_no_other_runtime_without_a_package),
        DECLARED(test_code__of_a_declared_command_is_the_configurations),
        DECLARED(test_create__takes_a_runtime_of_the_configuration),
        TEST(test_code__survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
