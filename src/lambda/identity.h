/*
 * identity.h - the pure half of authorisation: what is asked, what the policies say, and in which
 * words AWS refuses. authorise.c; identity.c takes it from a call and answers.
 */
#ifndef ONPUT_LAMBDA_IDENTITY_H
#define ONPUT_LAMBDA_IDENTITY_H

#include "lambda_private.h"

struct question {
    const struct caller *caller;
    const struct catalog *catalog;
    const char *action;
    struct text resource;        /* with or without ":$LATEST", which means the same */
    const struct policy *policy; /* of the resource; NULL: it has none */
    const struct policy_context *extra;
    size_t extra_count;
    /* what is known of the request */
    struct text peer;
    struct text user_agent;
    int64_t now_ms;
};

struct policy_decision question_decide(const struct question *q);
/* For a decision that is no POLICY_ALLOW. */
const char *question_refusal(const struct question *q, struct policy_decision decision,
                             struct arena *arena);

#endif
