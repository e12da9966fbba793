/*
 * One signed call of the running daemon's Lambda API, as one of the configuration's users.
 */
#include "cli_private.h"

#include <string.h>

#include "onput/encoding.h"
#include "onput/hash.h"
#include "onput/memory.h"
#include "onput/sigv4.h"

/* Up to 15 minutes of waiting for a process, and 15 of running. */
enum { LAMBDA_MAX_ANSWER_BYTES = 8 * 1024 * 1024, LAMBDA_TIMEOUT_MS = 1830000 };

static const struct config_user *choose_user(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->user_count; i++) {
        const struct config_user *u = &config->users[i];
        if (name != NULL ? strcmp(u->name, name) == 0 : u->root)
            return u;
    }
    return name == NULL && config->user_count > 0 ? &config->users[0] : NULL;
}

static int find_user(const struct config *config, const char *name, const struct config_user **out,
                     struct error *err)
{
    *out = choose_user(config, name);
    if (*out != NULL)
        return 0;
    if (name != NULL)
        return error_set(err, ERROR_NOT_FOUND, "there is no users.%s in the configuration", name);
    return error_set(err, ERROR_NOT_FOUND,
                     "the configuration names nobody who may call: add one below users:, with "
                     "access_key, secret_key and root: true");
}

/* Host, date, perhaps a token, the caller's own, and the signature over all of them. */
static int sign(const struct catalog *catalog, const struct config_user *user, const char *host,
                const char *path, const struct lambda_request *request, struct arena *arena,
                struct http_header **out, size_t *out_count, struct error *err)
{
    char date[TIME_TEXT_BYTES], hash[SHA256_HEX_BYTES];
    int64_t now_ms = clock_wall_ms(clock_system());
    struct http_header *headers = ARENA_ARRAY(arena, struct http_header, request->header_count + 4);
    size_t count = 0;
    headers[count++] = (struct http_header){TEXT("host"), text_of(host)};
    headers[count++] = (struct http_header){
        TEXT("x-amz-date"), arena_text(arena, text_of(time_format_basic(now_ms, date)))};
    if (user->session_token != NULL)
        headers[count++] =
            (struct http_header){TEXT("x-amz-security-token"), text_of(user->session_token)};
    for (size_t i = 0; i < request->header_count; i++)
        headers[count++] = request->headers[i];
    struct sigv4_request signed_request = {
        .method = TEXT("POST"),
        .path = text_of(path),
        .query = TEXT(""),
        .headers = headers,
        .header_count = count,
        .payload_hash = text_of(sha256_hex(request->body.ptr, request->body.len, hash)),
    };
    struct sigv4_key key = {text_of(user->access_key), text_of(user->secret_key),
                            text_of(user->session_token)};
    struct sigv4_scope scope = {catalog_region(catalog), TEXT("lambda"), now_ms};
    struct text authorization;
    if (sigv4_sign(&signed_request, &key, &scope, arena, &authorization, NULL, err) < 0)
        return -1;
    headers[count++] = (struct http_header){TEXT("authorization"), authorization};
    *out = headers;
    *out_count = count;
    return 0;
}

static int perform(const struct http_call *call, struct http_reply *out, struct error *err)
{
    struct http_client *client = NULL;
    struct http_client_options options = {.user_agent = "onput/" ONPUT_VERSION};
    if (http_client_new(&options, &client, err) < 0)
        return -1;
    int result = http_client_perform(client, call, out, err);
    http_client_free(client);
    if (result < 0)
        return error_prefix(err,
                            "cannot ask the daemon at %s (is onput serve running with this "
                            "configuration?)",
                            call->url);
    return 0;
}

int lambda_invoke(const struct catalog *catalog, const struct lambda_request *request,
                  struct http_reply *out, struct error *err)
{
    const struct config *config = catalog_config(catalog);
    const struct config_user *user;
    if (find_user(config, request->user, &user, err) < 0)
        return -1;
    AUTO_ARENA struct arena arena;
    AUTO_BUFFER struct buffer path;
    arena_init(&arena);
    buffer_init(&path, 4096);
    buffer_append_string(&path, "/2015-03-31/functions/");
    buffer_append_uri(&path, text_of(request->function), false);
    buffer_append_string(&path, "/invocations");
    if (buffer_failed(&path))
        return error_set(err, ERROR_LIMIT, "the function's name is too long");
    const char *host = cli_host(config->listen_address, config->listen_port, &arena);
    struct http_call call = {
        .method = "POST",
        .url = arena_printf(&arena, "http://%s%s", host, path.data),
        .body = request->body,
        .max_body_bytes = LAMBDA_MAX_ANSWER_BYTES,
        .timeout_ms = LAMBDA_TIMEOUT_MS,
        .stall_timeout_ms = LAMBDA_TIMEOUT_MS,
    };
    struct http_header *headers;
    if (sign(catalog, user, host, path.data, request, &arena, &headers, &call.header_count, err) <
        0)
        return -1;
    call.headers = headers;
    return perform(&call, out, err);
}
