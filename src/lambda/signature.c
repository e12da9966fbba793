/*
 * signature.c - from a signed request to its user. What Signature Version 4 is stands in
 * onput/sigv4.h; here is what Lambda makes of it, and in which words it refuses.
 */
#include "signature.h"

#include "onput/hash.h"

enum { SKEW_MS = 15 * 60 * 1000 };

static const char WRONG_TOKEN[] = "The security token included in the request is invalid.";
static const char WRONG_SIGNATURE[] =
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details.";

static struct signature_verdict refuse(enum lambda_error error, const char *reason,
                                       const char *message)
{
    return (struct signature_verdict){.error = error, .reason = reason, .message = message};
}

static struct text find_header(const struct sigv4_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal_nocase(request->headers[i].name, text_of(name)))
            return text_trim(request->headers[i].value);
    return TEXT("");
}

/* ---- scope ---- */

/* NULL when it is ours. */
static const char *scope_mistake(const struct sigv4_claim *claim, struct text region,
                                 struct arena *arena)
{
    bool region_fits = text_equal(claim->region, region);
    bool service_fits = text_is(claim->service, "lambda");
    if (region_fits && service_fits)
        return NULL;
    return arena_printf(
        arena, "%s%s%s", region_fits ? "" : "Credential should be scoped to a valid region.",
        region_fits || service_fits ? "" : " ",
        service_fits ? "" : "Credential should be scoped to correct service: 'lambda'.");
}

/* ---- time ---- */

static const char *expired(int64_t time_ms, int64_t now_ms, int64_t allowed_ms, struct arena *arena)
{
    char then[TIME_TEXT_BYTES], limit[TIME_TEXT_BYTES], now[TIME_TEXT_BYTES];
    int64_t seconds = allowed_ms / 1000;
    bool is_minutes = seconds % 60 == 0;
    return arena_printf(
        arena, "Signature expired: %s is now earlier than %s (%s - %lld %s.)",
        time_format_basic(time_ms, then), time_format_basic(now_ms - allowed_ms, limit),
        time_format_basic(now_ms, now), (long long)(is_minutes ? seconds / 60 : seconds),
        is_minutes ? "min" : "sec");
}

static const char *too_early(int64_t time_ms, int64_t now_ms, struct arena *arena)
{
    char then[TIME_TEXT_BYTES], limit[TIME_TEXT_BYTES], now[TIME_TEXT_BYTES];
    return arena_printf(
        arena, "Signature not yet current: %s is still later than %s (%s + %d min.)",
        time_format_basic(time_ms, then), time_format_basic(now_ms + SKEW_MS, limit),
        time_format_basic(now_ms, now), SKEW_MS / 60000);
}

/* NULL when it is of our time: the limits of sigv4_verify(). */
static const char *time_mistake(const struct sigv4_claim *claim, int64_t now_ms,
                                struct arena *arena)
{
    int64_t allowed_ms = claim->presigned ? claim->expires_s * 1000 : SKEW_MS;
    if (claim->time_ms > now_ms + SKEW_MS)
        return too_early(claim->time_ms, now_ms, arena);
    if (claim->time_ms < now_ms - allowed_ms)
        return expired(claim->time_ms, now_ms, allowed_ms, arena);
    return NULL;
}

/* ---- the whole ---- */

static struct signature_verdict check_claim(const struct sigv4_claim *claim,
                                            const struct catalog *catalog, int64_t now_ms,
                                            struct arena *arena)
{
    const struct user *user = catalog_user(catalog, claim->access_key);
    if (user == NULL)
        return refuse(ERR_UNRECOGNIZED_CLIENT, "auth_unknown_key", WRONG_TOKEN);
    const char *mistake = scope_mistake(claim, catalog_region(catalog), arena);
    if (mistake != NULL)
        return refuse(ERR_INVALID_SIGNATURE, "auth_scope", mistake);
    mistake = time_mistake(claim, now_ms, arena);
    if (mistake != NULL)
        return refuse(ERR_INVALID_SIGNATURE, "auth_time", mistake);
    /* A token that was not expected is as wrong as another one. */
    if (!secret_equal(claim->session_token, text_of(user->config->session_token)))
        return refuse(ERR_UNRECOGNIZED_CLIENT, "auth_token", WRONG_TOKEN);
    return (struct signature_verdict){.user = user};
}

static struct signature_verdict read_claim(const struct sigv4_request *request,
                                           const struct catalog *catalog, int64_t now_ms,
                                           struct arena *arena, struct sigv4_claim *claim)
{
    enum sigv4_failure failure = SIGV4_OK;
    struct error err = {0};
    if (catalog_config(catalog)->user_count == 0)
        return refuse(ERR_UNRECOGNIZED_CLIENT, "auth_no_users",
                      "Nobody may call this API yet: the configuration has no users: section. Add "
                      "one, such as users: {admin: {access_key: ..., secret_key: ..., root: "
                      "true}}, and reload.");
    if (sigv4_parse_claim(request, arena, claim, &failure, &err) == 0)
        return check_claim(claim, catalog, now_ms, arena);
    if (failure == SIGV4_MISSING && find_header(request, "authorization").len == 0)
        return refuse(ERR_MISSING_TOKEN, "auth_missing", "Missing Authentication Token");
    return signature_fault(request, err.message, arena);
}

struct signature_verdict signature_claimed(const struct sigv4_request *request,
                                           const struct catalog *catalog, int64_t now_ms,
                                           struct arena *arena)
{
    struct sigv4_claim claim;
    return read_claim(request, catalog, now_ms, arena, &claim);
}

/* Who sends the body's hash must mean this body: Lambda signs every payload. */
static bool payload_fits(const struct sigv4_request *request)
{
    struct text sent = find_header(request, "x-amz-content-sha256");
    return sent.len == 0 || text_equal(sent, request->payload_hash);
}

struct signature_verdict signature_verify(const struct sigv4_request *request,
                                          const struct catalog *catalog, int64_t now_ms,
                                          struct arena *arena)
{
    struct sigv4_claim claim;
    struct error err = {0};
    struct signature_verdict verdict = read_claim(request, catalog, now_ms, arena, &claim);
    if (verdict.user == NULL)
        return verdict;
    const struct config_user *user = verdict.user->config;
    struct sigv4_key key = {text_of(user->access_key), text_of(user->secret_key),
                            text_of(user->session_token)};
    if (!payload_fits(request) ||
        sigv4_verify(request, &claim, &key, TEXT("lambda"), now_ms, &err) != SIGV4_OK)
        return refuse(ERR_INVALID_SIGNATURE, "auth_wrong", WRONG_SIGNATURE);
    return verdict;
}
