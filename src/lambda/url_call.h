/*
 * url_call.h - one request to a function's URL: url_front.c lets it in and answers what is whole,
 * url_stream.c answers while the function runs.
 */
#ifndef ONPUT_LAMBDA_URL_CALL_H
#define ONPUT_LAMBDA_URL_CALL_H

#include "invoke_private.h"
#include "url_private.h"

/* In its request's arena. */
struct url_call {
    struct invoker_call work; /* first */
    struct lambda_call *call;
    const struct function_record *record;
    struct text qualifier;
    struct json_object *config; /* the URL's row; the call's input, and released with it */
    struct json_object *cors;   /* in it, or NULL */
    struct url_request request;
    struct url_identity identity;
    struct text resource; /* ARN as addressed: with the alias */
};

/* ---- url_front.c ---- */

enum { URL_ALL_HEADERS_MAX = URL_HEADERS_MAX + URL_CORS_HEADERS_MAX + 1 };

/* The function's response with the server's own headers, without its body. The headers are in
 * `out`. */
struct http_response url_call_head(const struct url_call *u, const struct url_response *response,
                                   struct http_header out[URL_ALL_HEADERS_MAX]);
/* Answers with an outcome that is whole. */
void url_call_answer(struct url_call *u, const struct outcome *outcome);
/* 502: the function failed, or its result is no response. */
void url_call_fail(struct url_call *u);
void url_call_refuse(struct url_call *u, enum invoker_verdict verdict);
/* Logs why a result is no response. */
void url_call_blame(const struct invoker_call *work, const struct error *err);

/* ---- url_stream.c ---- */

/* For InvokeMode RESPONSE_STREAM. u->work is filled in but for done(). */
void url_stream_submit(struct url_call *u);

#endif
