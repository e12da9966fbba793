/*
 * start_check.c - whether a start command can work: its files are there, and a Python has the
 * runtime client. The messages say what to install or to set; they are for the one who makes the
 * function.
 */
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/log.h"
#include "start_private.h"

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- files ---- */

static int check_directory(const char *directory, struct error *err)
{
    struct stat st;
    if (stat(directory, &st) != 0)
        return error_set_errno(err, ERROR_INVALID, "the folder of the code, %s", directory);
    if (!S_ISDIR(st.st_mode))
        return error_set(err, ERROR_INVALID, "the folder of the code, %s, is no folder", directory);
    return 0;
}

/* A name that was found nowhere. */
static int fail_missing(const char *name, struct text runtime, struct error *err)
{
    if (strncmp(name, "python3", strlen("python3")) == 0)
        return error_set(err, ERROR_INVALID,
                         "neither %.*s nor python3 is on the PATH of onput: install it, or set "
                         "runtimes.%.*s.command",
                         TEXT_ARGS(runtime), TEXT_ARGS(runtime));
    if (strcmp(name, "node") == 0)
        return error_set(err, ERROR_INVALID,
                         "node is not on the PATH of onput: install Node.js, or set "
                         "runtimes.%.*s.command",
                         TEXT_ARGS(runtime));
    if (strcmp(name, START_NODE_CLIENT) == 0)
        return error_set(err, ERROR_INVALID,
                         "the runtime client " START_NODE_CLIENT " is neither in the code's "
                         "node_modules nor on the PATH of onput: npm install -g " START_NODE_CLIENT
                         ", or set runtimes.%.*s.command",
                         TEXT_ARGS(runtime));
    return error_set(err, ERROR_INVALID, "%s is not on the PATH of onput", name);
}

static int check_path(const char *shown, const char *path, struct text runtime, struct error *err)
{
    bool is_bootstrap =
        text_starts_with(runtime, TEXT("provided.")) && strcmp(last_part(path), "bootstrap") == 0;
    if (start_is_program(path))
        return 0;
    if (start_is_file(path))
        return error_set(err, ERROR_INVALID, "%s is not executable: chmod 755 it",
                         is_bootstrap ? "bootstrap" : shown);
    if (is_bootstrap)
        return error_set(err, ERROR_INVALID,
                         "there is no bootstrap: the code needs a program of that name at its top");
    return error_set(err, ERROR_INVALID, "there is no program %s", shown);
}

static int check_program(const char *word, const char *directory, struct text runtime,
                         struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const char *path = word;
    if (strchr(word, '/') == NULL) {
        path = start_find_program(word, &arena);
        return path != NULL ? 0 : fail_missing(word, runtime, err);
    }
    if (word[0] != '/')
        path = arena_printf(&arena, "%s/%s", directory, word);
    return check_path(word, path, runtime, err);
}

/* Of `node SCRIPT handler` or `aws-lambda-ric handler`, which is a script for node, too. */
static int check_node(const char *const *command, struct text runtime, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    bool is_beside = strcmp(last_part(command[0]), "node") == 0;
    if (!is_beside && strcmp(last_part(command[0]), START_NODE_CLIENT) != 0)
        return 0;
    if (!is_beside && start_find_program("node", &arena) == NULL)
        return fail_missing("node", runtime, err);
    if (is_beside && command[1] != NULL && strstr(command[1], "/" START_NODE_CLIENT "/") != NULL &&
        !start_is_file(command[1]))
        return error_set(err, ERROR_INVALID,
                         "the code's node_modules/" START_NODE_CLIENT " is incomplete: npm install "
                         "it again");
    return 0;
}

int start_command_find(const char *const *command, const char *directory, struct text runtime,
                       struct error *err)
{
    if (check_directory(directory, err) < 0 ||
        check_program(command[0], directory, runtime, err) < 0)
        return -1;
    return text_starts_with(runtime, TEXT("nodejs")) ? check_node(command, runtime, err) : 0;
}

int start_command_find_as(uint32_t uid, const char *const *command, const char *directory,
                          struct text runtime, struct error *err)
{
    struct error ignored = {0};
    if (geteuid() != 0 || uid == 0)
        return 0;
    int group = setfsgid(uid);
    int user = setfsuid(uid);
    int result = start_command_find(command, directory, runtime, &ignored);
    setfsuid((uid_t)user);
    setfsgid((gid_t)group);
    if (result == 0)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "its processes run as users of their own, who cannot reach %s or %s: chmod "
                     "o+rx the folders that lead there, or set runtime.uid_base: 0",
                     directory, command[0]);
}

/* ---- Python ---- */

static bool is_python(const char *const *command, struct text runtime)
{
    return text_starts_with(runtime, TEXT("python3.")) && command[1] != NULL &&
           strcmp(command[1], "-m") == 0 && command[2] != NULL &&
           strcmp(command[2], START_PYTHON_CLIENT) == 0;
}

static bool has_client_beside(const char *directory)
{
    AUTO_ARENA struct arena arena = {0};
    struct stat st;
    const char *path = arena_printf(&arena, "%s/" START_PYTHON_CLIENT, directory);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void warn_of_version(const char *interpreter, const struct python_probe *probe,
                            struct text runtime)
{
    AUTO_ARENA struct arena arena = {0};
    const char *is = arena_printf(&arena, "python%d.%d", probe->major, probe->minor);
    if (!text_is(runtime, is))
        LOG(LOG_LEVEL_WARN, "a runtime is served by another version of Python",
            LOG_TEXT("runtime", runtime), LOG_STRING("version", is),
            LOG_STRING("program", interpreter));
}

static int check_python(const char *const *command, const char *directory, struct text runtime,
                        struct error *err)
{
    bool is_exact = text_is(runtime, last_part(command[0]));
    bool is_beside = has_client_beside(directory);
    struct python_probe probe;
    if (is_exact && is_beside)
        return 0;
    if (start_probe_python(command[0], &probe, err) < 0)
        return -1;
    if (!is_exact)
        warn_of_version(command[0], &probe, runtime);
    if (is_beside || probe.has_client)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "the runtime client " START_PYTHON_CLIENT " is neither in the code nor known "
                     "to %s: pip install " START_PYTHON_CLIENT ", or set runtimes.%.*s.command",
                     command[0], TEXT_ARGS(runtime));
}

int start_command_check(const char *const *command, const char *directory, struct text runtime,
                        struct error *err)
{
    if (start_command_find(command, directory, runtime, err) < 0)
        return -1;
    return is_python(command, runtime) ? check_python(command, directory, runtime, err) : 0;
}
