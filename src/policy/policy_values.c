/*
 * policy_values.c - the typed values of conditions: decimals, dates, booleans, addresses, bytes.
 *
 * Each parser takes texts of the policy and of the request alike and says false for what is none of
 * its kind.
 */
#include "policy_private.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "onput/clock.h"
#include "onput/encoding.h"

/* ---- decimals, compared digit by digit: no precision is lost and no locale asked ---- */

static struct text take_digits(struct text *rest)
{
    size_t n = 0;
    while (n < rest->len && isdigit((unsigned char)rest->ptr[n]))
        n++;
    struct text digits = text_slice(*rest, 0, n);
    *rest = text_slice(*rest, n, rest->len);
    return digits;
}

bool decimal_parse(struct text t, struct decimal *out)
{
    struct decimal d = {.fraction = TEXT("")};
    if (t.len > 0 && (t.ptr[0] == '-' || t.ptr[0] == '+')) {
        d.is_negative = t.ptr[0] == '-';
        t = text_slice(t, 1, t.len);
    }
    d.whole = take_digits(&t);
    if (d.whole.len == 0)
        return false;
    if (t.len > 0 && t.ptr[0] == '.') {
        t = text_slice(t, 1, t.len);
        d.fraction = take_digits(&t);
        if (d.fraction.len == 0)
            return false;
    }
    while (d.whole.len > 0 && d.whole.ptr[0] == '0')
        d.whole = text_slice(d.whole, 1, d.whole.len);
    while (d.fraction.len > 0 && d.fraction.ptr[d.fraction.len - 1] == '0')
        d.fraction.len--;
    d.is_negative = d.is_negative && (d.whole.len > 0 || d.fraction.len > 0);
    *out = d;
    return t.len == 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    int order;
    if (a->whole.len != b->whole.len)
        order = a->whole.len < b->whole.len ? -1 : 1;
    else if ((order = text_compare(a->whole, b->whole)) == 0)
        order = text_compare(a->fraction, b->fraction);
    return a->is_negative ? -order : order;
}

/* ---- dates: the W3C profile of ISO 8601, or seconds since 1970 ---- */

enum { YEAR_DIGITS = 4, DATE_MONTH = 7, DATE_MINUTE = 16, EPOCH_MAX_DIGITS = 12 };

static bool is_digits(struct text t)
{
    return t.len > 0 && take_digits(&t).len > 0 && t.len == 0;
}

/* Fills up what the profile lets a writer leave out: day, seconds. False when too long. */
static bool date_complete(struct text t, char *out, size_t size)
{
    const char *middle = "";
    size_t cut = t.len;
    if (t.len == DATE_MONTH) {
        middle = "-01";
    } else if (t.len > DATE_MINUTE && t.ptr[DATE_MINUTE] != ':') {
        middle = ":00";
        cut = DATE_MINUTE;
    }
    int n =
        snprintf(out, size, "%.*s%s%.*s", (int)cut, t.ptr, middle, (int)(t.len - cut), t.ptr + cut);
    return n > 0 && (size_t)n < size;
}

bool date_parse(struct text t, int64_t *out_ms)
{
    char text[TIME_TEXT_BYTES * 2];
    struct error ignored = {0};
    if (is_digits(t)) {
        int64_t seconds;
        /* Four digits could be a year or seconds, with opposite effects: they are refused. */
        if (t.len == YEAR_DIGITS || t.len > EPOCH_MAX_DIGITS ||
            text_to_i64(t, 0, INT64_MAX, "date", &seconds, &ignored))
            return false;
        *out_ms = seconds * 1000;
        return true;
    }
    if (t.len >= sizeof(text) || memchr(t.ptr, '\0', t.len) ||
        !date_complete(t, text, sizeof(text)))
        return false;
    return time_parse_rfc3339(text_of(text), out_ms, &ignored) == 0;
}

/* ---- booleans, addresses, bytes ---- */

bool bool_parse(struct text t, bool *out)
{
    bool is_true = text_equal_nocase(t, TEXT("true"));
    if (!is_true && !text_equal_nocase(t, TEXT("false")))
        return false;
    *out = is_true;
    return true;
}

static bool address_parse(struct text t, struct ip_range *out)
{
    char text[INET6_ADDRSTRLEN];
    if (t.len == 0 || t.len >= sizeof(text) || memchr(t.ptr, '\0', t.len))
        return false;
    memcpy(text, t.ptr, t.len);
    text[t.len] = '\0';
    *out = (struct ip_range){.is_ipv6 = text_find(t, ':') < t.len};
    out->prefix_bits = out->is_ipv6 ? 128 : 32;
    return inet_pton(out->is_ipv6 ? AF_INET6 : AF_INET, text, out->address) == 1;
}

/* A listener for both families reports ::ffff:192.0.2.1; policies speak of 192.0.2.1. */
static void address_unmap(struct ip_range *range)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (!range->is_ipv6 || range->prefix_bits < 96 ||
        memcmp(range->address, mapped, sizeof(mapped)) != 0)
        return;
    memmove(range->address, range->address + sizeof(mapped), 4);
    range->is_ipv6 = false;
    range->prefix_bits -= 96;
}

bool ip_range_parse(struct text t, struct ip_range *out)
{
    struct ip_range range;
    struct error ignored = {0};
    size_t slash = text_find(t, '/');
    if (!address_parse(text_slice(t, 0, slash), &range))
        return false;
    if (slash < t.len) {
        uint64_t bits;
        struct text prefix = text_slice(t, slash + 1, t.len);
        if (!is_digits(prefix) || text_to_u64(prefix, range.prefix_bits, "prefix", &bits, &ignored))
            return false;
        range.prefix_bits = (unsigned)bits;
    }
    address_unmap(&range);
    *out = range;
    return true;
}

bool ip_range_contains(const struct ip_range *range, const struct ip_range *address)
{
    unsigned bytes = range->prefix_bits / 8, bits = range->prefix_bits % 8;
    if (range->is_ipv6 != address->is_ipv6 || address->prefix_bits < range->prefix_bits ||
        memcmp(range->address, address->address, bytes) != 0)
        return false;
    unsigned mask = 0xffu << (8 - bits) & 0xffu;
    return bits == 0 || ((range->address[bytes] ^ address->address[bytes]) & mask) == 0;
}

bool binary_parse(struct text t, struct arena *arena, struct text *out_canonical)
{
    AUTO_BUFFER struct buffer bytes, encoded;
    struct error ignored = {0};
    buffer_init(&bytes, POLICY_MAX_BYTES);
    buffer_init(&encoded, 2 * POLICY_MAX_BYTES);
    if (base64_decode(t, &bytes, &ignored))
        return false;
    buffer_append_base64(&encoded, bytes.data, bytes.len);
    *out_canonical = arena_text(arena, buffer_text(&encoded));
    return true;
}
