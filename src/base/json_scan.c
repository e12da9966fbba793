/*
 * json_scan.c - decides whether a text is one JSON value (RFC 8259) within our bounds.
 *
 * Runs before json-c in json_read.c, because json-c in its strict mode still takes NaN, Infinity,
 * control characters in strings and a few more, cuts names at a NUL, and replaces lone surrogates.
 * Nothing is built here: one pass, no recursion, no memory.
 */
#include <string.h>

#include "base_private.h"
#include "onput/error.h"
#include "onput/json.h"

struct scan {
    const char *at;
    const char *end;
    const char *problem; /* set by whoever returns false */
    unsigned depth;
    char closers[JSON_MAX_DEPTH]; /* what closes each open array or object */
};

static bool refuse(struct scan *s, const char *problem)
{
    s->problem = problem;
    return false;
}

/* The next byte, or NUL at the end: a NUL is nowhere allowed, so both lead to a refusal. */
static char peek(const struct scan *s)
{
    return s->at < s->end ? *s->at : '\0';
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_digits(struct scan *s)
{
    if (!is_digit(peek(s)))
        return refuse(s, "a digit is missing");
    while (is_digit(peek(s)))
        s->at++;
    return true;
}

static bool scan_number(struct scan *s)
{
    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++;
    else if (!take_digits(s))
        return false;
    if (is_digit(peek(s)))
        return refuse(s, "a number starts with 0");
    if (peek(s) == '.') {
        s->at++;
        if (!take_digits(s))
            return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        return take_digits(s);
    }
    return true;
}

static bool scan_literal(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return refuse(s, "a value is expected");
    s->at += len;
    return true;
}

/* The four digits behind "\u"; -1 when they are not there. */
static int take_code_unit(struct scan *s)
{
    int unit = 0;

    if (s->end - s->at < 4)
        return -1;
    for (int i = 0; i < 4; i++, s->at++) {
        int digit = hex_value(*s->at);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Behind "\u". A surrogate must be one of a pair, high before low. */
static bool scan_unicode_escape(struct scan *s, bool is_name)
{
    int unit = take_code_unit(s);

    if (unit < 0)
        return refuse(s, "\\u is not followed by four hex digits");
    if (unit == 0 && is_name)
        return refuse(s, "a name holds a NUL");
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    if (unit >= 0xdc00 || s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
        return refuse(s, "half of a surrogate pair is missing");
    s->at += 2;
    unit = take_code_unit(s);
    return (unit >= 0xdc00 && unit <= 0xdfff) || refuse(s, "half of a surrogate pair is missing");
}

static bool scan_escape(struct scan *s, bool is_name)
{
    char c;

    s->at++;
    c = peek(s);
    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return refuse(s, "an unknown escape");
    s->at++;
    return c != 'u' || scan_unicode_escape(s, is_name);
}

/* Something in a string that is not plain ASCII. */
static bool scan_special(struct scan *s, bool is_name)
{
    size_t len;

    if (*s->at == '\\')
        return scan_escape(s, is_name);
    if ((unsigned char)*s->at < 0x20)
        return refuse(s, "a control character in a string");
    len = utf8_sequence(s->at, (size_t)(s->end - s->at));
    if (len == 0)
        return refuse(s, "a string is not UTF-8");
    s->at += len;
    return true;
}

static bool scan_string(struct scan *s, bool is_name)
{
    if (peek(s) != '"')
        return refuse(s, "a name in double quotes is expected");
    s->at++;
    while (s->at < s->end) {
        unsigned char c = (unsigned char)*s->at;

        if (c == '"') {
            s->at++;
            return true;
        }
        if (c >= 0x20 && c < 0x80 && c != '\\')
            s->at++;
        else if (!scan_special(s, is_name))
            return false;
    }
    return refuse(s, "a string has no end");
}

/* "name" : */
static bool scan_name(struct scan *s)
{
    skip_space(s);
    if (!scan_string(s, true))
        return false;
    skip_space(s);
    if (peek(s) != ':')
        return refuse(s, "a colon is missing");
    s->at++;
    return true;
}

/* Behind '{' or '['. Sets *out_value_follows unless it is closed at once. */
static bool scan_open(struct scan *s, bool *out_value_follows)
{
    char closer = *s->at == '{' ? '}' : ']';

    if (s->depth == JSON_MAX_DEPTH)
        return refuse(s, NULL);
    s->at++;
    skip_space(s);
    *out_value_follows = peek(s) != closer;
    if (!*out_value_follows) {
        s->at++;
        return true;
    }
    s->closers[s->depth++] = closer;
    return closer == ']' || scan_name(s);
}

static bool scan_value(struct scan *s, bool *out_value_follows)
{
    *out_value_follows = false;
    skip_space(s);
    switch (peek(s)) {
    case '{':
    case '[':
        return scan_open(s, out_value_follows);
    case '"':
        return scan_string(s, false);
    case 't':
        return scan_literal(s, "true");
    case 'f':
        return scan_literal(s, "false");
    case 'n':
        return scan_literal(s, "null");
    default:
        return is_digit(peek(s)) || peek(s) == '-' ? scan_number(s)
                                                   : refuse(s, "a value is expected");
    }
}

/* Behind a value: closes what ends here. Sets *out_value_follows at a comma. */
static bool scan_after_value(struct scan *s, bool *out_value_follows)
{
    *out_value_follows = false;
    while (s->depth > 0) {
        char closer = s->closers[s->depth - 1];

        skip_space(s);
        if (peek(s) == ',') {
            s->at++;
            *out_value_follows = true;
            return closer == ']' || scan_name(s);
        }
        if (peek(s) != closer)
            return refuse(s, "a comma or a closing bracket is missing");
        s->at++;
        s->depth--;
    }
    return true;
}

static bool scan_text(struct scan *s)
{
    bool more = true;

    while (more) {
        if (!scan_value(s, &more))
            return false;
        if (!more && !scan_after_value(s, &more))
            return false;
    }
    skip_space(s);
    return s->at == s->end || refuse(s, "something stands behind the value");
}

int json_scan(struct text t, struct error *err)
{
    struct scan s = {.at = t.ptr, .end = t.ptr + t.len};

    if (scan_text(&s))
        return 0;
    if (s.problem == NULL)
        return error_set(err, ERROR_LIMIT, "the JSON is nested more than %d levels deep",
                         JSON_MAX_DEPTH);
    return error_set(err, ERROR_INVALID, "malformed JSON at byte %zu: %s", (size_t)(s.at - t.ptr),
                     s.problem);
}
