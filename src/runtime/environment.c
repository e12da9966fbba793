/*
 * The environment of a process, made from nothing: of the daemon's own it has PATH alone.
 *
 * What says which function it is, where its Runtime API is and whose keys it has is onput's word;
 * everything else (PATH, TZ, endpoints, ...) the function's own variables may replace.
 *
 * botocore has no variable for S3's path style; it uses it by itself where the endpoint is an
 * address, and other SDKs have to be told in code.
 *
 * Source: AWS Lambda Developer Guide, "Defined runtime environment variables".
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onput/encoding.h"
#include "runtime_private.h"

enum {
    OWN_MAX = 40, /* variables that this file makes */
    BYTES_PER_MB = 1024 * 1024,
    DEFAULT_MEMORY_MB = 128,
};

struct list {
    struct arena *arena;
    char **items;
    size_t count;
};

/* Is there one of that name already? */
static bool has(const struct list *l, const char *name, size_t len)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strncmp(l->items[i] + 1, name, len) == 0 && l->items[i][len + 1] == '=')
            return true;
    }
    return false;
}

/* Whoever comes first stays. "+": not for onput-runner, see onput/runner_protocol.h. */
static void put(struct list *l, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void put(struct list *l, const char *name, const char *fmt, ...)
{
    va_list ap;
    char *value = NULL;
    if (has(l, name, strlen(name)))
        return;
    va_start(ap, fmt);
    BUG_ON(vasprintf(&value, fmt, ap) < 0);
    va_end(ap);
    l->items[l->count++] = arena_printf(l->arena, "+%s=%s", name, value);
    free(value);
}

static void put_string(struct list *l, const char *name, const char *value_or_null)
{
    if (value_or_null != NULL)
        put(l, name, "%s", value_or_null);
}

/* ---- what the function cannot replace ---- */

static void put_log_stream(struct list *l, const struct environment_parts *p)
{
    uint8_t bytes[16];
    char hex[2 * sizeof(bytes) + 1];
    char date[TIME_TEXT_BYTES];
    random_bytes(bytes, sizeof(bytes));
    hex_encode(bytes, sizeof(bytes), hex);
    time_format_basic(p->now_ms, date);
    put(l, "AWS_LAMBDA_LOG_STREAM_NAME", "%.4s/%.2s/%.2s/[%.*s]%s", date, date + 4, date + 6,
        TEXT_ARGS(p->function->version), hex);
    put(l, "AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/%.*s", TEXT_ARGS(p->function->name));
}

static void put_identity(struct list *l, const struct environment_parts *p)
{
    const struct config_function *c = p->function->config;
    int64_t memory = c->memory_bytes / BYTES_PER_MB;
    put(l, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:%u", p->port);
    put(l, "_HANDLER", "%s", c->handler != NULL ? c->handler : c->name);
    put_string(l, "LAMBDA_TASK_ROOT", c->directory);
    /* Where `bootstrap` is; there is no folder with a runtime of ours. */
    put_string(l, "LAMBDA_RUNTIME_DIR", c->directory);
    put(l, "AWS_LAMBDA_FUNCTION_NAME", "%.*s", TEXT_ARGS(p->function->name));
    put(l, "AWS_LAMBDA_FUNCTION_VERSION", "%.*s", TEXT_ARGS(p->function->version));
    put(l, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "%" PRId64, memory > 0 ? memory : DEFAULT_MEMORY_MB);
    put(l, "AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    if (c->runtime != NULL && !text_starts_with(text_of(c->runtime), TEXT("provided")))
        put(l, "AWS_EXECUTION_ENV", "AWS_Lambda_%s", c->runtime);
    put_log_stream(l, p);
}

/* The region for which S3 calls are signed: the store's, when there is one. */
static void put_region(struct list *l, const struct environment_parts *p, const struct store *store)
{
    struct text region = store != NULL && store->config->region != NULL
                             ? text_of(store->config->region)
                             : catalog_region(p->catalog);
    put(l, "AWS_REGION", "%.*s", TEXT_ARGS(region));
    put(l, "AWS_DEFAULT_REGION", "%.*s", TEXT_ARGS(region));
}

/* Plain variables where keys have no end, because not every SDK asks an endpoint; else that. */
static void put_keys(struct list *l, const struct environment_parts *p, const struct store *store)
{
    struct credentials *lent =
        store != NULL ? catalog_lent_credentials(p->catalog, p->function, store) : NULL;
    struct sigv4_key key = {TEXT(""), TEXT(""), TEXT("")};
    int64_t ignored_ms;
    if (p->access_key != NULL) {
        put(l, "AWS_ACCESS_KEY_ID", "%s", p->access_key);
        put_string(l, "AWS_SECRET_ACCESS_KEY", p->secret_key);
    } else if (lent != NULL && credentials_are_temporary(lent)) {
        put(l, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:%u/credentials/%s", p->port,
            p->token);
        put(l, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "%s", p->token);
    } else if (lent != NULL &&
               credentials_peek(lent, l->arena, &key, &ignored_ms) != CREDENTIALS_NONE) {
        put(l, "AWS_ACCESS_KEY_ID", "%s", key.access_key.ptr);
        put(l, "AWS_SECRET_ACCESS_KEY", "%s", key.secret_key.ptr);
        if (key.session_token.len > 0)
            put(l, "AWS_SESSION_TOKEN", "%s", key.session_token.ptr);
    }
}

/* ---- what it can ---- */

static void put_variables(struct list *l, const struct config_function *c)
{
    for (size_t i = 0; i < c->environment_count; i++)
        put_string(l, c->environment[i].name, c->environment[i].value);
}

static void put_defaults(struct list *l, const struct environment_parts *p,
                         const struct store *store)
{
    const struct config_function *c = p->function->config;
    const char *path = getenv("PATH");
    put(l, "PATH", "%s", path != NULL && *path != '\0' ? path : "/usr/local/bin:/usr/bin:/bin");
    put(l, "TMPDIR", "%s", p->temporary);
    put(l, "HOME", "%s", p->temporary);
    put(l, "LANG", "C.UTF-8"); /* en_US.UTF-8 is not on every machine */
    put(l, "TZ", ":UTC");
    /* As on AWS: libraries of the package are found. */
    if (c->directory != NULL)
        put(l, "LD_LIBRARY_PATH", "%s:%s/lib", c->directory, c->directory);
    if (store != NULL) {
        put_string(l, "AWS_ENDPOINT_URL_S3", store->config->endpoint);
        put_string(l, "AWS_ENDPOINT_URL", store->config->endpoint);
    }
    /* An SDK without keys fails at once instead of asking for a machine of AWS. */
    put(l, "AWS_EC2_METADATA_DISABLED", "true");
}

char **environment_make(const struct environment_parts *p, struct arena *arena)
{
    const struct config_function *c = p->function->config;
    const struct store *store = catalog_function_store(p->catalog, p->function);
    struct list l = {.arena = arena,
                     .items = ARENA_ARRAY(arena, char *, c->environment_count + OWN_MAX)};
    put_identity(&l, p);
    put_region(&l, p, store);
    put_keys(&l, p, store);
    put_variables(&l, c);
    put_defaults(&l, p, store);
    BUG_ON(l.count >= c->environment_count + OWN_MAX);
    return l.items;
}
