/*
 * signature_fault.c - what is wrong with a signature that nobody can read, as AWS tells it. Only
 * for messages: whatever comes here is refused.
 */
#include "signature.h"

#include "onput/encoding.h"

enum { SHOWN_MAX_BYTES = 128 };

static struct signature_verdict refuse(enum lambda_error error, const char *message)
{
    return (struct signature_verdict){
        .error = error, .reason = "auth_malformed", .message = message};
}

static bool find_header(const struct sigv4_request *request, const char *name, struct text *out)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!text_equal_nocase(request->headers[i].name, text_of(name)))
            continue;
        *out = text_trim(request->headers[i].value);
        return true;
    }
    return false;
}

/* "name=value" between commas; false when there is none such. */
static bool find_field(struct text fields, const char *name, struct text *out)
{
    while (fields.len > 0) {
        struct text value = text_trim(text_cut(&fields, ','));
        if (!text_is(text_trim(text_cut(&value, '=')), name))
            continue;
        *out = value;
        return value.len > 0;
    }
    return false;
}

static bool find_parameter(const struct sigv4_request *request, const char *name)
{
    struct text rest = request->query;
    while (rest.len > 0) {
        struct text value = text_cut(&rest, '&');
        if (text_is(text_cut(&value, '='), name) && value.len > 0)
            return true;
    }
    return false;
}

/* What somebody sent, for a message. */
static const char *shown(struct text t, struct arena *arena)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, (size_t)SHOWN_MAX_BYTES * 6 + 1);
    buffer_append_json_escaped(&out, text_slice(t, 0, SHOWN_MAX_BYTES));
    return arena_strdup_text(arena, buffer_text(&out));
}

/* ---- Authorization header ---- */

static struct signature_verdict incomplete_header(const struct sigv4_request *request,
                                                  struct text scheme, struct text fields,
                                                  struct arena *arena)
{
    static const char *const names[] = {"Credential", "Signature", "SignedHeaders"};
    const char *message = "";
    struct text ignored;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!find_field(fields, names[i], &ignored))
            message = arena_printf(arena, "%sAuthorization header requires '%s' parameter. ",
                                   message, names[i]);
    if (!find_header(request, "x-amz-date", &ignored) && !find_header(request, "date", &ignored))
        message = arena_printf(arena,
                               "%sAuthorization header requires existence of either a 'X-Amz-Date' "
                               "or a 'Date' header. ",
                               message);
    if (message[0] == '\0')
        return (struct signature_verdict){.error = LAMBDA_ERROR_COUNT};
    return refuse(ERR_INCOMPLETE_SIGNATURE,
                  arena_printf(arena, "%sAuthorization=%s", message, shown(scheme, arena)));
}

static size_t count_slashes(struct text t)
{
    size_t count = 0;
    for (size_t i = 0; i < t.len; i++)
        count += t.ptr[i] == '/';
    return count;
}

/* The part of key/date/region/service/terminator so many places from its end. */
static struct text part_from_end(struct text credential, size_t place)
{
    size_t skip = count_slashes(credential) - place;
    while (skip-- > 0)
        text_cut(&credential, '/');
    return text_cut(&credential, '/');
}

static struct signature_verdict wrong_date(const struct sigv4_request *request, struct text date,
                                           const char *fallback, struct arena *arena)
{
    struct text sent = TEXT("");
    if (!find_header(request, "x-amz-date", &sent) || text_starts_with(sent, date))
        return refuse(ERR_INCOMPLETE_SIGNATURE, fallback);
    return refuse(ERR_INVALID_SIGNATURE,
                  arena_printf(arena,
                               "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                               "version of date from HTTP: '%s' != '%s', from '%s'.",
                               shown(date, arena), shown(text_slice(sent, 0, 8), arena),
                               shown(sent, arena)));
}

static bool list_has_host(struct text list)
{
    while (list.len > 0)
        if (text_is(text_cut(&list, ';'), "host"))
            return true;
    return false;
}

static struct signature_verdict wrong_header(const struct sigv4_request *request,
                                             struct text fields, const char *fallback,
                                             struct arena *arena)
{
    struct text credential = TEXT(""), names = TEXT("");
    find_field(fields, "Credential", &credential);
    find_field(fields, "SignedHeaders", &names);
    if (count_slashes(credential) < 4)
        return refuse(ERR_INCOMPLETE_SIGNATURE,
                      arena_printf(arena,
                                   "Credential must have exactly 5 slash-delimited elements, e.g. "
                                   "keyid/date/region/service/term, got '%s'",
                                   shown(credential, arena)));
    struct text terminator = part_from_end(credential, 0);
    if (!text_is(terminator, "aws4_request"))
        return refuse(ERR_INVALID_SIGNATURE,
                      arena_printf(arena,
                                   "Credential should be scoped with a valid terminator: "
                                   "'aws4_request', not '%s'.",
                                   shown(terminator, arena)));
    if (!list_has_host(names))
        return refuse(ERR_INVALID_SIGNATURE,
                      "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    return wrong_date(request, part_from_end(credential, 3), fallback, arena);
}

static struct signature_verdict header_fault(const struct sigv4_request *request,
                                             struct text authorization, const char *fallback,
                                             struct arena *arena)
{
    struct text fields = authorization;
    struct text scheme = text_cut(&fields, ' ');
    if (!text_is(scheme, "AWS4-HMAC-SHA256"))
        fields = TEXT("");
    struct signature_verdict verdict = incomplete_header(request, scheme, fields, arena);
    if (verdict.error != LAMBDA_ERROR_COUNT)
        return verdict;
    return wrong_header(request, fields, fallback, arena);
}

/* ---- query ---- */

static struct signature_verdict query_fault(const struct sigv4_request *request,
                                            const char *fallback, struct arena *arena)
{
    static const char *const names[] = {"X-Amz-Algorithm", "X-Amz-Credential",
                                        "X-Amz-Signature", "X-Amz-SignedHeaders",
                                        "X-Amz-Date",      "X-Amz-Expires"};
    const char *message = "";
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!find_parameter(request, names[i]))
            message = arena_printf(arena, "%sAWS query-string parameters must include '%s'. ",
                                   message, names[i]);
    if (message[0] == '\0')
        return refuse(ERR_INCOMPLETE_SIGNATURE, arena_strdup(arena, fallback));
    return refuse(ERR_INCOMPLETE_SIGNATURE,
                  arena_printf(arena, "%sRe-examine the query-string parameters.", message));
}

struct signature_verdict signature_fault(const struct sigv4_request *request, const char *fallback,
                                         struct arena *arena)
{
    struct text authorization = TEXT("");
    fallback = arena_strdup(arena, fallback);
    if (find_header(request, "authorization", &authorization) &&
        !find_parameter(request, "X-Amz-Signature"))
        return header_fault(request, authorization, fallback, arena);
    return query_fault(request, fallback, arena);
}
