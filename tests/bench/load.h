/*
 * load.h - a load generator: keep-alive connections that POST notifications as fast as they are
 * answered, from a process of its own.
 */
#ifndef ONPUT_BENCH_LOAD_H
#define ONPUT_BENCH_LOAD_H

#include <stdint.h>

struct load_options {
    uint16_t port;
    const char *path;
    const char *token;
    int connections;
    int seconds;
};

struct load_result {
    int64_t answered; /* with 200 */
    int64_t refused;  /* with anything else */
    double seconds;
    double p50_ms, p99_ms;
};

/* Every event is another object. Ends the program on a broken connection. */
struct load_result load_run(const struct load_options *options);

#endif
