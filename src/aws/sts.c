/*
 * One AssumeRole call: form body, signature for service "sts", XML answer. A server whose clock is
 * not ours is asked a second time with its time.
 */
#include <string.h>

#include "aws_private.h"
#include "onput/encoding.h"
#include "onput/hash.h"
#include "onput/xml_read.h"

enum {
    MAX_POLICY_BYTES = 2048,
    MAX_REPLY_BYTES = 64 * 1024,
    MAX_FORM_BYTES = 16 * 1024,
    CLOCK_IS_WRONG_MS = 4 * 60 * 1000,
    CALL_TIMEOUT_MS = 20 * 1000,
};

static void append_field(struct buffer *form, const char *name, const char *value_or_null)
{
    if (!value_or_null)
        return;
    buffer_appendf(form, "%s%s=", form->len ? "&" : "", name);
    buffer_append_uri(form, text_of(value_or_null), false);
}

static int build_form(const struct credentials_sts_options *options, struct buffer *form,
                      struct error *err)
{
    char duration[24];
    if (options->session_policy && strlen(options->session_policy) > MAX_POLICY_BYTES)
        return error_set(err, ERROR_LIMIT, "The session policy has more than %d bytes.",
                         MAX_POLICY_BYTES);
    snprintf(duration, sizeof(duration), "%d", options->duration_s);
    append_field(form, "Action", "AssumeRole");
    append_field(form, "Version", "2011-06-15");
    append_field(form, "DurationSeconds", duration);
    append_field(form, "RoleArn", options->role_arn);
    append_field(form, "RoleSessionName", options->session_name);
    append_field(form, "Policy", options->session_policy);
    if (buffer_failed(form))
        return error_set(err, ERROR_LIMIT, "The AssumeRole request is too long.");
    return 0;
}

/* "http://host:9000/" to "host:9000": what curl would send as Host. */
static struct text host_of(const char *endpoint)
{
    const char *scheme_end = strstr(endpoint, "://");
    struct text rest = text_of(scheme_end ? scheme_end + 3 : endpoint);
    struct text host = text_cut(&rest, '/');
    struct text default_port =
        text_starts_with(text_of(endpoint), TEXT("https:")) ? TEXT(":443") : TEXT(":80");
    if (text_ends_with(host, default_port))
        host.len -= default_port.len;
    return host;
}

static int post(const struct credentials_sts_options *options, struct http_client *client,
                const struct sigv4_key *signer, struct text form, int64_t time_ms,
                struct http_reply *out, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    char time[TIME_TEXT_BYTES];
    char digest[SHA256_HEX_BYTES];
    struct text authorization;
    struct http_header headers[6] = {
        {TEXT("host"), host_of(options->endpoint)},
        {TEXT("content-type"), TEXT("application/x-www-form-urlencoded")},
        {TEXT("x-amz-content-sha256"), text_of(sha256_hex(form.ptr, form.len, digest))},
        {TEXT("x-amz-date"), text_of(time_format_basic(time_ms, time))},
    };
    size_t count = 4;
    if (signer->session_token.len)
        headers[count++] =
            (struct http_header){TEXT("x-amz-security-token"), signer->session_token};
    struct sigv4_request request = {.method = TEXT("POST"),
                                    .path = TEXT("/"),
                                    .query = TEXT(""),
                                    .headers = headers,
                                    .header_count = count,
                                    .payload_hash = text_of(digest)};
    struct sigv4_scope scope = {text_of(options->region), TEXT("sts"), time_ms};
    if (sigv4_sign(&request, signer, &scope, &arena, &authorization, NULL, err))
        return -1;
    headers[count++] = (struct http_header){TEXT("authorization"), authorization};
    struct text endpoint = text_of(options->endpoint);
    const char *slash = text_ends_with(endpoint, TEXT("/")) ? "" : "/";
    struct http_call call = {.method = "POST",
                             .url = arena_printf(&arena, "%s%s", options->endpoint, slash),
                             .headers = headers,
                             .header_count = count,
                             .body = form,
                             .max_body_bytes = MAX_REPLY_BYTES,
                             .timeout_ms = CALL_TIMEOUT_MS};
    return http_client_perform(client, &call, out, err);
}

/* The server's clock minus ours when that explains a refusal, else 0. */
static int64_t clock_difference(const struct http_reply *reply, int64_t now_ms)
{
    struct error ignored = {0};
    int64_t server_ms;
    if (reply->status != 400 && reply->status != 403)
        return 0;
    if (time_parse_http(http_reply_header(reply, "date"), &server_ms, &ignored))
        return 0;
    int64_t difference = server_ms - now_ms;
    return difference > CLOCK_IS_WRONG_MS || difference < -CLOCK_IS_WRONG_MS ? difference : 0;
}

static int refuse(const struct http_reply *reply, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    const struct xml_element *root = NULL;
    struct error ignored = {0};
    int status = reply->status;
    if (xml_read(buffer_text(&reply->body), &arena, &root, &ignored))
        root = NULL;
    const struct xml_element *detail = xml_child(root, "Error") ? xml_child(root, "Error") : root;
    struct text code = text_slice(xml_child_text(detail, "Code"), 0, 60);
    struct text message = text_slice(xml_child_text(detail, "Message"), 0, 120);
    if (text_ends_with(message, TEXT(".")))
        message.len--;
    const char *colon = message.len ? ": " : "";
    if (status == 403)
        error_set(err, ERROR_DENIED,
                  "STS AssumeRole was refused (403 %.*s%s%.*s). It needs the right key of a plain "
                  "IAM user: on MinIO, service accounts and temporary keys may not call it.",
                  TEXT_ARGS(code), colon, TEXT_ARGS(message));
    else if (status == 429 || status >= 500)
        error_set_retryable(err, status == 429 ? ERROR_THROTTLED : ERROR_UNAVAILABLE,
                            "STS AssumeRole failed for now: %d %.*s.", status, TEXT_ARGS(code));
    else
        error_set(err, status == 404 ? ERROR_NOT_FOUND : ERROR_INVALID,
                  "STS AssumeRole failed: %d %.*s%s%.*s.", status, TEXT_ARGS(code), colon,
                  TEXT_ARGS(message));
    err->http_status = status;
    return -1;
}

static int read_result(struct text document, struct arena *arena, struct sts_result *out,
                       struct error *err)
{
    const struct xml_element *root;
    if (xml_read(document, arena, &root, err))
        return error_prefix(err, "STS AssumeRole");
    const struct xml_element *set = xml_child(xml_child(root, "AssumeRoleResult"), "Credentials");
    struct sts_result result = {.key = {xml_child_text(set, "AccessKeyId"),
                                        xml_child_text(set, "SecretAccessKey"),
                                        xml_child_text(set, "SessionToken")}};
    if (!result.key.access_key.len || !result.key.secret_key.len || !result.key.session_token.len)
        return error_set(err, ERROR_PROTOCOL, "STS answered without credentials.");
    if (time_parse_rfc3339(xml_child_text(set, "Expiration"), &result.expires_ms, err))
        return error_prefix(err, "STS AssumeRole, Expiration");
    *out = result;
    return 0;
}

static int ask(const struct credentials_sts_options *options, struct http_client *client,
               const struct sigv4_key *signer, int64_t *clock_offset_ms, struct arena *arena,
               struct sts_result *out, struct error *err)
{
    AUTO_BUFFER struct buffer form = {0};
    struct http_reply reply = {0};
    int64_t now_ms = clock_wall_ms(options->clock);
    buffer_init(&form, MAX_FORM_BYTES);
    if (build_form(options, &form, err) ||
        post(options, client, signer, buffer_text(&form), now_ms + *clock_offset_ms, &reply, err))
        return -1;
    int64_t difference = clock_difference(&reply, now_ms + *clock_offset_ms);
    if (difference) {
        *clock_offset_ms += difference;
        http_reply_release(&reply);
        if (post(options, client, signer, buffer_text(&form), now_ms + *clock_offset_ms, &reply,
                 err))
            return -1;
    }
    int rc = reply.status == 200 ? read_result(buffer_text(&reply.body), arena, out, err)
                                 : refuse(&reply, err);
    if (!rc)
        out->expires_ms -= *clock_offset_ms; /* in our time */
    explicit_bzero(reply.body.data, reply.body.len);
    http_reply_release(&reply);
    return rc;
}

int sts_assume_role(const struct credentials_sts_options *options, struct http_client *client,
                    const struct sigv4_key *signer, int64_t *clock_offset_ms, struct arena *arena,
                    struct sts_result *out, struct error *err)
{
    if (client && !options->ca_file)
        return ask(options, client, signer, clock_offset_ms, arena, out, err);
    struct http_client_options own_options = {.ca_file = options->ca_file};
    struct http_client *own;
    if (http_client_new(&own_options, &own, err))
        return -1;
    int rc = ask(options, own, signer, clock_offset_ms, arena, out, err);
    http_client_free(own);
    return rc;
}
