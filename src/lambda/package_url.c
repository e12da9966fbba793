/*
 * package_url.c - where GetFunction's Code.Location leads: a package on our own port, for whoever
 * has its address, for ten minutes. The address is signed with a key of this process.
 */
#include "function_shape.h"

#include <string.h>

#include "onput/encoding.h"

enum { URL_SECONDS = 600 };

static struct text signature(const struct deployer *d, struct text hex, struct text expires,
                             struct arena *arena)
{
    struct text signed_text =
        text_of(arena_printf(arena, "%.*s %.*s", TEXT_ARGS(hex), TEXT_ARGS(expires)));
    uint8_t mac[SHA256_BYTES];
    char out[SHA256_HEX_BYTES];
    hmac_sha256(deployer_key(d), PACKAGE_KEY_BYTES, signed_text.ptr, signed_text.len, mac);
    hex_encode(mac, sizeof(mac), out);
    return arena_text(arena, text_of(out));
}

/* As the function's own URLs say it: a proxy in front of us may speak TLS. */
static const char *scheme(const struct lambda_call *call)
{
    struct text url = text_of(catalog_config(call->catalog)->lambda_function_url);
    return text_starts_with(url, TEXT("https://")) ? "https" : "http";
}

static struct text host(struct lambda_call *call)
{
    struct text given = http_request_header(call->http, "Host");
    if (given.len > 0)
        return given;
    return call_printf(call, "127.0.0.1:%d", atomic_load(&call->api->port));
}

struct text package_url(struct lambda_call *call, const uint8_t sha256[SHA256_BYTES])
{
    char hex[SHA256_HEX_BYTES];
    int64_t expires = clock_wall_ms(call->api->clock) / 1000 + URL_SECONDS;
    struct text until = call_printf(call, "%lld", (long long)expires);
    hex_encode(sha256, SHA256_BYTES, hex);
    struct text signed_as = signature(call->api->deployer, text_of(hex), until, call->arena);
    struct text at = host(call);
    return call_printf(call, "%s://%.*s/packages/%s?Expires=%.*s&Signature=%.*s", scheme(call),
                       TEXT_ARGS(at), hex, TEXT_ARGS(until), TEXT_ARGS(signed_as));
}

/* ---- the other side ---- */

static bool is_signed(const struct lambda_api *api, struct http_request *request, struct text hex)
{
    struct text expires, given;
    struct error err = {0};
    int64_t until = 0;
    if (!http_request_query_value(request, "Expires", &expires) ||
        !http_request_query_value(request, "Signature", &given) ||
        text_to_i64(expires, 0, INT64_MAX / 1000, "Expires", &until, &err) != 0)
        return false;
    struct text right = signature(api->deployer, hex, expires, http_request_arena(request));
    return secret_equal(given, right) && clock_wall_ms(api->clock) < until * 1000;
}

static bool read_hash(struct text hex, uint8_t out[SHA256_BYTES])
{
    AUTO_BUFFER struct buffer bytes;
    struct error err = {0};
    buffer_init(&bytes, SHA256_BYTES);
    if (hex_decode(hex, &bytes, &err) != 0 || bytes.len != SHA256_BYTES)
        return false;
    memcpy(out, bytes.data, SHA256_BYTES);
    return true;
}

void package_url_handle(void *ctx, struct http_request *request)
{
    struct lambda_api *api = ctx;
    struct text hex = http_request_capture(request, "hash");
    uint8_t sha256[SHA256_BYTES];
    struct error err = {0};
    int64_t size = 0;
    int fd = -1;
    if (!is_signed(api, request, hex) || !read_hash(hex, sha256)) {
        http_respond_error(request, 403, "The address is wrong or has expired.");
        return;
    }
    if (package_open(api->packages, sha256, &fd, &size, &err) != 0) {
        http_respond_error(request, 404, "The package is not there any more.");
        return;
    }
    http_respond(request, &(struct http_response){.status = 200,
                                                  .content_type = "application/zip",
                                                  .body_fd = fd,
                                                  .body_from_fd = true,
                                                  .fd_len = size,
                                                  .head_content_length = -1});
}
