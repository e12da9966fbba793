/*
 * load.h - a load generator: keep-alive connections that send as fast as they are answered, from a
 * process of its own.
 */
#ifndef ONPUT_BENCH_LOAD_H
#define ONPUT_BENCH_LOAD_H

#include <stdint.h>

enum { LOAD_REQUEST_BYTES = 8192 };

struct load_options {
    uint16_t port;
    int connections;
    int seconds;
    /* Writes the request number `serial` and returns its length. */
    size_t (*write_request)(void *ctx, unsigned long long serial, char out[LOAD_REQUEST_BYTES]);
    void *ctx;
};

struct load_result {
    int64_t answered; /* with 200 */
    int64_t refused;  /* with anything else */
    double seconds;
    double p50_ms, p99_ms;
};

/* Ends the program on a broken connection. */
struct load_result load_run(const struct load_options *options);

#endif
