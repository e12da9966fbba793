/*
 * text.h - borrowed (pointer, length) text.
 *
 * A struct text never owns its bytes; they may hold NUL and need not end with one. `ptr` is never
 * NULL for a text made by these functions: the empty text points at "".
 */
#ifndef ONPUT_TEXT_H
#define ONPUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/attributes.h"
#include "onput/error.h"

struct text {
    const char *ptr;
    size_t len;
};

/* A string literal as a text, in an expression and in a static initialiser. */
#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
#define TEXT_INIT(literal)                                                                         \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
/* For printf: printf("%.*s", TEXT_ARGS(t)). Lengths beyond INT_MAX are cut. */
#define TEXT_ARGS(t) ((t).len > 0x7fffffff ? 0x7fffffff : (int)(t).len), (t).ptr

struct text text_of(const char *string_or_null);
struct text text_slice(struct text t, size_t from, size_t to); /* clamped to the text */
struct text text_trim(struct text t);                          /* ASCII white space at both ends */

bool text_equal(struct text a, struct text b);
bool text_equal_nocase(struct text a, struct text b); /* ASCII letters only */
bool text_is(struct text t, const char *string);
bool text_starts_with(struct text t, struct text prefix);
bool text_ends_with(struct text t, struct text suffix);
/* First position of `c`, or t.len when it is not there. */
size_t text_find(struct text t, char c);
/* Order of unsigned bytes, then length: <0, 0, >0. */
int text_compare(struct text a, struct text b);
/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(struct text t);

/* Cuts `*rest` at the first `separator`: returns the part before it and moves *rest behind it. */
struct text text_cut(struct text *rest, char separator);

/*
 * Whole-text numbers in [min, max]: optional sign for i64, decimal digits, nothing else. `what`
 * names the value in the error message.
 */
MUST_CHECK int text_to_i64(struct text t, int64_t min, int64_t max, const char *what, int64_t *out,
                           struct error *err);
MUST_CHECK int text_to_u64(struct text t, uint64_t max, const char *what, uint64_t *out,
                           struct error *err);

#endif
