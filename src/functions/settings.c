/*
 * From a function's row to its settings. The environment variables of a thumbnail function say what
 * stands below functions.NAME in the configuration; they go through the configuration's own reader,
 * so that both have the same rules. Functions with processes of their own are in custom_row.c.
 */
#include "functions_private.h"

#include <string.h>

#include "onput/memory.h"
#include "onput/start_command.h"

enum { DOCUMENT_MAX_BYTES = ROW_MAX_BYTES + 4096, TIMEOUT_MAX_S = 900 };

static const char *const handlers[] = {"thumbnail", "echo", "context"};

static int check_handler(struct text handler, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
        if (text_is(handler, handlers[i]))
            return 0;
    }
    return error_set(err, ERROR_INVALID,
                     "The handler %.*s does not exist. Handlers of " FUNCTION_RUNTIME
                     " are thumbnail, echo and context.",
                     TEXT_ARGS(text_slice(handler, 0, 128)));
}

/* An environment variable; "" when it is not set. */
static int variable(struct json_object *row, const char *name, struct text *out, struct error *err)
{
    AUTO_FREE char *path = xasprintf("Environment.Variables.%s", name);
    return json_find_text(row, path, TEXT(""), out, err);
}

static int needed_variable(struct json_object *row, const char *name, struct text *out,
                           struct error *err)
{
    if (variable(row, name, out, err) < 0)
        return -1;
    if (out->len == 0)
        return error_set(err, ERROR_INVALID,
                         "The thumbnail function needs the environment "
                         "variable %s.",
                         name);
    return 0;
}

static int put_renditions(struct json_object *row, struct json_writer *w, struct error *err)
{
    AUTO_JSON struct json_object *list = NULL;
    struct text text;
    if (needed_variable(row, "RENDITIONS", &text, err) < 0)
        return -1;
    if (json_parse(text, &list, err) < 0)
        return error_prefix(err, "environment variable RENDITIONS");
    if (!json_object_is_type(list, json_type_array))
        return error_set(err, ERROR_INVALID, "environment variable RENDITIONS: %s, not a list",
                         json_type_label(list));
    json_key(w, "renditions");
    json_put_raw(w, text);
    return 0;
}

static int put_output(struct json_object *row, struct json_writer *w, struct error *err)
{
    static const struct {
        const char *variable, *option;
    } optional[] = {{"OUTPUT_STORE", "store"},
                    {"OUTPUT_KEY", "key"},
                    {"OUTPUT_CACHE_CONTROL", "cache_control"}};
    struct text value;
    if (needed_variable(row, "OUTPUT_BUCKET", &value, err) < 0)
        return -1;
    json_key(w, "output");
    json_object_begin(w);
    json_pair_text(w, "bucket", value);
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        if (variable(row, optional[i].variable, &value, err) < 0)
            return -1;
        if (value.len > 0)
            json_pair_text(w, optional[i].option, value);
    }
    json_object_finish(w);
    return 0;
}

/* JSON is YAML. */
static int write_document(struct json_object *row, struct text handler, struct buffer *out,
                          struct error *err)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_pair_text(&w, "builtin", handler);
    if (text_is(handler, "thumbnail") &&
        (put_renditions(row, &w, err) < 0 || put_output(row, &w, err) < 0))
        return -1;
    json_object_finish(&w);
    if (buffer_failed(out))
        return error_set(err, ERROR_LIMIT, "the environment variables are larger than %d bytes",
                         DOCUMENT_MAX_BYTES);
    return 0;
}

/*
 * What the API does not know comes from the declaration, else from the table's defaults. The API
 * counts seconds: the exact timeout is the declaration's as long as the seconds agree.
 */
static int read_rest(const struct base *base, struct text name, struct json_object *row,
                     struct config_function *out, struct error *err)
{
    const struct config_function *declared = base_declared(base, name);
    int64_t timeout_s;
    if (json_get_i64(row, "Timeout", &timeout_s, err) < 0)
        return -1;
    if (timeout_s < 1 || timeout_s > TIMEOUT_MAX_S)
        return error_set(err, ERROR_INVALID, "Timeout must be between 1 and %d seconds.",
                         TIMEOUT_MAX_S);
    out->timeout_ms = timeout_s * 1000;
    if (declared == NULL)
        return 0;
    if ((declared->timeout_ms + 999) / 1000 == timeout_s)
        out->timeout_ms = declared->timeout_ms;
    out->max_attempts = declared->max_attempts;
    out->backoff_ms = declared->backoff_ms;
    out->backoff_cap_ms = declared->backoff_cap_ms;
    return 0;
}

static bool has_store(const struct base *base, const char *name)
{
    for (size_t i = 0; i < base->config->store_count; i++) {
        if (strcmp(base->config->stores[i].name, name) == 0)
            return true;
    }
    return false;
}

static int check_stores(const struct base *base, const struct config_function *f, struct error *err)
{
    if (f->output_store != NULL && !has_store(base, f->output_store))
        return error_set(err, ERROR_INVALID,
                         "environment variable OUTPUT_STORE: there is no store %s",
                         f->output_store);
    if (f->store != NULL && !has_store(base, f->store))
        return error_set(err, ERROR_INVALID, "there is no store %s", f->store);
    return 0;
}

static int read_builtin(const char *name, struct json_object *row, struct arena *arena,
                        struct config_function *out, struct error *err)
{
    AUTO_BUFFER struct buffer document;
    buffer_init(&document, DOCUMENT_MAX_BYTES);
    struct text handler;
    if (json_get_text(row, "Handler", &handler, err) < 0 || check_handler(handler, err) < 0 ||
        write_document(row, handler, &document, err) < 0)
        return -1;
    if (config_read_function(buffer_text(&document), name, arena, out, err) < 0)
        return error_prefix(err, "environment variables");
    return 0;
}

static int read_kind(const struct base *base, const char *name, struct json_object *row,
                     struct arena *arena, struct config_function *out, struct error *err)
{
    struct text runtime;
    if (json_get_text(row, "Runtime", &runtime, err) < 0)
        return -1;
    if (text_is(runtime, FUNCTION_RUNTIME))
        return read_builtin(name, row, arena, out, err);
    if (json_at(row, "_Command") != NULL || start_command_has(base->config, runtime))
        return custom_row_read(base, name, row, arena, out, err);
    return error_set(err, ERROR_INVALID,
                     "The runtime %.*s is not supported. Use " FUNCTION_RUNTIME
                     ", provided.al2023, python3.N, nodejsN.x or one that the configuration has "
                     "below runtimes.",
                     TEXT_ARGS(text_slice(runtime, 0, 100)));
}

int settings_read(const struct base *base, struct text name, struct json_object *row,
                  struct arena *arena, struct config_function *out, struct error *err)
{
    AUTO_FREE char *name_string = xmemdup_text(name);
    struct config_function f = {0};
    if (read_kind(base, name_string, row, arena, &f, err) < 0 ||
        read_rest(base, name, row, &f, err) < 0 || check_stores(base, &f, err) < 0)
        return -1;
    *out = f;
    return 0;
}
