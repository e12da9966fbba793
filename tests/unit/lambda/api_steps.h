/*
 * api_steps.h - tables of calls to the Lambda API and what they have to answer.
 *
 *   static const struct api_step steps[] = {
 *       {"PUT", "/2017-10-31/functions/f/concurrency", "{\"ReservedConcurrentExecutions\":7}", 200,
 *        NULL, "{\"ReservedConcurrentExecutions\":7}"},
 *   };
 *   api_steps(f, steps, ARRAY_LEN(steps));
 */
#ifndef ONPUT_TESTS_API_STEPS_H
#define ONPUT_TESTS_API_STEPS_H

#include "json_expect.h"
#include "lambda_fixture.h"

struct api_step {
    const char *method;
    const char *target;
    const char *body; /* or NULL */
    int status;
    const char *error;  /* x-amzn-ErrorType; NULL: there must be none */
    const char *answer; /* see json_expect.h; "": nothing; NULL: whatever it is */
};

void api_step(struct lambda_fixture *f, const struct api_step *step);
void api_steps(struct lambda_fixture *f, const struct api_step *steps, size_t count);

/* A string of the answer to GET; the caller frees it. */
char *api_member(struct lambda_fixture *f, const char *target, const char *path);

/*
 * Setup and teardown of cmocka: *state is a struct lambda_fixture with the functions "f" (version
 * 1, alias "live" of it) and "g". The configuration has the user "bob" and the role "reader", too.
 */
int api_steps_setup(void **state);
int api_steps_teardown(void **state);
/* The same folder under another configuration: STEPS_YAML and more; as after a restart. */
void api_restart(struct lambda_fixture *f, const char *yaml);

#define STEPS_YAML                                                                                 \
    FIXTURE_YAML                                                                                   \
    "  bob: {access_key: AKIABOB, secret_key: secret-of-bob}\n"                                    \
    "roles:\n"                                                                                     \
    "  reader: {policy: {Version: '2012-10-17', Statement: []}}\n"

#endif
