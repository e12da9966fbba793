/*
 * json.h - strict, bounded JSON reading with json-c, and a small writer.
 *
 * Reading: json_parse() accepts exactly one RFC 8259 value with nothing behind it, within limits of
 * size and depth. A name with a NUL and half of a surrogate pair are refused, too, because a tree
 * of json-c cannot hold them; of equal names the last one counts. Whole numbers beyond 64 bits are
 * kept as the nearest that fits, and json_get_i64() refuses them. Getters take a path such as
 * "Records[0].s3.bucket.name" and write errors that name it. Texts are borrowed from the tree and
 * may hold NUL.
 *
 * Writing: struct json_writer puts commas and escapes; the caller keeps the nesting right (BUG_ON).
 */
#ifndef ONPUT_JSON_H
#define ONPUT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

enum { JSON_MAX_DEPTH = 32 };

#define AUTO_JSON __attribute__((cleanup(json_release)))
void json_release(struct json_object **object); /* json_object_put, NULL-safe; for AUTO_JSON */

/* The caller releases *out with json_object_put(), and has checked its own limit of size before. */
MUST_CHECK int json_parse(struct text t, struct json_object **out, struct error *err);

/* Succeeds when json_parse() would, building nothing: for JSON that is only passed on. */
MUST_CHECK int json_scan(struct text t, struct error *err);

/* The value at `path`, or NULL when a part of the path is missing or null. Borrowed. */
struct json_object *json_at(struct json_object *root, const char *path);

/* Required values: missing or of another type is ERROR_INVALID with the path in the message. */
MUST_CHECK int json_get_text(struct json_object *root, const char *path, struct text *out,
                             struct error *err);
MUST_CHECK int json_get_i64(struct json_object *root, const char *path, int64_t *out,
                            struct error *err);
MUST_CHECK int json_get_array(struct json_object *root, const char *path, struct json_object **out,
                              struct error *err);
MUST_CHECK int json_get_object(struct json_object *root, const char *path, struct json_object **out,
                               struct error *err);

/* Optional values: the fallback when missing or null; another type is an error all the same. */
MUST_CHECK int json_find_text(struct json_object *root, const char *path, struct text fallback,
                              struct text *out, struct error *err);
MUST_CHECK int json_find_i64(struct json_object *root, const char *path, int64_t fallback,
                             int64_t *out, struct error *err);

/* Of a json_type_string; the empty text for others. */
struct text json_text(struct json_object *string);
/* "a string", "an object", ... for messages. */
const char *json_type_label(struct json_object *value);

struct json_writer {
    struct buffer *out;
    unsigned depth;
    bool comma; /* a value stands before the next one on this level */
};

void json_writer_init(struct json_writer *w, struct buffer *out);
void json_object_begin(struct json_writer *w);
void json_object_finish(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_finish(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_text(struct json_writer *w, struct text key);
void json_put_text(struct json_writer *w, struct text t);
void json_put_string(struct json_writer *w, const char *string_or_null); /* NULL becomes null */
void json_put_i64(struct json_writer *w, int64_t value);
void json_put_bool(struct json_writer *w, bool value);
void json_put_null(struct json_writer *w);
void json_put_raw(struct json_writer *w, struct text json); /* one value that is JSON already */
/* key and value in one line */
void json_pair_text(struct json_writer *w, const char *key, struct text value);
void json_pair_string(struct json_writer *w, const char *key, const char *value_or_null);
void json_pair_i64(struct json_writer *w, const char *key, int64_t value);
void json_pair_bool(struct json_writer *w, const char *key, bool value);

#endif
