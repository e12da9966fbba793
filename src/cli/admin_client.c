/*
 * The verbs that look at the queue ask the running daemon: its database has one owner.
 */
#include "cli_private.h"

#include "onput/memory.h"

enum { ADMIN_MAX_ANSWER_BYTES = 64 * 1024 * 1024 };

static int judge(const struct http_reply *reply, struct json_object **out, struct error *err)
{
    struct json_object *answer = NULL;
    struct error parse_err = {0};
    if (json_parse(buffer_text(&reply->body), &answer, &parse_err) < 0)
        return error_set(err, ERROR_PROTOCOL, "the answer is not onput's: %s", parse_err.message);
    if (reply->status == 200) {
        *out = answer;
        return 0;
    }
    struct text message = TEXT("no reason given");
    struct error ignored = {0};
    if (json_find_text(answer, "message", message, &message, &ignored) < 0)
        message = TEXT("no reason given");
    error_set(err, reply->status == 404 ? ERROR_NOT_FOUND : ERROR_UNAVAILABLE,
              "the daemon answers %d: %.*s", reply->status, TEXT_ARGS(message));
    json_object_put(answer);
    return -1;
}

static int call(struct http_client *client, const struct config *config, const char *method,
                const char *url, struct json_object **out, struct error *err)
{
    AUTO_FREE char *authorization =
        config->admin_token != NULL ? xasprintf("Bearer %s", config->admin_token) : NULL;
    const struct http_header header = {TEXT("Authorization"), text_of(authorization)};
    struct http_call request = {
        .method = method,
        .url = url,
        .headers = &header,
        .header_count = authorization != NULL ? 1 : 0,
        .body = TEXT(""),
        .max_body_bytes = ADMIN_MAX_ANSWER_BYTES,
    };
    struct http_reply reply = {0};
    if (http_client_perform(client, &request, &reply, err) < 0)
        return error_prefix(err,
                            "cannot ask the daemon at %s (is onput serve running with this "
                            "configuration?)",
                            url);
    int result = judge(&reply, out, err);
    http_reply_release(&reply);
    return result;
}

int admin_call(const struct config *config, const char *method, const char *path,
               struct json_object **out, struct error *err)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    const char *url = arena_printf(
        &arena, "http://%s%s", cli_host(config->admin_address, config->admin_port, &arena), path);
    struct http_client *client = NULL;
    struct http_client_options options = {.user_agent = "onput/" ONPUT_VERSION};
    if (http_client_new(&options, &client, err) < 0)
        return -1;
    int result = call(client, config, method, url, out, err);
    http_client_free(client);
    return result;
}
