/*
 * fuzz_request.h - fuzzed bytes as a request that somebody may have signed: "METHOD path?query" and
 * header lines.
 */
#ifndef ONPUT_TESTS_FUZZ_REQUEST_H
#define ONPUT_TESTS_FUZZ_REQUEST_H

#include "onput/sigv4.h"

enum { FUZZ_MAX_HEADERS = 30 };

/* Everything in it is borrowed from `data` and `headers`. */
static inline struct sigv4_request fuzz_request(const uint8_t *data, size_t size,
                                                struct http_header headers[FUZZ_MAX_HEADERS])
{
    struct text rest = {(const char *)data, size};
    struct text target = text_cut(&rest, '\n');
    struct sigv4_request request = {.headers = headers, .payload_hash = TEXT(SIGV4_EMPTY_SHA256)};

    request.method = text_cut(&target, ' ');
    request.path = text_cut(&target, '?');
    request.query = target;
    while (rest.len && request.header_count < FUZZ_MAX_HEADERS) {
        struct text line = text_cut(&rest, '\n');
        headers[request.header_count++] = (struct http_header){text_cut(&line, ':'), line};
    }
    return request;
}

#endif
