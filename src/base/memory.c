/*
 * memory.c - see onput/memory.h and onput/attributes.h. The only callers of malloc() and abort().
 */
#include "onput/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cleanup_free(void *p)
{
    void *memory;

    memcpy(&memory, p, sizeof(memory));
    free(memory);
}

void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

void bug_abort(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "onput: bug at %s:%d in %s(): %s\n", file, line, function, condition);
    abort();
}

static NORETURN void out_of_memory(size_t size)
{
    fprintf(stderr, "onput: out of memory for %zu bytes\n", size);
    abort();
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size == 0 ? 1 : size);

    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    void *memory;

    if (count == 0 || size == 0)
        count = size = 1;
    memory = calloc(count, size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

void *xrealloc_array(void *ptr, size_t count, size_t size)
{
    void *memory;

    if (count == 0 || size == 0)
        count = size = 1;
    memory = reallocarray(ptr, count, size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

char *xstrdup(const char *string)
{
    return xmemdup_text(text_of(string));
}

char *xstrdup_or_null(const char *string_or_null)
{
    return string_or_null == NULL ? NULL : xstrdup(string_or_null);
}

char *xmemdup_text(struct text t)
{
    size_t size;
    char *copy;

    if (add_overflows(t.len, 1, &size))
        out_of_memory(t.len);
    copy = xmalloc(size);
    if (t.len > 0)
        memcpy(copy, t.ptr, t.len);
    copy[t.len] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    va_list args;
    char *string;
    int len;

    va_start(args, fmt);
    len = vasprintf(&string, fmt, args);
    va_end(args);
    if (len < 0)
        out_of_memory(0);
    return string;
}

void free_secret(char *string)
{
    if (string == NULL)
        return;
    explicit_bzero(string, strlen(string));
    free(string);
}

bool add_overflows(size_t a, size_t b, size_t *out)
{
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return true;
    *out = sum;
    return false;
}

bool mul_overflows(size_t a, size_t b, size_t *out)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product))
        return true;
    *out = product;
    return false;
}
