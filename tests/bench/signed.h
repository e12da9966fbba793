/*
 * signed.h - a request of the Lambda API for the load generator, signed once: a signature is good
 * for 15 minutes.
 */
#ifndef ONPUT_BENCH_SIGNED_H
#define ONPUT_BENCH_SIGNED_H

#include <stddef.h>

#include "load.h"

/* The user of the configuration who signs. */
#define SIGNED_ACCESS_KEY "AKIABENCH"
#define SIGNED_SECRET_KEY "bench-user-secret"

struct signed_request {
    char bytes[LOAD_REQUEST_BYTES];
    size_t len;
};

void signed_request_make(const char *path, const char *payload, struct signed_request *out);
/* For struct load_options; ctx is a struct signed_request. */
size_t signed_request_write(void *ctx, unsigned long long serial, char out[LOAD_REQUEST_BYTES]);

#endif
