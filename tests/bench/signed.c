/*
 * A signed POST for the load generator, see signed.h.
 */
#include "signed.h"

#include <string.h>

#include "bench.h"
#include "onput/clock.h"
#include "onput/encoding.h"
#include "onput/hash.h"
#include "onput/sigv4.h"

void signed_request_make(const char *path, const char *payload, struct signed_request *out)
{
    struct arena arena;
    struct error err = {0};
    struct text authorization;
    char hash[SHA256_HEX_BYTES], date[TIME_TEXT_BYTES];
    arena_init(&arena);
    int64_t now_ms = clock_wall_ms(clock_system());
    time_format_basic(now_ms, date);
    sha256_hex(payload, strlen(payload), hash);
    const struct http_header headers[] = {{TEXT("host"), TEXT("127.0.0.1")},
                                          {TEXT("x-amz-date"), text_of(date)}};
    struct sigv4_request request = {.method = TEXT("POST"),
                                    .path = text_of(path),
                                    .query = TEXT(""),
                                    .headers = headers,
                                    .header_count = ARRAY_LEN(headers),
                                    .payload_hash = text_of(hash)};
    struct sigv4_key key = {TEXT(SIGNED_ACCESS_KEY), TEXT(SIGNED_SECRET_KEY), TEXT("")};
    struct sigv4_scope scope = {TEXT("us-east-1"), TEXT("lambda"), now_ms};
    bench_must(sigv4_sign(&request, &key, &scope, &arena, &authorization, NULL, &err), &err);
    out->len = (size_t)snprintf(out->bytes, sizeof(out->bytes),
                                "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Date: %s\r\n"
                                "Authorization: %.*s\r\nContent-Length: %zu\r\n\r\n%s",
                                path, date, TEXT_ARGS(authorization), strlen(payload), payload);
    arena_release(&arena);
}

size_t signed_request_write(void *ctx, unsigned long long serial, char out[LOAD_REQUEST_BYTES])
{
    const struct signed_request *request = ctx;
    (void)serial;
    memcpy(out, request->bytes, request->len);
    return request->len;
}
