/*
 * substitute.c - ${VAR}, ${VAR:-default} and $$ inside a value. A dollar before anything else
 * stands for itself. Names are those of a shell; the sum of what is put in is bounded.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"

enum { SUBSTITUTED_MAX_BYTES = CONFIG_MAX_FILE_BYTES };

static size_t name_length(struct text t)
{
    size_t len = 0;

    while (len < t.len) {
        char c = t.ptr[len];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!is_letter && (len == 0 || c < '0' || c > '9'))
            break;
        len++;
    }
    return len;
}

/* The value of `name`, or the fallback (ptr NULL: none). */
static int look_up(struct loader *loader, struct text name, struct text fallback,
                   struct buffer *out, struct error *err)
{
    const char *copy = arena_strdup_text(&loader->tree, name);
    struct text value;
    const char *variable;

    if (environment_find(loader->environment, copy, &loader->tree, &value, &variable, err) != 0)
        return -1;
    if (value.ptr == NULL && fallback.ptr == NULL)
        return error_set(
            err, ERROR_INVALID,
            "the variable %.64s is not set; hint: set it, or write ${%.64s:-a default}", copy,
            copy);
    buffer_append_text(out, value.len == 0 && fallback.ptr != NULL ? fallback : value);
    if (value.len > 0)
        explicit_bzero((char *)value.ptr, value.len);
    if (buffer_failed(out))
        return error_set(err, ERROR_LIMIT, "all variables together put in more than %d bytes",
                         SUBSTITUTED_MAX_BYTES);
    return 0;
}

static int fail_syntax(struct text inside, struct error *err)
{
    AUTO_BUFFER struct buffer message = {0};

    buffer_init(&message, ERROR_MESSAGE_BYTES);
    append_found(&message, inside);
    return error_set(
        err, ERROR_INVALID,
        "expected ${NAME} or ${NAME:-default}, found ${ before %s; hint: $$ is a dollar",
        message.data);
}

/* ${aws:username}, ${*}, ${?}, ${$}: IAM's own, resolved when a request is checked. */
static bool is_policy_variable(struct text inside, size_t name_len)
{
    if (inside.len == 1 && strchr("*?$", inside.ptr[0]) != NULL)
        return true;
    return name_len > 0 && name_len + 1 < inside.len && inside.ptr[name_len] == ':' &&
           inside.ptr[name_len + 1] != '-';
}

/* `*rest` begins behind "${". */
static int replace(struct loader *loader, struct text *rest, bool keeps_policy_variables,
                   struct buffer *out, struct error *err)
{
    size_t end = text_find(*rest, '}');
    struct text inside = text_slice(*rest, 0, end);
    size_t name_len = name_length(inside);
    struct text tail = text_slice(inside, name_len, inside.len);
    struct text fallback = {NULL, 0};

    if (end == rest->len)
        return fail_syntax(inside, err);
    *rest = text_slice(*rest, end + 1, rest->len);
    if (keeps_policy_variables && is_policy_variable(inside, name_len)) {
        buffer_append_string(out, "${");
        buffer_append_text(out, inside);
        buffer_append_char(out, '}');
        return 0;
    }
    if (text_starts_with(tail, TEXT(":-")))
        fallback = text_slice(tail, strlen(":-"), tail.len);
    if (name_len == 0 || (tail.len > 0 && fallback.ptr == NULL))
        return fail_syntax(inside, err);
    return look_up(loader, text_slice(inside, 0, name_len), fallback, out, err);
}

static int substitute_into(struct loader *loader, struct text rest, bool keeps_policy_variables,
                           struct buffer *out, struct error *err)
{
    while (rest.len > 0) {
        size_t dollar = text_find(rest, '$');

        buffer_append_text(out, text_slice(rest, 0, dollar));
        rest = text_slice(rest, dollar, rest.len);
        if (text_starts_with(rest, TEXT("${"))) {
            rest = text_slice(rest, strlen("${"), rest.len);
            if (replace(loader, &rest, keeps_policy_variables, out, err) != 0)
                return -1;
        } else if (rest.len > 0) {
            buffer_append_char(out, '$');
            rest = text_slice(rest, text_starts_with(rest, TEXT("$$")) ? 2 : 1, rest.len);
        }
    }
    return 0;
}

int substitute(struct loader *loader, struct text t, bool keeps_policy_variables, struct text *out,
               struct error *err)
{
    struct buffer result;
    int status;

    if (text_find(t, '$') == t.len) {
        *out = t;
        return 0;
    }
    buffer_init(&result, SUBSTITUTED_MAX_BYTES - loader->substituted_bytes);
    status = substitute_into(loader, t, keeps_policy_variables, &result, err);
    if (status == 0 && buffer_failed(&result))
        status = error_set(err, ERROR_LIMIT, "all variables together put in more than %d bytes",
                           SUBSTITUTED_MAX_BYTES);
    if (status == 0) {
        loader->substituted_bytes += result.len;
        *out = arena_text(&loader->tree, buffer_text(&result));
    }
    explicit_bzero(result.data, result.len);
    buffer_release(&result);
    return status;
}
