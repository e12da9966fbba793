/*
 * origins.c - records of what was bound and where it was written: messages with a place, and the
 * secrets to wipe at the end. The records live as long as the configuration.
 */
#include "config_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onput/encoding.h"

enum { PATH_MAX_BYTES = 512, MESSAGE_MAX_BYTES = 2 * ERROR_MESSAGE_BYTES };

void origins_add(struct config_origins *origins, struct record record)
{
    if (origins->count == origins->capacity) {
        origins->capacity = origins->capacity == 0 ? 64 : origins->capacity * 2;
        origins->records =
            xrealloc_array(origins->records, origins->capacity, sizeof(*origins->records));
    }
    origins->records[origins->count++] = record;
}

const struct record *origins_option(const struct config_origins *origins, const void *member)
{
    for (size_t i = 0; i < origins->count; i++)
        if (origins->records[i].kind == RECORD_OPTION && origins->records[i].address == member)
            return &origins->records[i];
    return NULL;
}

const struct record *origins_section(const struct config_origins *origins, enum section_id section,
                                     const void *base)
{
    for (size_t i = 0; i < origins->count; i++) {
        const struct record *record = &origins->records[i];

        if (record->kind == RECORD_OPEN && record->section == section && record->address == base)
            return record;
    }
    return NULL;
}

bool origins_is_given(const struct config_origins *origins, const void *member)
{
    const struct record *record = origins_option(origins, member);

    return record != NULL && record->place->origin.kind != ORIGIN_DEFAULT;
}

static void wipe_string(const char *string)
{
    if (string != NULL)
        explicit_bzero((char *)string, strlen(string));
}

static void wipe_secret(const struct record *record)
{
    const char **list;
    size_t count;

    if (record->option->type == OPTION_SECRET) {
        wipe_string(*(const char **)record->address);
        return;
    }
    list = *(const char ***)record->address;
    memcpy(&count, (const char *)record->address + sizeof(list), sizeof(count));
    for (size_t i = 0; i < count; i++)
        wipe_string(list[i]);
}

void origins_release(struct config_origins *origins)
{
    for (size_t i = 0; i < origins->count; i++)
        if (origins->records[i].kind == RECORD_OPTION &&
            option_is_secret(origins->records[i].option))
            wipe_secret(&origins->records[i]);
    FREE_AND_NULL(origins->records);
    origins->count = 0;
    origins->capacity = 0;
}

struct place *place_new(struct arena *a, const struct place *parent, const char *key, size_t index,
                        struct origin origin)
{
    struct place *place = ARENA_NEW(a, struct place);

    *place = (struct place){.parent = parent, .key = key, .index = index, .origin = origin};
    return place;
}

static void append_place(struct buffer *out, const struct place *place)
{
    if (place == NULL || place->parent == NULL)
        return;
    append_place(out, place->parent);
    if (place->key == NULL) {
        buffer_appendf(out, "[%zu]", place->index);
        return;
    }
    if (out->len > 0)
        buffer_append_char(out, '.');
    buffer_append_json_escaped(out, text_of(place->key));
}

static void append_origin(struct buffer *out, const struct config_origins *origins,
                          struct origin origin)
{
    switch (origin.kind) {
    case ORIGIN_FILE:
        buffer_append_json_escaped(out, text_of(origins->name));
        buffer_appendf(out, ":%u:%u", origin.line, origin.column);
        return;
    case ORIGIN_ENVIRONMENT:
        buffer_appendf(out, "environment %s", origin.variable);
        return;
    case ORIGIN_FLAG:
        buffer_append_string(out, "--set ");
        buffer_append_json_escaped(out, text_of(origin.variable));
        return;
    case ORIGIN_DEFAULT:
        buffer_append_string(out, origins->name == NULL ? "configuration" : origins->name);
        return;
    }
}

int place_prefix(const struct config_origins *origins, const struct place *place, const char *key,
                 struct origin origin, struct error *err)
{
    AUTO_BUFFER struct buffer path = {0};
    AUTO_BUFFER struct buffer where = {0};

    buffer_init(&path, PATH_MAX_BYTES);
    buffer_init(&where, PATH_MAX_BYTES);
    append_place(&path, place);
    if (key != NULL && path.len > 0)
        buffer_append_char(&path, '.');
    buffer_append_string(&path, key == NULL ? "" : key);
    if (origins->is_placeless)
        return path.len > 0 ? error_prefix(err, "%s", path.data) : -1;
    append_origin(&where, origins, origin);
    if (origin.kind == ORIGIN_FLAG && text_is(buffer_text(&path), origin.variable))
        return error_prefix(err, "%s", where.data);
    if (path.len > 0)
        return error_prefix(err, "%s: %s", where.data, path.data);
    return error_prefix(err, "%s", where.data);
}

int place_fail(const struct config_origins *origins, const struct place *place, struct error *err,
               const char *fmt, ...)
{
    char message[MESSAGE_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    error_set(err, ERROR_INVALID, "%s", message);
    return place_prefix(origins, place, NULL, place->origin, err);
}
