/*
 * url_prelude.c - the beginning of a streamed result: JSON, eight NUL bytes, the body. JSON holds
 * no NUL, so the first one ends it. What the JSON says is url_response.c's to read.
 *
 * Source: AWS Lambda Developer Guide, "Response streaming"; content type and separator as its
 * runtimes write them.
 */
#include "url_private.h"

#include <string.h>

enum { SEPARATOR_ZEROS = 8 };

bool url_prelude_announced(struct text content_type)
{
    struct text type = text_trim(text_slice(content_type, 0, text_find(content_type, ';')));
    return text_equal_nocase(type, TEXT("application/vnd.awslambda.http-integration-response"));
}

void url_prelude_init(struct url_prelude *p)
{
    *p = (struct url_prelude){.zeros = 0};
    buffer_init(&p->json, URL_PRELUDE_MAX_BYTES);
}

void url_prelude_release(struct url_prelude *p)
{
    buffer_release(&p->json);
}

static int take_json(struct url_prelude *p, struct text *piece, struct error *err)
{
    size_t len = text_find(*piece, '\0');
    buffer_append_text(&p->json, text_slice(*piece, 0, len));
    *piece = text_slice(*piece, len, piece->len);
    if (buffer_failed(&p->json))
        return error_set(err, ERROR_LIMIT, "the prelude has more than %d bytes",
                         URL_PRELUDE_MAX_BYTES);
    return 0;
}

int url_prelude_take(struct url_prelude *p, struct text *piece, struct error *err)
{
    if (p->zeros == 0 && take_json(p, piece, err) < 0)
        return -1;
    size_t zeros = 0;
    while (zeros < piece->len && p->zeros + zeros < SEPARATOR_ZEROS && piece->ptr[zeros] == '\0')
        zeros++;
    p->zeros += (unsigned)zeros;
    *piece = text_slice(*piece, zeros, piece->len);
    if (p->zeros == SEPARATOR_ZEROS)
        return 1;
    if (piece->len > 0)
        return error_set(err, ERROR_INVALID, "the prelude does not end with %d NUL bytes",
                         SEPARATOR_ZEROS);
    return 0;
}

int url_prelude_response(struct text result, struct arena *arena, struct url_response *out,
                         struct error *err)
{
    struct url_prelude p;
    struct text body = result;
    url_prelude_init(&p);
    int rc = url_prelude_take(&p, &body, err);
    if (rc == 0)
        error_set(err, ERROR_INVALID, "the result ends within its prelude");
    bool is_good = rc == 1 && url_prelude_read(buffer_text(&p.json), arena, out, err) == 0;
    url_prelude_release(&p);
    if (!is_good)
        return -1;
    out->body = out->status == 204 || out->status == 304 ? TEXT("") : body;
    return 0;
}
