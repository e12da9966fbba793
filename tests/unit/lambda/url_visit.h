/*
 * url_visit.h - makes a URL of the function "f" and sends requests to it.
 */
#ifndef ONPUT_TESTS_URL_VISIT_H
#define ONPUT_TESTS_URL_VISIT_H

#include "invoke_rig.h"

#define URL_CONFIG "/2021-10-31/functions/f/url"

/* A request that nobody signs unless the fixture has a user, and what came back. */
struct visit {
    struct invoke_rig *r;
    char id[64]; /* of f's URL */
    struct api_answer answer;
};

/* Makes the URL and keeps its id. */
void make_url_at(struct visit *v, struct invoke_rig *r, const char *target, const char *body);
/* Statements of f's policy. */
void allow(struct invoke_rig *r, const char *sid, const char *more);
void allow_everybody(struct invoke_rig *r);
/* The URL of AuthType NONE, for everybody; nobody signs any more. `more` are more members. */
void open_url(struct visit *v, struct invoke_rig *r, const char *more);

void go(struct visit *v, const char *method, const char *rest, struct text body,
        const struct http_header *headers, size_t count);
void get(struct visit *v, const char *rest);
struct text header(const struct visit *v, const char *name);
void leave(struct visit *v);

#endif
