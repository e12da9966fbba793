/*
 * memory.h - allocation that cannot fail, and arithmetic that cannot wrap.
 *
 * Running out of memory for small things ends the process (abort): everything accepted is on disk,
 * and a half-working daemon is worse than a restart. Whatever is sized by bytes from outside is
 * checked against a limit before it comes here. xrealloc_array() and xcalloc() check the product.
 */
#ifndef ONPUT_MEMORY_H
#define ONPUT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/attributes.h"
#include "onput/text.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size); /* zeroed */
void *xrealloc_array(void *ptr, size_t count, size_t size);
char *xstrdup(const char *string);
char *xstrdup_or_null(const char *string_or_null);
char *xmemdup_text(struct text t); /* NUL-terminated copy */
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Frees and overwrites the pointer's variable with NULL. */
#define FREE_AND_NULL(p)                                                                           \
    do {                                                                                           \
        free(p);                                                                                   \
        (p) = NULL;                                                                                \
    } while (0)

/* Wipes a secret before freeing it. `string` may be NULL. */
void free_secret(char *string);

/* True when the result does not fit; then *out is unchanged. */
bool add_overflows(size_t a, size_t b, size_t *out);
bool mul_overflows(size_t a, size_t b, size_t *out);

#endif
