/* sigv4_case.h - one folder of fixtures/sigv4: a request, its context and the expected
 * intermediates. */
#ifndef ONPUT_TESTS_SIGV4_CASE_H
#define ONPUT_TESTS_SIGV4_CASE_H

#include "onput/arena.h"
#include "onput/sigv4.h"

struct sigv4_case {
    struct arena arena; /* owns everything below */
    struct sigv4_request request;
    struct sigv4_key key;
    struct sigv4_scope scope;
    int64_t presign_s; /* 0: signature in a header */
    struct text canonical_request;
    struct text string_to_sign;
    struct text signature;
};

void sigv4_case_load(const char *name, struct sigv4_case *out);
void sigv4_case_release(struct sigv4_case *c);
/* The request with one more header, in the case's arena. */
struct sigv4_request sigv4_case_with_header(struct sigv4_case *c, const char *name,
                                            struct text value);

#endif
