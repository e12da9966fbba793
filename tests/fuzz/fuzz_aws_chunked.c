/*
 * fuzz_aws_chunked.c - any bytes as a body in aws-chunked coding: never more out than in, never
 * beyond the limit.
 */
#include <stdint.h>

#include "../../src/devstore/devstore_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LIMIT = 4096 };
    struct text coded = {(const char *)data, size};
    AUTO_BUFFER struct buffer out;
    struct error err = {0};

    buffer_init(&out, LIMIT);
    if (aws_chunked_decode(coded, LIMIT, &out, &err) == 0)
        BUG_ON(buffer_failed(&out) || out.len > LIMIT || out.len + 3 > size);
    return 0;
}
