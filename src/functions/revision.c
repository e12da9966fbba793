/*
 * What a process of a function was started with, as one word: when it changes, the process is of no
 * use any more. Stores and keys are not part of it: they change with the configuration, and then
 * the catalog's stores are others (catalog_same_stores()).
 */
#include "functions_private.h"

#include <string.h>

#include "onput/encoding.h"
#include "onput/hash.h"

static void add(struct sha256_stream *s, const void *bytes, uint64_t len)
{
    sha256_stream_add(s, &len, sizeof(len));
    sha256_stream_add(s, bytes, (size_t)len);
}

static void add_string(struct sha256_stream *s, const char *string_or_null)
{
    uint8_t is_there = string_or_null != NULL;
    sha256_stream_add(s, &is_there, sizeof(is_there));
    if (is_there)
        add(s, string_or_null, strlen(string_or_null));
}

struct text revision_make(const struct config_function *f, struct text role, struct arena *arena)
{
    uint8_t digest[SHA256_BYTES];
    char *hex = arena_alloc(arena, SHA256_HEX_BYTES);
    struct sha256_stream *s = sha256_stream_new();
    add_string(s, f->builtin);
    add(s, &f->command_count, sizeof(f->command_count));
    for (size_t i = 0; i < f->command_count; i++)
        add_string(s, f->command[i]);
    add_string(s, f->runtime);
    add_string(s, f->directory);
    add_string(s, f->handler);
    add_string(s, f->store);
    add(s, &f->memory_bytes, sizeof(f->memory_bytes));
    add(s, &f->environment_count, sizeof(f->environment_count));
    for (size_t i = 0; i < f->environment_count; i++) {
        add_string(s, f->environment[i].name);
        add_string(s, f->environment[i].value);
    }
    add(s, role.ptr, role.len);
    sha256_stream_end(s, digest);
    hex_encode(digest, sizeof(digest), hex);
    return (struct text){hex, SHA256_HEX_BYTES - 1};
}

struct text function_revision(const struct function *function)
{
    return function->revision;
}
