/*
 * The client object: a curl easy handle with its connection cache, and the process-wide start of
 * libcurl. A call itself is transfer.c.
 */
#include "onput/http_client.h"

#include <pthread.h>
#include <stdlib.h>

#include "httpclient_private.h"
#include "onput/memory.h"

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
}

int http_client_new(const struct http_client_options *options, struct http_client **out,
                    struct error *err)
{
    pthread_once(&curl_once, start_curl);
    CURL *easy = curl_easy_init();
    if (!easy)
        return error_set(err, ERROR_INTERNAL, "libcurl gives no handle.");
    struct http_client *client = xcalloc(1, sizeof(*client));
    client->easy = easy;
    client->ca_file = xstrdup_or_null(options->ca_file);
    client->user_agent =
        xstrdup(options->user_agent ? options->user_agent : "onput/" ONPUT_VERSION);
    client->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 5000;
    client->canceled = options->canceled;
    *out = client;
    return 0;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->easy);
    free(client->ca_file);
    free(client->user_agent);
    free(client);
}

int http_client_perform(struct http_client *client, const struct http_call *call,
                        struct http_reply *out, struct error *err)
{
    struct transfer t = {.client = client, .call = call};
    arena_init(&t.reply.arena);
    if (transfer_run(&t, err)) {
        http_reply_release(&t.reply);
        return -1;
    }
    *out = t.reply;
    return 0;
}

void http_reply_release(struct http_reply *reply)
{
    buffer_release(&reply->body);
    arena_release(&reply->arena);
    reply->headers = NULL;
    reply->header_count = 0;
}

struct text http_reply_header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (text_equal_nocase(reply->headers[i].name, text_of(name)))
            return reply->headers[i].value;
    }
    return TEXT("");
}
