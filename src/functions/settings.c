/*
 * From a function's row to its settings. The environment variables of a thumbnail function say what
 * stands below functions.NAME in the configuration; they go through the configuration's own reader,
 * so that both have the same rules.
 */
#include "functions_private.h"

#include <string.h>

#include "onput/memory.h"

enum { DOCUMENT_MAX_BYTES = ROW_MAX_BYTES + 4096, TIMEOUT_MAX_S = 900 };

static const char *const handlers[] = {"thumbnail", "echo", "context"};

static int read_handler(struct json_object *row, struct text *out, struct error *err)
{
    struct text runtime;
    if (json_get_text(row, "Runtime", &runtime, err) < 0 ||
        json_get_text(row, "Handler", out, err) < 0)
        return -1;
    if (!text_is(runtime, FUNCTION_RUNTIME))
        return error_set(err, ERROR_INVALID,
                         "The runtime %.*s is not supported. Use " FUNCTION_RUNTIME ".",
                         TEXT_ARGS(text_slice(runtime, 0, 100)));
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
        if (text_is(*out, handlers[i]))
            return 0;
    }
    return error_set(err, ERROR_INVALID,
                     "The handler %.*s does not exist. Handlers of " FUNCTION_RUNTIME
                     " are thumbnail, echo and context.",
                     TEXT_ARGS(text_slice(*out, 0, 128)));
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

static int check_store(const struct base *base, const struct config_function *f, struct error *err)
{
    if (f->output_store == NULL)
        return 0;
    for (size_t i = 0; i < base->config->store_count; i++) {
        if (strcmp(base->config->stores[i].name, f->output_store) == 0)
            return 0;
    }
    return error_set(err, ERROR_INVALID, "environment variable OUTPUT_STORE: there is no store %s",
                     f->output_store);
}

int settings_read(const struct base *base, struct text name, struct json_object *row,
                  struct arena *arena, struct config_function *out, struct error *err)
{
    AUTO_BUFFER struct buffer document;
    buffer_init(&document, DOCUMENT_MAX_BYTES);
    AUTO_FREE char *name_string = xmemdup_text(name);
    struct config_function f = {0};
    struct text handler;
    if (read_handler(row, &handler, err) < 0 || write_document(row, handler, &document, err) < 0)
        return -1;
    if (config_read_function(buffer_text(&document), name_string, arena, &f, err) < 0)
        return error_prefix(err, "environment variables");
    if (read_rest(base, name, row, &f, err) < 0 || check_store(base, &f, err) < 0)
        return -1;
    *out = f;
    return 0;
}
