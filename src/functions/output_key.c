/*
 * Where a rendition goes: the key template of {bucket} and {key} of the source, {rendition} and its
 * {ext}. The configuration has checked that it holds no other word.
 *
 * The default {bucket}/{key}/{rendition}.{ext} cannot collide: the whole source key is in it and
 * the last segment never holds a "/". A key that would pass S3's 1,024 bytes is shortened to a
 * readable start plus a hash of the whole; so is a key that looks as if it had been shortened, or
 * somebody could choose another object's output.
 */
#include "functions_private.h"

#include <stdio.h>
#include <string.h>

#include "onput/hash.h"

enum { SHORT_KEY_START_BYTES = 600, SHORT_KEY_HASH_DIGITS = 32, UTF8_MAX_BYTES = 4 };

struct expansion {
    struct text bucket, key;
    const struct rendition *rendition;
    enum image_format format;
};

struct placeholder {
    const char *name;
    bool of_object; /* its value depends on the source object */
    void (*append)(struct buffer *out, const struct expansion *e);
};

static void append_bucket(struct buffer *out, const struct expansion *e)
{
    buffer_append_text(out, e->bucket);
}

static void append_key(struct buffer *out, const struct expansion *e)
{
    buffer_append_text(out, e->key);
}

static void append_rendition(struct buffer *out, const struct expansion *e)
{
    buffer_append_string(out, e->rendition->name);
}

static void append_ext(struct buffer *out, const struct expansion *e)
{
    buffer_append_string(out, image_format_extension(e->format));
}

static const struct placeholder placeholders[] = {
    {"bucket", true, append_bucket},
    {"key", true, append_key},
    {"rendition", false, append_rendition},
    {"ext", false, append_ext},
};

static const struct placeholder *find_placeholder(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(placeholders); i++) {
        if (text_is(name, placeholders[i].name))
            return &placeholders[i];
    }
    return NULL;
}

/* Cuts the next piece off: literal text, or a placeholder. False at the end. */
static bool next_piece(struct text *rest, struct text *literal,
                       const struct placeholder **placeholder)
{
    if (rest->len == 0)
        return false;
    size_t open = text_find(*rest, '{');
    if (open > 0) {
        *literal = text_slice(*rest, 0, open);
        *placeholder = NULL;
        *rest = text_slice(*rest, open, rest->len);
        return true;
    }
    size_t close = text_find(*rest, '}');
    *literal = text_slice(*rest, 0, close + 1);
    *placeholder = find_placeholder(text_slice(*rest, 1, close));
    *rest = text_slice(*rest, close + 1, rest->len);
    return true;
}

static void expand(const char *template, const struct expansion *e, struct buffer *out)
{
    struct text rest = text_of(template), literal;
    const struct placeholder *p;
    while (next_piece(&rest, &literal, &p)) {
        if (p != NULL)
            p->append(out, e);
        else
            buffer_append_text(out, literal);
    }
}

/* A readable start, cut at a whole UTF-8 character, and a hash of everything. */
static struct text shorten(struct text key, struct arena *arena)
{
    char hex[SHA256_HEX_BYTES];
    sha256_hex(key.ptr, key.len, hex);
    size_t end = SHORT_KEY_START_BYTES;
    while (end > SHORT_KEY_START_BYTES - UTF8_MAX_BYTES &&
           ((unsigned char)key.ptr[end] & 0xc0) == 0x80)
        end--;
    struct text start = text_slice(key, 0, end);
    return text_of(arena_printf(arena, "%.*s~%.*s", TEXT_ARGS(start), SHORT_KEY_HASH_DIGITS, hex));
}

static bool looks_shortened(struct text key)
{
    enum { TAIL = 1 + SHORT_KEY_HASH_DIGITS };
    if (key.len < SHORT_KEY_START_BYTES - UTF8_MAX_BYTES + TAIL ||
        key.len > SHORT_KEY_START_BYTES + TAIL || key.ptr[key.len - TAIL] != '~')
        return false;
    for (size_t i = key.len - SHORT_KEY_HASH_DIGITS; i < key.len; i++) {
        if (strchr("0123456789abcdef", key.ptr[i]) == NULL)
            return false;
    }
    return true;
}

static int check_key(struct text key, struct error *err)
{
    if (key.len == 0 || key.len > EVENT_MAX_KEY_BYTES || key.ptr[0] == '/')
        return error_set(err, ERROR_INVALID,
                         "output.key gives a key that S3 does not take: \"%.*s\"",
                         TEXT_ARGS(text_slice(key, 0, 100)));
    return 0;
}

int catalog_output(const struct function *function, struct text bucket, struct text key,
                   const struct rendition *rendition, enum image_format format, struct arena *arena,
                   struct storage_object *out, struct error *err)
{
    struct expansion e = {bucket, key, rendition, format};
    AUTO_BUFFER struct buffer expanded;
    buffer_init(&expanded, 16 * EVENT_MAX_KEY_BYTES);
    expand(function->config->output_key, &e, &expanded);
    bool is_long = expanded.len > EVENT_MAX_KEY_BYTES && key.len > SHORT_KEY_START_BYTES;
    if (is_long || looks_shortened(key)) {
        e.key = shorten(key, arena);
        buffer_reset(&expanded);
        expand(function->config->output_key, &e, &expanded);
    }
    if (check_key(buffer_text(&expanded), err) < 0)
        return -1;
    *out = (struct storage_object){
        .bucket = text_of(function->config->output_bucket),
        .key = arena_text(arena, buffer_text(&expanded)),
        .version_id = TEXT(""),
    };
    return 0;
}

void output_fixed_ends(const struct config_function *f, const struct rendition *rendition,
                       struct arena *arena, struct text *out_prefix, struct text *out_suffix)
{
    struct expansion e = {TEXT(""), TEXT(""), rendition, rendition->format};
    AUTO_BUFFER struct buffer fixed;
    buffer_init(&fixed, 16 * EVENT_MAX_KEY_BYTES);
    struct text rest = text_of(f->output_key), literal, prefix = TEXT("");
    const struct placeholder *p;
    bool in_prefix = true;
    while (next_piece(&rest, &literal, &p)) {
        bool varies =
            p != NULL &&
            (p->of_object || (p->append == append_ext && rendition->format == IMAGE_FORMAT_SOURCE));
        if (varies && in_prefix)
            prefix = arena_text(arena, buffer_text(&fixed));
        if (varies) {
            in_prefix = false;
            buffer_reset(&fixed);
        } else if (p != NULL) {
            p->append(&fixed, &e);
        } else {
            buffer_append_text(&fixed, literal);
        }
    }
    *out_suffix = arena_text(arena, buffer_text(&fixed));
    *out_prefix = in_prefix ? *out_suffix : prefix;
}
