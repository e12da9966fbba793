/* httpclient_private.h - what the three files of the HTTP client share. */
#ifndef ONPUT_HTTPCLIENT_PRIVATE_H
#define ONPUT_HTTPCLIENT_PRIVATE_H

#include <curl/curl.h>

#include "onput/http_client.h"

enum {
    HTTP_MAX_REPLY_HEADERS = 256,
    HTTP_MAX_REPLY_HEADER_BYTES = 64 * 1024, /* S3 metadata is 2 KiB; the rest is a margin */
    HTTP_MAX_URL_BYTES = 16 * 1024,
};

struct http_client {
    CURL *easy;
    char *ca_file;
    char *user_agent;
    int connect_timeout_ms;
    const atomic_bool *canceled;
};

/* One call while it runs. */
struct transfer {
    struct http_client *client;
    const struct http_call *call;
    struct http_reply reply;
    struct error failure; /* set by a callback that ended the transfer */
    size_t header_bytes;
    bool has_whole_head; /* the empty line behind the final headers was seen */
    size_t body_bytes;
    bool body_is_cut; /* an error answer longer than we want to know */
    int64_t stall_timeout_ms;
    int64_t last_activity_ms;
    curl_off_t last_bytes;
};

/* One call on a prepared handle; the answer is in t->reply, which stays the transfer's. */
int transfer_run(struct transfer *t, struct error *err);

/* The request's header lines for curl, or NULL and *err. The caller frees the list. */
struct curl_slist *headers_build(const struct http_call *call, struct error *err);
/* Takes one line as curl hands it over: status line, field or the empty line. -1: t->failure is
 * set. */
int headers_take_line(struct transfer *t, struct text line);

#endif
