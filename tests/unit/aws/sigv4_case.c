/*
 * Loads a case of fixtures/sigv4, see make_sigv4_cases.py for the format.
 */
#include "sigv4_case.h"

#include "support/test.h"

#include "onput/clock.h"
#include "onput/json.h"

static struct text load(struct sigv4_case *c, const char *name, const char *file)
{
    AUTO_FREE char *path = xasprintf("sigv4/%s/%s", name, file);
    size_t len = 0;
    AUTO_FREE char *bytes = test_read_fixture(path, &len);
    return arena_text(&c->arena, (struct text){bytes, len});
}

static struct text get_text(struct sigv4_case *c, struct json_object *context, const char *key)
{
    struct error err = {0};
    struct text value;
    assert_ok(json_get_text(context, key, &value, &err), &err);
    return arena_text(&c->arena, value);
}

static void load_context(struct sigv4_case *c, struct text document)
{
    AUTO_JSON struct json_object *context = NULL;
    struct error err = {0};
    assert_ok(json_parse(document, &context, &err), &err);
    c->key.access_key = get_text(c, context, "access_key");
    c->key.secret_key = get_text(c, context, "secret_key");
    c->key.session_token = get_text(c, context, "session_token");
    c->scope.region = get_text(c, context, "region");
    c->scope.service = get_text(c, context, "service");
    c->request.payload_hash = get_text(c, context, "payload_hash");
    assert_ok(json_get_i64(context, "presign_s", &c->presign_s, &err), &err);
    assert_ok(time_parse_rfc3339(get_text(c, context, "time"), &c->scope.time_ms, &err), &err);
}

static void load_request(struct sigv4_case *c, struct text document)
{
    enum { MAX_HEADERS = 20 };
    struct http_header *headers = ARENA_ARRAY(&c->arena, struct http_header, MAX_HEADERS);
    struct text target = text_cut(&document, '\n');
    struct text line;
    c->request.method = text_cut(&target, ' ');
    c->request.path = text_cut(&target, '?');
    c->request.query = target;
    while ((line = text_cut(&document, '\n')).len) {
        assert_true(c->request.header_count < MAX_HEADERS);
        headers[c->request.header_count].name = text_cut(&line, ':');
        headers[c->request.header_count++].value = line;
    }
    c->request.headers = headers;
}

void sigv4_case_load(const char *name, struct sigv4_case *out)
{
    *out = (struct sigv4_case){0};
    load_context(out, load(out, name, "context.json"));
    load_request(out, load(out, name, "request.txt"));
    out->canonical_request = load(out, name, "canonical-request.txt");
    out->string_to_sign = load(out, name, "string-to-sign.txt");
    out->signature = load(out, name, "signature.txt");
}

void sigv4_case_release(struct sigv4_case *c)
{
    arena_release(&c->arena);
}

struct sigv4_request sigv4_case_with_header(struct sigv4_case *c, const char *name,
                                            struct text value)
{
    struct sigv4_request request = c->request;
    struct http_header *headers =
        ARENA_ARRAY(&c->arena, struct http_header, request.header_count + 1);
    memcpy(headers, request.headers, request.header_count * sizeof(headers[0]));
    headers[request.header_count++] = (struct http_header){text_of(name), value};
    request.headers = headers;
    return request;
}
