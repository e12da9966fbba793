/*
 * api_text.h - the texts of the Runtime API: error types, errors made into JSON, header values.
 * Pure.
 */
#ifndef ONPUT_RUNTIME_API_TEXT_H
#define ONPUT_RUNTIME_API_TEXT_H

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/text.h"

/* The type when it is one that runtimes may report, else Runtime.Unknown or Function.Unknown; of an
 * empty one the empty text. Borrowed. */
struct text api_error_type(struct text header);

/* {"errorType":"...","errorMessage":"..."} */
void api_append_error(struct buffer *out, struct text type, struct text message);

/*
 * What a process posted as its error, as the JSON that its caller gets: verbatim when it is JSON.
 * Else, where AWS's emulator hands out whatever bytes there are, one is made of its beginning, so
 * that the answer to a failed invocation is always JSON.
 */
void api_append_posted_error(struct buffer *out, struct text body, struct text type);

/* The same of the trailer Lambda-Runtime-Function-Error-Body: base64 of JSON. */
void api_append_trailer_error(struct buffer *out, struct text base64, struct text type);

/*
 * JSON as the value of a header: letters beyond ASCII as \uXXXX, because nobody agrees on a
 * charset of headers, and a blank for each control byte, which can only be white space there.
 */
struct text api_header_json(struct text json, struct arena *arena);

#endif
