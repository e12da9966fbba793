/*
 * start_command.c - see onput/start_command.h. The table of runtimes, and what is there to start
 * them with: programs are looked for on the daemon's own PATH, clients beside the code first.
 * start_check.c sees whether the result can work.
 */
#include "onput/start_command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "functions_private.h"
#include "onput/fd.h"
#include "onput/json.h"
#include "onput/memory.h"
#include "start_private.h"

enum { WORDS_MAX = 8, MANIFEST_MAX_BYTES = 256 * 1024 };

struct request {
    struct text runtime;
    struct text handler;
    const char *directory;
    struct arena *arena;
};

/* ---- looking for files ---- */

bool start_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool start_is_program(const char *path)
{
    return start_is_file(path) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

const char *start_find_program(const char *name, struct arena *arena)
{
    struct text rest = text_of(getenv("PATH"));
    while (rest.len > 0) {
        struct text folder = text_cut(&rest, ':');
        if (!text_starts_with(folder, TEXT("/")))
            continue;
        const char *path = arena_printf(arena, "%.*s/%s", TEXT_ARGS(folder), name);
        if (start_is_program(path))
            return path;
    }
    return NULL;
}

/* What is not there keeps its name, for start_command_check() to complain of. */
static const char *program(const char *name, struct arena *arena)
{
    const char *path = start_find_program(name, arena);
    return path != NULL ? path : name;
}

/* ---- the rows ---- */

static void provided_words(const struct request *r, const char **words)
{
    words[0] = arena_printf(r->arena, "%s/bootstrap", r->directory);
}

static void python_words(const struct request *r, const char **words)
{
    const char *exact = arena_strdup_text(r->arena, r->runtime);
    const char *path = start_find_program(exact, r->arena);
    if (path == NULL)
        path = start_find_program("python3", r->arena);
    words[0] = path != NULL ? path : exact;
    words[1] = "-m";
    words[2] = START_PYTHON_CLIENT;
    words[3] = arena_strdup_text(r->arena, r->handler);
}

/* Of "bin": a path, or paths by name. */
static struct text script_of(struct json_object *manifest)
{
    struct json_object *bin = json_at(manifest, "bin");
    if (json_object_is_type(bin, json_type_object))
        bin = json_at(bin, START_NODE_CLIENT);
    return json_text(bin);
}

/* Below its package, wherever the manifest points. */
static bool is_inside(struct text script)
{
    if (script.len == 0 || script.ptr[0] == '/' || memchr(script.ptr, '\0', script.len) != NULL)
        return false;
    for (struct text rest = script; rest.len > 0;)
        if (text_is(text_cut(&rest, '/'), ".."))
            return false;
    return true;
}

/* The script of the client that lies beside the code, or NULL. */
static const char *node_script(const struct request *r)
{
    const char *package =
        arena_printf(r->arena, "%s/node_modules/" START_NODE_CLIENT, r->directory);
    const char *path = arena_printf(r->arena, "%s/package.json", package);
    AUTO_BUFFER struct buffer text = {0};
    AUTO_JSON struct json_object *manifest = NULL;
    struct error ignored = {0};
    buffer_init(&text, MANIFEST_MAX_BYTES);
    if (!start_is_file(path) || file_read(path, &text, &ignored) < 0 ||
        json_parse(buffer_text(&text), &manifest, &ignored) < 0)
        return NULL;
    struct text script = script_of(manifest);
    return is_inside(script) ? arena_printf(r->arena, "%s/%.*s", package, TEXT_ARGS(script)) : NULL;
}

static void node_words(const struct request *r, const char **words)
{
    const char *script = node_script(r);
    size_t n = 0;
    if (script != NULL) {
        words[n++] = program("node", r->arena);
        words[n++] = script;
    } else {
        words[n++] = program(START_NODE_CLIENT, r->arena);
    }
    words[n] = arena_strdup_text(r->arena, r->handler);
}

static const struct {
    const char *before; /* digits may stand between the two when `after` is there */
    const char *after;
    void (*words)(const struct request *r, const char **words);
} rows[] = {
    {"provided.al2", NULL, provided_words},
    {"provided.al2023", NULL, provided_words},
    {"python3.", "", python_words},
    {"nodejs", ".x", node_words},
};

static bool is_number(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return false;
    return t.len >= 1 && t.len <= 3;
}

static bool suits(size_t row, struct text runtime)
{
    struct text before = text_of(rows[row].before), after = text_of(rows[row].after);
    if (rows[row].after == NULL)
        return text_equal(runtime, before);
    return runtime.len > before.len + after.len && text_starts_with(runtime, before) &&
           text_ends_with(runtime, after) &&
           is_number(text_slice(runtime, before.len, runtime.len - after.len));
}

/* ---- the configuration's own ---- */

static const struct config_runtime *configured(const struct config *config, struct text runtime)
{
    for (size_t i = 0; i < config->runtime_count; i++)
        if (text_is(runtime, config->runtimes[i].name))
            return &config->runtimes[i];
    return NULL;
}

static const char *fill(const struct request *r, const char *word)
{
    AUTO_BUFFER struct buffer out = {0};
    struct text rest = text_of(word);
    buffer_init(&out, 64 * 1024);
    while (rest.len > 0) {
        size_t len = text_find(rest, '{');
        buffer_append_text(&out, text_slice(rest, 0, len));
        rest = text_slice(rest, len, rest.len);
        if (text_starts_with(rest, TEXT("{handler}"))) {
            buffer_append_text(&out, r->handler);
            rest = text_slice(rest, strlen("{handler}"), rest.len);
        } else if (text_starts_with(rest, TEXT("{directory}"))) {
            buffer_append_string(&out, r->directory);
            rest = text_slice(rest, strlen("{directory}"), rest.len);
        } else if (rest.len > 0) {
            buffer_append_char(&out, '{');
            rest = text_slice(rest, 1, rest.len);
        }
    }
    return arena_strdup_text(r->arena, buffer_text(&out));
}

static const char *const *configured_words(const struct request *r,
                                           const struct config_runtime *row)
{
    const char **words = ARENA_ARRAY(r->arena, const char *, row->command_count + 1);
    for (size_t i = 0; i < row->command_count; i++)
        words[i] = fill(r, row->command[i]);
    if (row->command_count > 0 && strchr(words[0], '/') == NULL)
        words[0] = program(words[0], r->arena);
    return words;
}

bool start_command_has(const struct config *config, struct text runtime)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (suits(i, runtime))
            return true;
    return configured(config, runtime) != NULL;
}

int start_command_resolve(const struct config *config, struct text runtime, struct text handler,
                          const char *directory, struct arena *arena, const char *const **out,
                          struct error *err)
{
    AUTO_FREE char *absolute = absolute_path(directory);
    const struct request r = {runtime, handler, arena_strdup(arena, absolute), arena};
    const struct config_runtime *own = configured(config, runtime);
    if (own != NULL) {
        *out = configured_words(&r, own);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!suits(i, runtime))
            continue;
        const char **words = ARENA_ARRAY(arena, const char *, WORDS_MAX);
        rows[i].words(&r, words);
        *out = words;
        return 0;
    }
    return error_set(err, ERROR_UNSUPPORTED, "there is no start command for the runtime %.*s",
                     TEXT_ARGS(text_slice(runtime, 0, 100)));
}
