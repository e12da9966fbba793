/*
 * check_kind.c - rules for what kind of function it is: a built-in one, a command or code for a
 * runtime. What the kind would ignore is a mistake of whoever wrote it. Called by
 * check_function.c.
 */
#include "config_private.h"

#include <string.h>

enum { COMMAND_MAX_WORDS = 64, FIRST_ORDINARY_USER = 1000 };

static struct subject whole(const struct config_function *function)
{
    return (struct subject){NULL, SECTION_FUNCTION, function};
}

/* An option of no use is refused when somebody wrote it. */
static int check_unused(const struct loader *loader, const struct config_function *function,
                        struct subject subject, struct error *err)
{
    bool is_builtin = function->builtin != NULL;

    if (!origins_is_given(loader->origins, subject.member))
        return 0;
    return check_fail(loader, subject, err, "is of no use, because %s is %s%s%s",
                      is_builtin                  ? "builtin"
                      : function->command != NULL ? "command"
                                                  : "runtime",
                      is_builtin ? "\"" : "", is_builtin ? function->builtin : "given",
                      is_builtin ? "\"" : "");
}

/* For functions that make no pictures. */
static int check_no_pictures(const struct loader *loader, struct config_function *function,
                             struct error *err)
{
    const void *members[] = {&function->output_bucket, &function->output_store,
                             &function->output_key, &function->cache_control};

    if (function->rendition_count > 0 && function->builtin == NULL)
        return check_fail(loader, whole(function), err,
                          "renditions are of no use, because builtin is not \"thumbnail\"");
    if (function->rendition_count > 0)
        return check_fail(loader, whole(function), err,
                          "renditions are of no use, because builtin is \"%s\"", function->builtin);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (check_unused(loader, function, (struct subject){members[i], SECTION_OUTPUT, function},
                         err) != 0)
            return -1;
    function->output_key = NULL;
    return 0;
}

/* For functions that have no process of their own. */
static int check_no_process(const struct loader *loader, struct config_function *function,
                            struct error *err)
{
    const void *members[] = {&function->directory, &function->handler, &function->memory_bytes,
                             &function->environment, &function->store};

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (check_unused(loader, function, (struct subject){members[i], SECTION_FUNCTION, function},
                         err) != 0)
            return -1;
    function->directory = NULL;
    function->memory_bytes = 0;
    return 0;
}

static int check_words(const struct loader *loader, struct subject subject, size_t count,
                       struct error *err)
{
    if (count <= COMMAND_MAX_WORDS)
        return 0;
    return check_fail(loader, subject, err, "%zu words, at most %d are possible", count,
                      COMMAND_MAX_WORDS);
}

/* Their clients cannot do without; a program of its own may well. */
static bool needs_handler(struct text runtime)
{
    return text_starts_with(runtime, TEXT("python")) || text_starts_with(runtime, TEXT("nodejs"));
}

static int check_code(const struct loader *loader, struct config_function *function,
                      struct error *err)
{
    struct subject runtime = {&function->runtime, SECTION_FUNCTION, function};
    struct subject command = {&function->command, SECTION_FUNCTION, function};
    struct subject handler = {&function->handler, SECTION_FUNCTION, function};

    if (function->handler != NULL && strchr(function->handler, ' ') != NULL)
        return check_fail(loader, handler, err, "a handler has no spaces");
    if (function->command != NULL)
        return check_words(loader, command, function->command_count, err);
    if (!name_is_dotted(text_of(function->runtime)))
        return check_fail(loader, runtime, err, "a name has 1 to 63 letters, digits, -, _ and .");
    if (!origins_is_given(loader->origins, &function->directory))
        return check_fail(loader, runtime, err,
                          "directory is missing; hint: directory: ./%s, the folder of the code",
                          function->name);
    if (function->handler == NULL && needs_handler(text_of(function->runtime)))
        return check_fail(loader, runtime, err,
                          "handler is missing; hint: handler: FILE.FUNCTION, such as app.handler");
    return 0;
}

static int check_single(const struct loader *loader, const struct config_function *function,
                        struct error *err)
{
    static const char *const names[] = {"builtin", "command", "runtime"};
    bool is_given[] = {function->builtin != NULL, function->command != NULL,
                       function->runtime != NULL};
    const void *members[] = {&function->builtin, &function->command, &function->runtime};
    size_t first = ARRAY_LEN(names);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!is_given[i])
            continue;
        if (first < i)
            return check_fail(loader, (struct subject){members[i], SECTION_FUNCTION, function}, err,
                              "%s is given, too; hint: remove one of the two", names[first]);
        first = i;
    }
    if (first < ARRAY_LEN(names))
        return 0;
    return check_fail(loader, whole(function), err,
                      "builtin, command or runtime is missing; hint: builtin: thumbnail, or "
                      "command: [./bootstrap]");
}

int check_function_kind(const struct loader *loader, struct config_function *function,
                        struct error *err)
{
    bool is_builtin = function->builtin != NULL;

    if (check_single(loader, function, err) != 0)
        return -1;
    if (is_builtin && check_no_process(loader, function, err) != 0)
        return -1;
    if (is_builtin && strcmp(function->builtin, "thumbnail") == 0)
        return 0;
    if (check_no_pictures(loader, function, err) != 0)
        return -1;
    return is_builtin ? 0 : check_code(loader, function, err);
}

int check_runtimes(struct loader *loader, struct error *err)
{
    const struct config *c = loader->config;
    struct subject users = {&c->runtime_uid_base, SECTION_RUNTIME, c};

    if (c->runtime_uid_base > 0 && c->runtime_uid_base < FIRST_ORDINARY_USER)
        return check_fail(loader, users, err,
                          "users below %d are those of the system; hint: 60706, or 0 for the "
                          "daemon's",
                          FIRST_ORDINARY_USER);
    for (size_t i = 0; i < c->runtime_count; i++) {
        const struct config_runtime *runtime = &c->runtimes[i];
        struct subject command = {&runtime->command, SECTION_START, runtime};

        if (strcmp(runtime->name, "onput.builtin") == 0)
            return check_fail(loader, (struct subject){NULL, SECTION_START, runtime}, err,
                              "the name is that of the built-in functions");
        if (check_words(loader, command, runtime->command_count, err) != 0)
            return -1;
    }
    return 0;
}
