/* call.h - one client against one scripted server, for the tests of the HTTP client. */
#ifndef ONPUT_TESTS_HTTPCLIENT_CALL_H
#define ONPUT_TESTS_HTTPCLIENT_CALL_H

#include "support/test.h"

#include "onput/http_client.h"
#include "support/scripted_server.h"

enum { CALL_MAX_BODY = 1024 * 1024 };

struct call_fixture {
    struct scripted_server *server;
    struct http_client *client;
    struct http_reply reply;
    struct error err;
    atomic_bool canceled;
    char url[256];
};

static inline void call_start(struct call_fixture *f, const struct scripted_reply *replies,
                              size_t count)
{
    *f = (struct call_fixture){0};
    struct http_client_options options = {.canceled = &f->canceled};
    f->server = scripted_server_start(replies, count);
    assert_ok(http_client_new(&options, &f->client, &f->err), &f->err);
}

static inline void call_stop(struct call_fixture *f)
{
    http_reply_release(&f->reply);
    http_client_free(f->client);
    scripted_server_stop(f->server);
}

/* A call on the server with everything else left to the test. */
static inline struct http_call call_to(struct call_fixture *f, const char *method, const char *path)
{
    snprintf(f->url, sizeof(f->url), "%s%s", scripted_server_url(f->server), path);
    return (struct http_call){.method = method, .url = f->url, .max_body_bytes = CALL_MAX_BODY};
}

static inline int call_perform(struct call_fixture *f, const struct http_call *call)
{
    http_reply_release(&f->reply);
    f->reply = (struct http_reply){0};
    f->err = (struct error){0};
    return http_client_perform(f->client, call, &f->reply, &f->err);
}

static inline int call_get(struct call_fixture *f)
{
    struct http_call call = call_to(f, "GET", "/");
    return call_perform(f, &call);
}

#endif
