/*
 * pictures.h - the sample pictures and what is expected of them, for the tests of this folder.
 *
 * Helpers fail the running test when a file is missing.
 */
#ifndef ONPUT_TESTS_THUMBNAIL_PICTURES_H
#define ONPUT_TESTS_THUMBNAIL_PICTURES_H

#include "onput/json.h"
#include "onput/thumbnail.h"

/* Bytes of fixtures/images/<path>; exactly as large as they are, so that ASan sees over-reads. */
struct text picture_read(const char *path);
void picture_free(struct text bytes);

/* fixtures/images/<path> as JSON: picture name -> expectation. */
struct json_object *expectations_read(const char *path);

/* "reason", or one of "also", of an expectation means this error. */
bool expectation_allows(struct json_object *expected, enum error_code code);
enum image_format expectation_format(struct json_object *expected);
int64_t expectation_number(struct json_object *expected, const char *key);

#endif
