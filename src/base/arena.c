/*
 * arena.c - see onput/arena.h. A list of chunks; allocation moves a mark inside the newest one.
 */
#include "onput/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"

enum { FIRST_CHUNK_BYTES = 2048, LAST_CHUNK_BYTES = 65536 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a)
{
    a->head = NULL;
}

void arena_release(struct arena *a)
{
    struct arena_chunk *chunk = a->head;

    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    a->head = NULL;
}

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *chunk;
    size_t total;

    BUG_ON(add_overflows(size, sizeof(*chunk), &total));
    chunk = xmalloc(total);
    *chunk = (struct arena_chunk){.size = size};
    return chunk;
}

/* A big allocation gets a chunk of its own behind the head, so that the head's room is not lost. */
static struct arena_chunk *chunk_for(struct arena *a, size_t size)
{
    struct arena_chunk *chunk;
    size_t usual = FIRST_CHUNK_BYTES;

    if (a->head != NULL && a->head->size - a->head->used >= size)
        return a->head;
    if (a->head != NULL)
        usual = a->head->size < LAST_CHUNK_BYTES / 2 ? a->head->size * 2 : LAST_CHUNK_BYTES;
    if (a->head != NULL && size > usual / 2) {
        chunk = chunk_new(size);
        chunk->next = a->head->next;
        a->head->next = chunk;
        return chunk;
    }
    chunk = chunk_new(size > usual ? size : usual);
    chunk->next = a->head;
    a->head = chunk;
    return chunk;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t mask = _Alignof(max_align_t) - 1;
    struct arena_chunk *chunk;
    size_t rounded;
    void *memory;

    BUG_ON(add_overflows(size == 0 ? 1 : size, mask, &rounded));
    rounded &= ~mask;
    chunk = chunk_for(a, rounded);
    memory = chunk->bytes + chunk->used;
    chunk->used += rounded;
    memset(memory, 0, rounded);
    return memory;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
    size_t total;

    BUG_ON(mul_overflows(count, size, &total));
    return arena_alloc(a, total);
}

char *arena_strdup(struct arena *a, const char *string)
{
    return arena_strdup_text(a, text_of(string));
}

char *arena_strdup_text(struct arena *a, struct text t)
{
    size_t size;
    char *copy;

    BUG_ON(add_overflows(t.len, 1, &size));
    copy = arena_alloc(a, size);
    if (t.len > 0)
        memcpy(copy, t.ptr, t.len);
    return copy;
}

struct text arena_text(struct arena *a, struct text t)
{
    return (struct text){arena_strdup_text(a, t), t.len};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    char small[256];
    va_list args;
    char *string;
    int len;

    va_start(args, fmt);
    len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    BUG_ON(len < 0);
    if ((size_t)len < sizeof(small))
        return arena_strdup_text(a, (struct text){small, (size_t)len});
    string = arena_alloc(a, (size_t)len + 1);
    va_start(args, fmt);
    vsnprintf(string, (size_t)len + 1, fmt, args);
    va_end(args);
    return string;
}
