/*
 * fuzz_lambda_signature.c - a request line and header lines: a signature that cannot be read is
 * refused with a message of bounded length, whatever is in it.
 */
#include <string.h>

#include "fuzz_request.h"
#include "signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena = {0};
    struct http_header headers[FUZZ_MAX_HEADERS];
    struct sigv4_request request = fuzz_request(data, size, headers);
    struct sigv4_claim claim;
    enum sigv4_failure failure;
    struct error err = {0};

    if (sigv4_parse_claim(&request, &arena, &claim, &failure, &err) == 0)
        return 0;
    struct signature_verdict verdict = signature_fault(&request, err.message, &arena);
    BUG_ON(verdict.user != NULL || verdict.error >= LAMBDA_ERROR_COUNT);
    BUG_ON(strlen(verdict.message) > 4096 || !text_is_utf8(text_of(verdict.message)));
    return 0;
}
