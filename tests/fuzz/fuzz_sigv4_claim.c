/*
 * fuzz_sigv4_claim.c - a request line and header lines; whatever claim is read from them has sane
 * parts, and is not true under a key that its sender cannot know.
 */
#include "fuzz_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena = {0};
    struct http_header headers[FUZZ_MAX_HEADERS];
    struct sigv4_request request = fuzz_request(data, size, headers);
    struct sigv4_claim claim;
    enum sigv4_failure failure = SIGV4_OK;
    struct error err = {0};

    if (sigv4_parse_claim(&request, &arena, &claim, &failure, &err)) {
        BUG_ON(failure == SIGV4_OK || err.code != ERROR_DENIED);
        return 0;
    }
    BUG_ON(claim.signature.len != 64 || claim.date.len != 8 || !claim.access_key.len);
    struct sigv4_key key = {claim.access_key, TEXT("not known to the sender"), claim.session_token};
    BUG_ON(!sigv4_verify(&request, &claim, &key, claim.service, claim.time_ms, &err));
    return 0;
}
