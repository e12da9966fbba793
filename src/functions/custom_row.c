/*
 * Functions in processes of their own, as rows and back. Private members of a row say what the API
 * has no words for: "_Command" (the words of a declared command), "_Directory" (absolute, of the
 * code of a declared function), "_Store" (whose endpoint it is told) and "_Package" (true: the code
 * is in the package store, below the row's CodeSha256).
 */
#include "functions_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/memory.h"
#include "onput/package_store.h"
#include "onput/start_command.h"
#include "start_private.h"

enum { DOCUMENT_MAX_BYTES = 2 * ROW_MAX_BYTES, MIB = 1024 * 1024 };

static const char *const private_members[] = {"_Command", "_Directory", "_Store", "_Package"};

/* Textual, since it must not depend on what is there: a link stays a link. */
char *absolute_path(const char *path)
{
    AUTO_FREE char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    while (here != NULL && path[0] == '.' && (path[1] == '/' || path[1] == '\0')) {
        path += path[1] == '/' ? 2 : 1;
        while (path[0] == '/')
            path++;
    }
    if (here == NULL)
        return xstrdup(path);
    bool is_root = strcmp(here, "/") == 0;
    return path[0] == '\0' ? xstrdup(here) : xasprintf("%s/%s", is_root ? "" : here, path);
}

/* ---- from the configuration ---- */

static void put_string(struct json_object *o, const char *key, const char *value)
{
    json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *environment_of(const struct config_function *f)
{
    struct json_object *variables = json_object_new_object();
    struct json_object *environment = json_object_new_object();
    for (size_t i = 0; i < f->environment_count; i++)
        put_string(variables, f->environment[i].name, f->environment[i].value);
    json_object_object_add(environment, "Variables", variables);
    return environment;
}

void custom_row_members(const struct config_function *f, struct json_object *given)
{
    put_string(given, "Runtime", f->runtime != NULL ? f->runtime : "provided.al2023");
    put_string(given, "Handler", f->handler != NULL ? f->handler : f->name);
    json_object_object_add(given, "MemorySize",
                           json_object_new_int64((f->memory_bytes + MIB - 1) / MIB));
    put_string(given, "PackageType", "Zip");
    json_object_object_add(given, "Environment", environment_of(f));
}

void custom_row_mark(const struct config_function *f, struct json_object *row)
{
    for (size_t i = 0; i < ARRAY_LEN(private_members); i++)
        json_object_object_del(row, private_members[i]);
    if (f->builtin != NULL)
        return;
    AUTO_FREE char *directory = absolute_path(f->directory);
    if (f->command != NULL) {
        struct json_object *words = json_object_new_array();
        for (size_t i = 0; i < f->command_count; i++)
            json_object_array_add(words, json_object_new_string(f->command[i]));
        json_object_object_add(row, "_Command", words);
    }
    put_string(row, "_Directory", directory);
    if (f->store != NULL)
        put_string(row, "_Store", f->store);
}

/* ---- to settings ---- */

static int package_directory(const struct base *base, struct json_object *row, struct arena *arena,
                             const char **out, struct error *err)
{
    AUTO_BUFFER struct buffer hash = {0};
    struct text encoded;
    buffer_init(&hash, SHA256_BYTES);
    if (json_get_text(row, "CodeSha256", &encoded, err) < 0 ||
        base64_decode(encoded, &hash, err) < 0)
        return -1;
    if (hash.len != SHA256_BYTES)
        return error_set(err, ERROR_INVALID, "CodeSha256 is no hash of a package");
    AUTO_FREE char *path = package_path(base->packages, (const uint8_t *)hash.data);
    *out = arena_strdup(arena, path);
    return 0;
}

static int code_directory(const struct base *base, struct json_object *row, struct arena *arena,
                          const char **out, struct error *err)
{
    struct text declared = json_text(json_at(row, "_Directory"));
    if (json_object_get_boolean(json_at(row, "_Package")))
        return package_directory(base, row, arena, out, err);
    if (declared.len == 0)
        return error_set(err, ERROR_INVALID, "The function has no code.");
    *out = arena_strdup_text(arena, declared);
    return 0;
}

/* A name without a slash is looked for now, on the daemon's PATH and not on the function's. */
static void declared_words(struct json_object *command, struct arena *arena,
                           const char *const **out)
{
    size_t count = json_object_array_length(command);
    const char **words = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        words[i] = arena_strdup_text(arena, json_text(json_object_array_get_idx(command, i)));
    if (count > 0 && strchr(words[0], '/') == NULL) {
        const char *path = start_find_program(words[0], arena);
        words[0] = path != NULL ? path : words[0];
    }
    *out = words;
}

static int find_words(const struct base *base, struct json_object *row, const char *directory,
                      struct arena *arena, const char *const **out, struct error *err)
{
    struct json_object *command = json_at(row, "_Command");
    struct text runtime, handler;
    if (json_get_text(row, "Runtime", &runtime, err) < 0 ||
        json_get_text(row, "Handler", &handler, err) < 0)
        return -1;
    if (json_object_is_type(command, json_type_array)) {
        declared_words(command, arena, out);
        return 0;
    }
    return start_command_resolve(base->config, runtime, handler, directory, arena, out, err);
}

static int put_variables(struct json_object *row, struct json_writer *w, struct error *err)
{
    struct json_object *variables = json_at(row, "Environment.Variables");
    if (variables == NULL)
        return 0;
    if (!json_object_is_type(variables, json_type_object))
        return error_set(err, ERROR_INVALID, "Environment.Variables: %s, not an object",
                         json_type_label(variables));
    json_key(w, "environment");
    json_object_begin(w);
    json_object_object_foreach(variables, name, value)
    {
        if (!json_object_is_type(value, json_type_string))
            return error_set(err, ERROR_INVALID, "Environment.Variables.%s: %s, not a string", name,
                             json_type_label(value));
        json_pair_text(w, name, json_text(value));
    }
    json_object_finish(w);
    return 0;
}

/* As it would stand below functions.NAME; JSON is YAML. */
static int write_document(struct json_object *row, const char *const *words, const char *directory,
                          struct buffer *out, struct error *err)
{
    struct text handler = json_text(json_at(row, "Handler"));
    struct text store = json_text(json_at(row, "_Store"));
    int64_t memory_mib;
    struct json_writer w;
    if (json_find_i64(row, "MemorySize", 128, &memory_mib, err) < 0)
        return -1;
    AUTO_FREE char *memory = xasprintf("%lldMiB", (long long)memory_mib);
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "command");
    json_array_begin(&w);
    for (; *words != NULL; words++)
        json_put_string(&w, *words);
    json_array_finish(&w);
    json_pair_string(&w, "directory", directory);
    json_pair_string(&w, "memory", memory);
    if (handler.len > 0)
        json_pair_text(&w, "handler", handler);
    if (store.len > 0)
        json_pair_text(&w, "store", store);
    if (put_variables(row, &w, err) < 0)
        return -1;
    json_object_finish(&w);
    if (buffer_failed(out))
        return error_set(err, ERROR_LIMIT, "the settings are larger than %d bytes",
                         DOCUMENT_MAX_BYTES);
    return 0;
}

int custom_row_read(const struct base *base, const char *name, struct json_object *row,
                    struct arena *arena, struct config_function *out, struct error *err)
{
    AUTO_BUFFER struct buffer document = {0};
    const char *directory = NULL;
    const char *const *words = NULL;
    struct config_function f = {0};
    buffer_init(&document, DOCUMENT_MAX_BYTES);
    if (code_directory(base, row, arena, &directory, err) < 0 ||
        find_words(base, row, directory, arena, &words, err) < 0 ||
        write_document(row, words, directory, &document, err) < 0 ||
        config_read_function(buffer_text(&document), name, arena, &f, err) < 0)
        return -1;
    f.runtime = arena_strdup_text(arena, json_text(json_at(row, "Runtime")));
    *out = f;
    return 0;
}

/* ---- starting ---- */

int record_can_start(const struct function_record *r, struct error *err)
{
    const struct config_function *f = r->functions[0].config;
    if (f->command == NULL)
        return 0;
    return start_command_find((const char *const *)f->command, f->directory, text_of(f->runtime),
                              err);
}

int record_check_start(const struct function_record *r, struct error *err)
{
    const struct config_function *f = r->functions[0].config;
    const char *const *command = (const char *const *)f->command;
    if (command == NULL)
        return 0;
    if (start_command_check(command, f->directory, text_of(f->runtime), err) < 0)
        return -1;
    return start_command_find_as((uint32_t)r->base->config->runtime_uid_base, command, f->directory,
                                 text_of(f->runtime), err);
}
