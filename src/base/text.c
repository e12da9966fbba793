/*
 * text.c - see onput/text.h. Comparison, cutting, UTF-8 and numbers on borrowed bytes.
 */
#include "onput/text.h"

#include <string.h>

#include "base_private.h"

struct text text_of(const char *string_or_null)
{
    if (string_or_null == NULL)
        return TEXT("");
    return (struct text){string_or_null, strlen(string_or_null)};
}

struct text text_slice(struct text t, size_t from, size_t to)
{
    if (t.ptr == NULL)
        return TEXT("");
    if (to > t.len)
        to = t.len;
    if (from > to)
        from = to;
    return (struct text){t.ptr + from, to - from};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text t)
{
    size_t from = 0;
    size_t to = t.len;

    while (from < to && is_space(t.ptr[from]))
        from++;
    while (to > from && is_space(t.ptr[to - 1]))
        to--;
    return text_slice(t, from, to);
}

bool text_equal(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool text_equal_nocase(struct text a, struct text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool text_is(struct text t, const char *string)
{
    return text_equal(t, text_of(string));
}

bool text_starts_with(struct text t, struct text prefix)
{
    return t.len >= prefix.len && text_equal(text_slice(t, 0, prefix.len), prefix);
}

bool text_ends_with(struct text t, struct text suffix)
{
    return t.len >= suffix.len && text_equal(text_slice(t, t.len - suffix.len, t.len), suffix);
}

size_t text_find(struct text t, char c)
{
    const char *found = t.len == 0 ? NULL : memchr(t.ptr, c, t.len);

    return found == NULL ? t.len : (size_t)(found - t.ptr);
}

int text_compare(struct text a, struct text b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The table of RFC 3629 section 4: the lead byte bounds the second byte, all others are 80..BF. */
size_t utf8_sequence(const char *p, size_t left)
{
    unsigned char lead = (unsigned char)p[0];
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t len;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < len)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if ((unsigned char)p[1] < low || (unsigned char)p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (!is_continuation(p[i]))
            return 0;
    return len;
}

bool text_is_utf8(struct text t)
{
    size_t i = 0;

    while (i < t.len) {
        uint64_t word;
        size_t len;

        if (t.len - i >= sizeof(word)) {
            memcpy(&word, t.ptr + i, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof(word);
                continue;
            }
        }
        len = utf8_sequence(t.ptr + i, t.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

struct text text_cut(struct text *rest, char separator)
{
    size_t at = text_find(*rest, separator);
    struct text part = text_slice(*rest, 0, at);

    *rest = text_slice(*rest, at < rest->len ? at + 1 : at, rest->len);
    return part;
}

/* Digits only, at least one. False when there is something else or the value is above `max`. */
static bool digits_to_u64(struct text t, uint64_t max, uint64_t *out, bool *out_too_big)
{
    uint64_t value = 0;

    *out_too_big = false;
    if (t.len == 0)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] < '0' || t.ptr[i] > '9')
            return false;
        if (*out_too_big)
            continue;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(t.ptr[i] - '0'), &value) || value > max)
            *out_too_big = true;
    }
    if (*out_too_big)
        return false;
    *out = value;
    return true;
}

int text_to_i64(struct text t, int64_t min, int64_t max, const char *what, int64_t *out,
                struct error *err)
{
    bool negative = t.len > 0 && t.ptr[0] == '-';
    bool has_sign = negative || (t.len > 0 && t.ptr[0] == '+');
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t magnitude;
    bool too_big;
    int64_t value;

    if (!digits_to_u64(text_slice(t, has_sign ? 1 : 0, t.len), limit, &magnitude, &too_big)) {
        if (!too_big)
            return error_set(err, ERROR_INVALID, "%s is not a whole number", what);
        return error_set(err, ERROR_LIMIT, "%s is not between %lld and %lld", what, (long long)min,
                         (long long)max);
    }
    value = (int64_t)(negative ? 0 - magnitude : magnitude);
    if (value < min || value > max)
        return error_set(err, ERROR_LIMIT, "%s is not between %lld and %lld", what, (long long)min,
                         (long long)max);
    *out = value;
    return 0;
}

int text_to_u64(struct text t, uint64_t max, const char *what, uint64_t *out, struct error *err)
{
    bool too_big;
    uint64_t value;

    if (!digits_to_u64(t, max, &value, &too_big)) {
        if (!too_big)
            return error_set(err, ERROR_INVALID, "%s is not a whole number", what);
        return error_set(err, ERROR_LIMIT, "%s is above %llu", what, (unsigned long long)max);
    }
    *out = value;
    return 0;
}
