/*
 * arena.h - memory of one lifetime, freed in one place.
 *
 * For everything that lives as long as one request, one configuration or one invocation: error
 * paths are plain returns. Allocations are zeroed and aligned for any type, and never fail (see
 * memory.h).
 */
#ifndef ONPUT_ARENA_H
#define ONPUT_ARENA_H

#include <stddef.h>

#include "onput/attributes.h"
#include "onput/text.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *head;
};

#define AUTO_ARENA __attribute__((cleanup(arena_release)))

void arena_init(struct arena *a);
void arena_release(struct arena *a); /* safe on a zeroed struct, and twice */

void *arena_alloc(struct arena *a, size_t size);
void *arena_alloc_array(struct arena *a, size_t count, size_t size);
char *arena_strdup(struct arena *a, const char *string);
char *arena_strdup_text(struct arena *a, struct text t); /* NUL-terminated copy */
struct text arena_text(struct arena *a, struct text t);  /* NUL-terminated copy, as text */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_alloc_array((a), (count), sizeof(type)))

#endif
