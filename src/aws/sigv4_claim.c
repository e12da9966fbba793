/*
 * Reads what a signed request claims, from its Authorization header or its query, before any key is
 * known. Everything here comes from an unknown peer.
 */
#include "onput/sigv4.h"

#include <string.h>

#include "aws_private.h"
#include "onput/encoding.h"

enum { MAX_CLAIM_BYTES = 16 * 1024, MAX_EXPIRES_S = 604800 };

static int malformed(enum sigv4_failure *out_failure, struct error *err, const char *what)
{
    *out_failure = SIGV4_MALFORMED;
    return error_set(err, ERROR_DENIED, "The request's signature is malformed: %s.", what);
}

/* The header's value and how often it occurs. */
static size_t find_header(const struct sigv4_request *request, const char *name, struct text *out)
{
    size_t found = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!text_equal_nocase(request->headers[i].name, text_of(name)))
            continue;
        if (found++ == 0)
            *out = text_trim(request->headers[i].value);
    }
    return found;
}

/* The decoded value of a query parameter in the arena. -1: it is malformed or there twice. */
static int find_parameter(const struct sigv4_request *request, const char *name,
                          struct arena *arena, struct text *out, bool *out_found)
{
    AUTO_BUFFER struct buffer plain = {0};
    struct error ignored = {0};
    struct text rest = request->query;
    buffer_init(&plain, MAX_CLAIM_BYTES);
    *out_found = false;
    while (rest.len) {
        struct text value = text_cut(&rest, '&');
        if (!text_is(text_cut(&value, '='), name))
            continue;
        if (*out_found || uri_decode(value, false, &plain, &ignored) || buffer_failed(&plain))
            return -1;
        *out = arena_text(arena, buffer_text(&plain));
        *out_found = true;
    }
    return 0;
}

/* Cuts the last "/part" off. */
static struct text cut_last(struct text *rest)
{
    size_t at = rest->len;
    while (at > 0 && rest->ptr[at - 1] != '/')
        at--;
    struct text last = text_slice(*rest, at, rest->len);
    *rest = text_slice(*rest, 0, at ? at - 1 : 0);
    return last;
}

/* "AKID/20261121/us-east-1/s3/aws4_request"; an access key may itself hold slashes. */
static bool parse_credential(struct text value, struct sigv4_claim *claim)
{
    struct text rest = value;
    bool is_terminated = text_is(cut_last(&rest), "aws4_request");
    claim->service = cut_last(&rest);
    claim->region = cut_last(&rest);
    claim->date = cut_last(&rest);
    claim->access_key = rest;
    return is_terminated && claim->service.len && claim->region.len && claim->date.len == 8 &&
           claim->access_key.len;
}

static bool is_signature(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        bool is_hex = (t.ptr[i] >= '0' && t.ptr[i] <= '9') || (t.ptr[i] >= 'a' && t.ptr[i] <= 'f');
        if (!is_hex)
            return false;
    }
    return t.len == 64;
}

static bool list_has(struct text list, struct text name)
{
    while (list.len) {
        if (text_equal_nocase(text_cut(&list, ';'), name))
            return true;
    }
    return false;
}

/* host and every x-amz-* header must be covered, or a stranger could add them to a signed request.
 */
static bool covers_headers(const struct sigv4_request *request, struct text signed_headers)
{
    if (!list_has(signed_headers, TEXT("host")))
        return false;
    for (size_t i = 0; i < request->header_count; i++) {
        struct text name = request->headers[i].name;
        if (text_equal_nocase(text_slice(name, 0, 6), TEXT("x-amz-")) &&
            !list_has(signed_headers, name))
            return false;
    }
    return true;
}

static int check_claim(const struct sigv4_request *request, const struct sigv4_claim *claim,
                       enum sigv4_failure *out_failure, struct error *err)
{
    char time[TIME_TEXT_BYTES];
    if (!is_signature(claim->signature))
        return malformed(out_failure, err, "Signature is not 64 hexadecimal digits");
    if (!covers_headers(request, claim->signed_headers))
        return malformed(out_failure, err, "SignedHeaders lacks host or an x-amz-* header");
    time_format_basic(claim->time_ms, time);
    if (!text_starts_with(text_of(time), claim->date))
        return malformed(out_failure, err, "the credential's date is not the request's");
    return 0;
}

/* ---- Authorization header ---- */

static bool parse_fields(struct text fields, struct sigv4_claim *claim)
{
    bool has_credential = false;
    while (fields.len) {
        struct text value = text_trim(text_cut(&fields, ','));
        struct text name = text_cut(&value, '=');
        if (text_is(name, "Credential") && !has_credential)
            has_credential = parse_credential(value, claim);
        else if (text_is(name, "SignedHeaders") && !claim->signed_headers.len)
            claim->signed_headers = value;
        else if (text_is(name, "Signature") && !claim->signature.len)
            claim->signature = value;
        else
            return false;
    }
    return has_credential;
}

static int parse_time_header(const struct sigv4_request *request, int64_t *out)
{
    struct error ignored = {0};
    struct text value = TEXT_INIT("");
    size_t found = find_header(request, "x-amz-date", &value);
    if (found)
        return found == 1 ? time_parse_basic(value, out, &ignored) : -1;
    if (find_header(request, "date", &value) != 1)
        return -1;
    return time_parse_http(value, out, &ignored);
}

static int parse_header_claim(const struct sigv4_request *request, struct text authorization,
                              struct sigv4_claim *claim, enum sigv4_failure *out_failure,
                              struct error *err)
{
    struct text fields = authorization;
    struct text algorithm = text_cut(&fields, ' ');
    if (!text_is(algorithm, SIGV4_ALGORITHM)) {
        *out_failure = SIGV4_MISSING;
        return error_set(err, ERROR_DENIED, "The request is not signed with " SIGV4_ALGORITHM ".");
    }
    if (!parse_fields(fields, claim))
        return malformed(out_failure, err, "the Authorization header cannot be read");
    if (parse_time_header(request, &claim->time_ms))
        return malformed(out_failure, err, "x-amz-date is missing or wrong");
    if (find_header(request, "x-amz-security-token", &claim->session_token) > 1)
        return malformed(out_failure, err, "x-amz-security-token is there twice");
    return 0;
}

/* ---- query ---- */

/* A parameter that has to be there exactly once. */
static bool need(const struct sigv4_request *request, const char *name, struct arena *arena,
                 struct text *out)
{
    bool found = false;
    return find_parameter(request, name, arena, out, &found) == 0 && found && out->len;
}

static int parse_query_claim(const struct sigv4_request *request, struct arena *arena,
                             struct sigv4_claim *claim, enum sigv4_failure *out_failure,
                             struct error *err)
{
    struct text algorithm, credential, date, expires;
    struct error ignored = {0};
    bool found;
    claim->presigned = true;
    if (!need(request, "X-Amz-Algorithm", arena, &algorithm) ||
        !need(request, "X-Amz-Credential", arena, &credential) ||
        !need(request, "X-Amz-Date", arena, &date) ||
        !need(request, "X-Amz-Expires", arena, &expires) ||
        !need(request, "X-Amz-SignedHeaders", arena, &claim->signed_headers) ||
        !need(request, "X-Amz-Signature", arena, &claim->signature) ||
        find_parameter(request, "X-Amz-Security-Token", arena, &claim->session_token, &found))
        return malformed(out_failure, err, "an X-Amz-* query parameter is missing or there twice");
    if (!text_is(algorithm, SIGV4_ALGORITHM) || !parse_credential(credential, claim))
        return malformed(out_failure, err, "X-Amz-Algorithm or X-Amz-Credential cannot be read");
    if (time_parse_basic(date, &claim->time_ms, &ignored))
        return malformed(out_failure, err, "X-Amz-Date cannot be read");
    if (text_to_i64(expires, 1, MAX_EXPIRES_S, "X-Amz-Expires", &claim->expires_s, &ignored))
        return malformed(out_failure, err, "X-Amz-Expires is not between 1 and 604800");
    return 0;
}

int sigv4_parse_claim(const struct sigv4_request *request, struct arena *arena,
                      struct sigv4_claim *out, enum sigv4_failure *out_failure, struct error *err)
{
    struct sigv4_claim claim = {.session_token = TEXT_INIT("")};
    struct text authorization = TEXT_INIT("");
    struct text ignored = TEXT_INIT("");
    bool in_query = false;
    size_t headers = find_header(request, "authorization", &authorization);
    if (find_parameter(request, "X-Amz-Signature", arena, &ignored, &in_query))
        return malformed(out_failure, err, "X-Amz-Signature cannot be read");
    if (headers + in_query > 1)
        return malformed(out_failure, err, "there is more than one signature");
    if (headers + in_query == 0) {
        *out_failure = SIGV4_MISSING;
        return error_set(err, ERROR_DENIED, "The request is not signed.");
    }
    int rc = in_query ? parse_query_claim(request, arena, &claim, out_failure, err)
                      : parse_header_claim(request, authorization, &claim, out_failure, err);
    if (rc || check_claim(request, &claim, out_failure, err))
        return -1;
    *out_failure = SIGV4_OK;
    *out = claim;
    return 0;
}
