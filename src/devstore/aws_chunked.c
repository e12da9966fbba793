/*
 * aws_chunked.c - the body coding of AWS SDKs: "<hex size>[;chunk-signature=...]\r\n<bytes>\r\n" up
 * to a chunk of size 0, then trailer lines (checksums) up to an empty line or the end.
 *
 * Source: S3 API reference "Signature calculations: transferring payload in multiple chunks", with
 * and without trailing headers. Signatures and checksums are passed over.
 */
#include "devstore_private.h"

enum { MAX_CHUNK_LINE_BYTES = 1024, MAX_TRAILER_BYTES = 8 * 1024 };

static int malformed(struct error *err, const char *what)
{
    return error_set(err, ERROR_INVALID, "the aws-chunked body is malformed: %s", what);
}

/* Cuts one line with its CR LF off. */
static int cut_line(struct text *rest, struct text *out, struct error *err)
{
    struct text window = text_slice(*rest, 0, MAX_CHUNK_LINE_BYTES);
    size_t end = text_find(window, '\n');
    if (end == window.len || end == 0 || window.ptr[end - 1] != '\r')
        return malformed(err, "a line does not end");
    *out = text_slice(window, 0, end - 1);
    *rest = text_slice(*rest, end + 1, rest->len);
    return 0;
}

static int parse_size(struct text line, size_t *out, struct error *err)
{
    struct text hex = text_cut(&line, ';');
    size_t size = 0;
    if (hex.len == 0 || hex.len > 8)
        return malformed(err, "a chunk has no size");
    for (size_t i = 0; i < hex.len; i++) {
        char c = hex.ptr[i];
        size_t digit = c >= '0' && c <= '9'   ? (size_t)(c - '0')
                       : c >= 'a' && c <= 'f' ? (size_t)(c - 'a') + 10
                       : c >= 'A' && c <= 'F' ? (size_t)(c - 'A') + 10
                                              : 16;
        if (digit == 16)
            return malformed(err, "a chunk's size is not a hexadecimal number");
        size = size * 16 + digit;
    }
    *out = size;
    return 0;
}

static int skip_trailer(struct text rest, struct error *err)
{
    struct text line;
    if (rest.len > MAX_TRAILER_BYTES)
        return malformed(err, "there are bytes behind the last chunk");
    while (rest.len > 0) {
        if (cut_line(&rest, &line, err) != 0)
            return -1;
        if (line.len > 0 && text_find(line, ':') == line.len)
            return malformed(err, "a trailer line has no name");
        if (line.len == 0 && rest.len > 0)
            return malformed(err, "there are bytes behind the trailer");
    }
    return 0;
}

int aws_chunked_decode(struct text coded, size_t max_bytes, struct buffer *out, struct error *err)
{
    struct text rest = coded;
    for (;;) {
        struct text line;
        size_t size = 0;
        if (cut_line(&rest, &line, err) != 0 || parse_size(line, &size, err) != 0)
            return -1;
        if (size == 0)
            return skip_trailer(rest, err);
        if (size > max_bytes - out->len)
            return error_set(err, ERROR_LIMIT, "the body has more than %zu bytes", max_bytes);
        if (rest.len < size + 2 || rest.ptr[size] != '\r' || rest.ptr[size + 1] != '\n')
            return malformed(err, "a chunk is cut off");
        buffer_append_text(out, text_slice(rest, 0, size));
        rest = text_slice(rest, size + 2, rest.len);
    }
}
