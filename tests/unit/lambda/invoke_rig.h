/*
 * invoke_rig.h - the API's fixture with an invoker whose executor does as the test says, and an
 * intake whose rows the test sees.
 *
 * Until it is told otherwise a function returns its event.
 */
#ifndef ONPUT_TESTS_INVOKE_RIG_H
#define ONPUT_TESTS_INVOKE_RIG_H

#include <pthread.h>

#include "lambda_fixture.h"

enum { RIG_PAYLOAD_BYTES = 64 * 1024 };

struct invoke_rig {
    struct lambda_fixture f; /* first: *state of cmocka is one, too */
    struct executor executor;

    /* What functions do. */
    const char *result;  /* NULL: the event */
    size_t result_bytes; /* so many bytes of a JSON text instead, when not 0 */
    const char *log;
    enum error_code fails;
    /* A process that writes pieces: to whoever wants a stream, else whole. Each waits until
     * `allowed` counts it, unless that is negative. */
    const struct text *pieces;
    size_t piece_count;
    const char *content_type;
    atomic_int allowed;

    /* What the last one was told. */
    int runs;
    char request_id[37];
    char version[64];
    char arn[256];
    char payload[RIG_PAYLOAD_BYTES];
    char client_context[4096];
    char trace_id[TRACE_ID_BYTES];
    bool had_stream;
    int unheard; /* pieces that nobody wanted */

    /* The queue: what it says to a row, and the last row. */
    enum error_code queue_fails;
    int queued;
    char queued_function[128];
    char queued_payload[4096];
    char queued_id[37];
};

int invoke_rig_setup(void **state);
/* The same with a configuration of the test's own. */
int invoke_rig_setup_with(void **state, const char *yaml);
int invoke_rig_teardown(void **state);

#endif
