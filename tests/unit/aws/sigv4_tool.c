/*
 * Signs requests for a comparison with another implementation. Standard input is a list of
 * requests, each a block of "name value" lines with an empty line behind it:
 *
 *   method PUT            access_key AKID         service s3
 *   path /photos/a%20b    secret_key ...          time_ms 1795288460000
 *   query list-type=2     session_token ...       payload_hash e3b0...
 *   header Host: ...      region us-east-1        presign_s 0
 *
 * Standard output has one signature per request.
 */
#include <stdio.h>

#include "onput/fd.h"
#include "onput/memory.h"
#include "onput/sigv4.h"

enum { MAX_HEADERS = 50 };

struct block {
    struct sigv4_request request;
    struct sigv4_key key;
    struct sigv4_scope scope;
    struct text time_ms;
    struct text presign_s;
    struct http_header headers[MAX_HEADERS];
};

static struct text *field(struct block *b, struct text name)
{
    const struct {
        const char *name;
        struct text *value;
    } rows[] = {
        {"method", &b->request.method},
        {"path", &b->request.path},
        {"query", &b->request.query},
        {"payload_hash", &b->request.payload_hash},
        {"access_key", &b->key.access_key},
        {"secret_key", &b->key.secret_key},
        {"session_token", &b->key.session_token},
        {"region", &b->scope.region},
        {"service", &b->scope.service},
        {"time_ms", &b->time_ms},
        {"presign_s", &b->presign_s},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (text_is(name, rows[i].name))
            return rows[i].value;
    }
    return NULL;
}

static void read_block(struct text *input, struct block *b)
{
    struct text line;
    while ((line = text_cut(input, '\n')).len) {
        struct text name = text_cut(&line, ' ');
        struct text *value = field(b, name);
        if (value) {
            *value = line;
            continue;
        }
        BUG_ON(!text_is(name, "header") || b->request.header_count == MAX_HEADERS);
        struct http_header *header = &b->headers[b->request.header_count++];
        header->name = text_cut(&line, ':');
        header->value = line;
    }
    b->request.headers = b->headers;
}

static int sign(struct block *b, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct sigv4_trace trace = {0};
    struct text result;
    int64_t presign_s;
    if (text_to_i64(b->time_ms, 0, INT64_MAX, "time_ms", &b->scope.time_ms, err) ||
        text_to_i64(b->presign_s, 0, INT64_MAX, "presign_s", &presign_s, err))
        return -1;
    if (presign_s) {
        if (sigv4_presign(&b->request, &b->key, &b->scope, presign_s, &arena, &result, err))
            return -1;
        printf("%.*s\n", TEXT_ARGS(text_slice(result, result.len - 64, result.len)));
        return 0;
    }
    if (sigv4_sign(&b->request, &b->key, &b->scope, &arena, &result, &trace, err))
        return -1;
    printf("%s\n", trace.signature);
    sigv4_trace_release(&trace);
    return 0;
}

int main(void)
{
    AUTO_BUFFER struct buffer input = {0};
    struct error err = {0};
    buffer_init(&input, 64 * 1024 * 1024);
    int rc = fd_read_all(0, &input, &err);
    struct text rest = buffer_text(&input);
    while (!rc && rest.len) {
        struct block b = {.request.query = TEXT_INIT(""), .key.session_token = TEXT_INIT("")};
        read_block(&rest, &b);
        rc = sign(&b, &err);
    }
    if (rc)
        fprintf(stderr, "sigv4_tool: %s\n", err.message);
    return rc ? 1 : 0;
}
