/*
 * From a runtime's name to the words that start it, with a PATH of programs that the test makes.
 */
#include "support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "onput/log.h"
#include "onput/start_command.h"

/* A folder with bin/, which is the PATH, and code/, which is the function's. */
static int setup(void **state)
{
    if (test_dir_setup(state) != 0)
        return -1;
    AUTO_FREE char *bin = test_path(*state, "bin");
    AUTO_FREE char *code = test_path(*state, "code");
    assert_int_equal(mkdir(bin, 0700), 0);
    assert_int_equal(mkdir(code, 0700), 0);
    assert_int_equal(setenv("PATH", bin, 1), 0);
    return 0;
}

static void make_dir(const char *dir, const char *name)
{
    AUTO_FREE char *path = test_path(dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void put(const char *dir, const char *name, const char *content, mode_t mode)
{
    AUTO_FREE char *path = test_path(dir, name);
    test_write_file(path, text_of(content));
    assert_int_equal(chmod(path, mode), 0);
}

static void put_program(const char *dir, const char *name)
{
    put(dir, name, "#!/bin/sh\nexit 0\n", 0700);
}

/* A Python that says what `answer` is, and writes its arguments and place down. */
static void put_python(const char *dir, const char *name, const char *answer)
{
    AUTO_FREE char *script = xasprintf("#!/bin/sh\n/bin/pwd > '%s/asked'\n"
                                       "for w; do echo \"$w\" >> '%s/asked'; done\n"
                                       "/usr/bin/env >> '%s/asked'\necho %s\n",
                                       dir, dir, dir, answer);
    put(dir, name, script, 0700);
}

static void put_manifest(const char *dir, const char *json)
{
    make_dir(dir, "code/node_modules");
    make_dir(dir, "code/node_modules/aws-lambda-ric");
    put(dir, "code/node_modules/aws-lambda-ric/package.json", json, 0600);
}

/* The words with a space behind each, and the test's folder as "~". */
static char *words_with(const struct config *config, const char *dir, const char *runtime)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_FREE char *code = test_path(dir, "code");
    struct error err = {0};
    const char *const *words = NULL;
    struct buffer out;
    buffer_init(&out, 65536);
    buffer_append_string(&out, "");
    assert_ok(start_command_resolve(config, text_of(runtime), TEXT("app.handler"), code, &arena,
                                    &words, &err),
              &err);
    for (; *words != NULL; words++) {
        bool is_below = strncmp(*words, dir, strlen(dir)) == 0;
        buffer_appendf(&out, "%s%s ", is_below ? "~" : "", *words + (is_below ? strlen(dir) : 0));
    }
    return out.data;
}

static void resolves(const char *dir, const char *runtime, const char *expected)
{
    struct config config = {0};
    AUTO_FREE char *actual = words_with(&config, dir, runtime);
    assert_string_equal(actual, expected);
}

static int check_code(const char *dir, const char *runtime, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_FREE char *code = test_path(dir, "code");
    struct config config = {0};
    const char *const *words = NULL;
    assert_ok(start_command_resolve(&config, text_of(runtime), TEXT("app.handler"), code, &arena,
                                    &words, err),
              err);
    return start_command_check(words, code, text_of(runtime), err);
}

static void starts(const char *dir, const char *runtime)
{
    struct error err = {0};
    assert_ok(check_code(dir, runtime, &err), &err);
}

static void fails(const char *dir, const char *runtime, const char *part)
{
    struct error err = {0};
    assert_fails(check_code(dir, runtime, &err), &err, ERROR_INVALID);
    assert_contains(err.message, part);
}

/* ---- resolving ---- */

static void test_start_command_has__knows_runtimes_by_name(void **state)
{
    static const char *const known[] = {"provided.al2", "provided.al2023", "python3.9",
                                        "python3.12",   "nodejs18.x",      "nodejs22.x"};
    static const char *const unknown[] = {"",
                                          "provided",
                                          "provided.al2022",
                                          "provided.al20231",
                                          "python3.",
                                          "python3.x",
                                          "python2.7",
                                          "python3.1a",
                                          "python3.12345",
                                          "nodejs",
                                          "nodejs.x",
                                          "nodejs22",
                                          "nodejs22x",
                                          "nodejs22.y",
                                          "onput.builtin",
                                          "Python3.12",
                                          "java21",
                                          "python3.-1",
                                          "python3",
                                          "nodejs.x.x",
                                          "nodejs22.x ",
                                          " ",
                                          "ython3.12"};
    struct config config = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        assert_true(start_command_has(&config, text_of(known[i])));
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_false(start_command_has(&config, text_of(unknown[i])));
}

static void test_start_command__is_the_bootstrap_of_a_provided_runtime(void **state)
{
    resolves(*state, "provided.al2", "~/code/bootstrap ");
    resolves(*state, "provided.al2023", "~/code/bootstrap ");
}

static void test_start_command__prefers_the_exact_python(void **state)
{
    resolves(*state, "python3.12", "python3.12 -m awslambdaric app.handler ");
    put_program(*state, "bin/python3");
    resolves(*state, "python3.12", "~/bin/python3 -m awslambdaric app.handler ");
    put_program(*state, "bin/python3.12");
    resolves(*state, "python3.12", "~/bin/python3.12 -m awslambdaric app.handler ");
    resolves(*state, "python3.11", "~/bin/python3 -m awslambdaric app.handler ");
}

static void test_start_command__takes_no_file_for_a_program(void **state)
{
    make_dir(*state, "bin/python3.12");
    put(*state, "bin/python3", "", 0600);
    resolves(*state, "python3.12", "python3.12 -m awslambdaric app.handler ");
}

static void test_start_command__looks_in_absolute_folders_only(void **state)
{
    put_program(*state, "bin/node");
    put_program(*state, "bin/aws-lambda-ric");
    assert_int_equal(chdir(*state), 0);
    assert_int_equal(setenv("PATH", ":bin:./bin", 1), 0);
    resolves(*state, "nodejs22.x", "aws-lambda-ric app.handler ");
    assert_int_equal(unsetenv("PATH"), 0);
    resolves(*state, "nodejs22.x", "aws-lambda-ric app.handler ");
}

static void test_start_command__prefers_the_client_beside_the_code_for_node(void **state)
{
    resolves(*state, "nodejs22.x", "aws-lambda-ric app.handler ");
    put_program(*state, "bin/aws-lambda-ric");
    resolves(*state, "nodejs22.x", "~/bin/aws-lambda-ric app.handler ");
    put_manifest(*state, "{\"bin\":{\"other\":\"x.js\",\"aws-lambda-ric\":\"bin/index.mjs\"}}");
    resolves(*state, "nodejs22.x",
             "node ~/code/node_modules/aws-lambda-ric/bin/index.mjs app.handler ");
    put_program(*state, "bin/node");
    resolves(*state, "nodejs20.x",
             "~/bin/node ~/code/node_modules/aws-lambda-ric/bin/index.mjs app.handler ");
}

static void test_start_command__reads_a_manifest_with_one_script(void **state)
{
    put_manifest(*state, "{\"bin\":\"./bin/index.js\"}");
    resolves(*state, "nodejs22.x",
             "node ~/code/node_modules/aws-lambda-ric/./bin/index.js app.handler ");
}

static void test_start_command__believes_no_manifest_that_leads_out(void **state)
{
    static const char *const bad[] = {"{\"bin\":\"../../../../bin/sh\"}",
                                      "{\"bin\":\"/bin/sh\"}",
                                      "{\"bin\":\"\"}",
                                      "{\"bin\":\"a/../../b\"}",
                                      "{\"bin\":[\"a\"]}",
                                      "{\"bin\":{}}",
                                      "{\"bin\":\"a\\u0000b\"}",
                                      "[]",
                                      "{",
                                      "{\"bin\":\"a/..\"}",
                                      "{\"bin\":7}",
                                      ""};
    put_manifest(*state, "");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        put(*state, "code/node_modules/aws-lambda-ric/package.json", bad[i], 0600);
        resolves(*state, "nodejs22.x", "aws-lambda-ric app.handler ");
    }
}

static void test_start_command__follows_the_configuration(void **state)
{
    const char *python[] = {
        "/opt/py", "{directory}/x", "a{handler}b{handler}", "{handle}", "{", "{directory", NULL};
    const char *deno[] = {"deno", "run", NULL};
    struct config_runtime own[] = {{"python3.12", python, 6}, {"deno", deno, 2}};
    struct config config = {.runtimes = own, .runtime_count = 2};
    AUTO_FREE char *replaced = words_with(&config, *state, "python3.12");
    AUTO_FREE char *missing = words_with(&config, *state, "deno");
    put_program(*state, "bin/deno");
    AUTO_FREE char *found = words_with(&config, *state, "deno");
    AUTO_FREE char *other = words_with(&config, *state, "provided.al2");
    assert_string_equal(replaced,
                        "/opt/py ~/code/x aapp.handlerbapp.handler {handle} { {directory ");
    assert_string_equal(missing, "deno run ");
    assert_string_equal(found, "~/bin/deno run ");
    assert_string_equal(other, "~/code/bootstrap ");
    assert_true(start_command_has(&config, TEXT("deno")));
    assert_false(start_command_has(&config, TEXT("den")));
}

static void test_start_command__refuses_what_it_does_not_know(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct config config = {0};
    struct error err = {0};
    const char *const *words = NULL;
    assert_fails(
        start_command_resolve(&config, TEXT("java21"), TEXT("h"), *state, &arena, &words, &err),
        &err, ERROR_UNSUPPORTED);
    assert_contains(err.message, "java21");
    assert_null(words);
}

/* ---- checking ---- */

static void test_start_command_check__needs_an_executable_bootstrap(void **state)
{
    fails(*state, "provided.al2023", "there is no bootstrap");
    put(*state, "code/bootstrap", "#!/bin/sh\n", 0600);
    fails(*state, "provided.al2023", "bootstrap is not executable: chmod 755 it");
    put_program(*state, "code/bootstrap");
    starts(*state, "provided.al2023");
}

static void test_start_command_check__refuses_a_folder_for_a_bootstrap(void **state)
{
    make_dir(*state, "code/bootstrap");
    fails(*state, "provided.al2023", "there is no bootstrap");
}

static void test_start_command_check__needs_the_folder_of_the_code(void **state)
{
    struct error err = {0};
    const char *const words[] = {"/bin/sh", NULL};
    AUTO_FREE char *none = test_path(*state, "none");
    AUTO_FREE char *file = test_path(*state, "file");
    put(*state, "file", "", 0600);
    assert_fails(start_command_check(words, none, TEXT("provided.al2"), &err), &err, ERROR_INVALID);
    assert_contains(err.message, none);
    assert_fails(start_command_check(words, file, TEXT("provided.al2"), &err), &err, ERROR_INVALID);
    assert_contains(err.message, "is no folder");
    assert_ok(start_command_check(words, *state, TEXT("provided.al2"), &err), &err);
}

static void test_start_command_check__looks_for_a_command_where_it_runs(void **state)
{
    struct error err = {0};
    const char *const relative[] = {"./tool", "x", NULL};
    const char *const named[] = {"tool", NULL};
    AUTO_FREE char *code = test_path(*state, "code");
    put_program(*state, "bin/tool");
    assert_fails(start_command_check(relative, code, TEXT("provided.al2"), &err), &err,
                 ERROR_INVALID);
    assert_contains(err.message, "there is no program ./tool");
    assert_ok(start_command_check(named, code, TEXT("provided.al2"), &err), &err);
    put_program(*state, "code/tool");
    assert_ok(start_command_check(relative, code, TEXT("provided.al2"), &err), &err);
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_fails(start_command_check(named, code, TEXT("provided.al2"), &err), &err, ERROR_INVALID);
    assert_contains(err.message, "tool is not on the PATH of onput");
}

static void test_start_command_check__says_how_to_get_a_python(void **state)
{
    fails(*state, "python3.12", "neither python3.12 nor python3 is on the PATH of onput");
    fails(*state, "python3.12", "runtimes.python3.12.command");
    put_python(*state, "bin/python3.12", "3 12 0");
    fails(*state, "python3.12", "pip install awslambdaric");
    put_python(*state, "bin/python3.12", "3 12 1");
    starts(*state, "python3.12");
}

static void test_start_command_check__asks_python_without_the_code(void **state)
{
    AUTO_FREE char *record = test_path(*state, "asked");
    AUTO_FREE char *path = test_path(*state, "bin");
    AUTO_FREE char *variable = xasprintf("\nPATH=%s\n", path);
    assert_int_equal(setenv("PYTHONPATH", "/of/the/daemon", 1), 0);
    assert_int_equal(setenv("SECRET_OF_THE_DAEMON", "x", 1), 0);
    put_python(*state, "bin/python3.12", "3 12 1");
    starts(*state, "python3.12");
    AUTO_FREE char *asked = test_read_file(record, NULL);
    assert_true(strncmp(asked, "/\n-I\n-c\n", strlen("/\n-I\n-c\n")) == 0);
    assert_contains(asked, variable);
    assert_null(strstr(asked, "SECRET_OF_THE_DAEMON"));
    assert_null(strstr(asked, "PYTHONPATH"));
}

static void test_start_command_check__needs_no_python_to_see_a_client_beside_the_code(void **state)
{
    AUTO_FREE char *record = test_path(*state, "asked");
    put_python(*state, "bin/python3.12", "3 12 0");
    make_dir(*state, "code/awslambdaric");
    starts(*state, "python3.12");
    assert_int_equal(access(record, F_OK), -1);
}

static void test_start_command_check__warns_of_another_python(void **state)
{
    AUTO_FREE char *path = test_path(*state, "log");
    FILE *file = fopen(path, "we");
    log_open(fileno(file), LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    put_python(*state, "bin/python3", "3 11 1");
    starts(*state, "python3.11");
    AUTO_FREE char *quiet = test_read_file(path, NULL);
    starts(*state, "python3.12");
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    fclose(file);
    AUTO_FREE char *loud = test_read_file(path, NULL);
    assert_string_equal(quiet, "");
    assert_contains(loud, "runtime=python3.12");
    assert_contains(loud, "version=python3.11");
}

static void test_start_command_check__believes_no_strange_answer(void **state)
{
    static const char *const strange[] = {
        "''", "hello", "3", "3 12", "3 12 x", "-3 12 1", "99999999999999999999 1 1"};
    for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
        put_python(*state, "bin/python3.12", strange[i]);
        fails(*state, "python3.12", "does not run as a Python");
    }
    put(*state, "bin/python3.12", "#!/no/such/interpreter\n", 0700);
    fails(*state, "python3.12", "python3.12");
}

/* It takes its five seconds. The child that waits would keep the pipe's end for a minute. */
static void test_start_command_check__waits_for_seconds_only(void **state)
{
    put(*state, "bin/python3.12", "#!/bin/sh\n/bin/sleep 60\necho 3 12 1\n", 0700);
    fails(*state, "python3.12", "did not answer within 5 seconds");
}

/* The words for it, as there are no others to test them with. */
static void test_start_command_check__is_understood_by_a_real_python(void **state)
{
    struct error err = {0};
    AUTO_FREE char *code = test_path(*state, "code");
    const char *const words[] = {"/usr/bin/python3", "-m", "awslambdaric", "app.handler", NULL};
    if (access(words[0], X_OK) != 0)
        skip();
    if (start_command_check(words, code, TEXT("python3.99"), &err) != 0)
        assert_contains(err.message, "pip install awslambdaric");
    make_dir(*state, "code/awslambdaric");
    error_clear(&err);
    assert_ok(start_command_check(words, code, TEXT("python3.99"), &err), &err);
}

static void test_start_command_check__says_how_to_get_node_and_its_client(void **state)
{
    fails(*state, "nodejs22.x", "npm install -g aws-lambda-ric");
    put_program(*state, "bin/aws-lambda-ric");
    fails(*state, "nodejs22.x", "node is not on the PATH of onput: install Node.js");
    put_program(*state, "bin/node");
    starts(*state, "nodejs22.x");
}

static void test_start_command_check__needs_all_of_the_client_beside_the_code(void **state)
{
    put_manifest(*state, "{\"bin\":{\"aws-lambda-ric\":\"index.mjs\"}}");
    fails(*state, "nodejs22.x", "install Node.js, or set runtimes.nodejs22.x.command");
    put_program(*state, "bin/node");
    fails(*state, "nodejs22.x", "is incomplete");
    put(*state, "code/node_modules/aws-lambda-ric/index.mjs", "", 0600);
    starts(*state, "nodejs22.x");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, test_dir_teardown)

int main(void)
{
    log_open(2, LOG_LEVEL_COUNT, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_command_has__knows_runtimes_by_name),
        T(test_start_command__is_the_bootstrap_of_a_provided_runtime),
        T(test_start_command__prefers_the_exact_python),
        T(test_start_command__takes_no_file_for_a_program),
        T(test_start_command__looks_in_absolute_folders_only),
        T(test_start_command__prefers_the_client_beside_the_code_for_node),
        T(test_start_command__reads_a_manifest_with_one_script),
        T(test_start_command__believes_no_manifest_that_leads_out),
        T(test_start_command__follows_the_configuration),
        T(test_start_command__refuses_what_it_does_not_know),
        T(test_start_command_check__needs_an_executable_bootstrap),
        T(test_start_command_check__refuses_a_folder_for_a_bootstrap),
        T(test_start_command_check__needs_the_folder_of_the_code),
        T(test_start_command_check__looks_for_a_command_where_it_runs),
        T(test_start_command_check__says_how_to_get_a_python),
        T(test_start_command_check__asks_python_without_the_code),
        T(test_start_command_check__needs_no_python_to_see_a_client_beside_the_code),
        T(test_start_command_check__warns_of_another_python),
        T(test_start_command_check__believes_no_strange_answer),
        T(test_start_command_check__waits_for_seconds_only),
        T(test_start_command_check__is_understood_by_a_real_python),
        T(test_start_command_check__says_how_to_get_node_and_its_client),
        T(test_start_command_check__needs_all_of_the_client_beside_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
