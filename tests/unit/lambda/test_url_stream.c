/*
 * test_url_stream.c - URLs whose functions answer piece by piece, and functions of processes behind
 * URLs that wait for all of it.
 */
#include "unit/httpserver/raw_client.h"
#include "url_visit.h"

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/log.h"

#define STREAMED     ",'InvokeMode':'RESPONSE_STREAM'"
#define PRELUDE_TYPE "application/vnd.awslambda.http-integration-response"
#define ZEROS        "\0\0\0\0\0\0\0\0"

static int setup(void **state)
{
    if (invoke_rig_setup(state) != 0)
        return -1;
    api_make_function(*state, "f", "echo", NULL);
    return 0;
}

static void write_pieces(struct invoke_rig *r, const char *type, const struct text *pieces,
                         size_t count)
{
    r->content_type = type;
    r->pieces = pieces;
    r->piece_count = count;
}

static int ask(struct visit *v, const char *method)
{
    AUTO_FREE char *request =
        xasprintf("%s /function-urls/%s/ HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n\r\n",
                  method, v->id);
    int fd = raw_connect(http_server_port(v->r->f.server));
    raw_send(fd, request, strlen(request));
    return fd;
}

/* Reads until what came ends so. */
static struct text read_until(int fd, const char *end, struct buffer *out)
{
    char bytes[4096];
    while (!text_ends_with(buffer_text(out), text_of(end))) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            fail_msg("the answer ended: %s", out->data);
        buffer_append(out, bytes, (size_t)n);
    }
    return buffer_text(out);
}

static void test_url_stream__begins_with_the_prelude_and_sends_each_piece_at_once(void **state)
{
    static const struct text pieces[] = {
        TEXT_INIT("{\"statusCode\":201,\"headers\":{\"Content-Type\":\"text/plain\","),
        TEXT_INIT("\"X-Own\":\"1\"},\"cookies\":[\"a=1\"]}\0\0\0"),
        TEXT_INIT("\0\0\0\0\0one"),
        TEXT_INIT("two"),
    };
    struct invoke_rig *r = *state;
    struct visit v;
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 65536);
    write_pieces(r, PRELUDE_TYPE, pieces, ARRAY_LEN(pieces));
    open_url(&v, r, STREAMED);
    atomic_store(&r->allowed, 3);
    int fd = ask(&v, "GET");
    struct text head = read_until(fd, "\r\n3\r\none\r\n", &out);
    assert_int_equal(raw_status(head), 201);
    assert_text(raw_header(head, "Content-Type"), "text/plain");
    assert_text(raw_header(head, "X-Own"), "1");
    assert_text(raw_header(head, "Set-Cookie"), "a=1");
    assert_text(raw_header(head, "Transfer-Encoding"), "chunked");
    assert_text(raw_header(head, "X-Amzn-Trace-Id"), r->trace_id);
    assert_text(raw_header(head, "x-amzn-RequestId"), r->request_id);
    atomic_store(&r->allowed, 4);
    read_until(fd, "\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", &out);
    AUTO_JSON struct json_object *event = NULL;
    struct error err = {0};
    assert_ok(json_parse(text_of(r->payload), &event, &err), &err);
    assert_member(event, "requestContext.apiId", v.id);
    close(fd);
}

static void test_url_stream__sends_other_types_as_they_are(void **state)
{
    static const struct text pieces[] = {TEXT_INIT("{\"statusCode\":500}"), TEXT_INIT("\0x")};
    static const char *const types[][2] = {{"application/json", "application/json"},
                                           {"", "application/octet-stream"},
                                           {"a\r\nb: c", "application/octet-stream"}};
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, STREAMED);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        write_pieces(r, types[i][0], pieces, 2);
        get(&v, "/");
        assert_int_equal(v.answer.status, 200);
        assert_text(header(&v, "Content-Type"), types[i][1]);
        assert_text_equal(v.answer.body, TEXT("{\"statusCode\":500}\0x"));
        leave(&v);
    }
}

static void test_url_stream__of_a_function_that_returns_at_once_is_its_response(void **state)
{
    struct invoke_rig *r = *state;
    struct visit v;
    r->result = "{\"statusCode\":202,\"body\":\"b\"}";
    open_url(&v, r, STREAMED);
    get(&v, "/");
    assert_int_equal(v.answer.status, 202);
    assert_text(v.answer.body, "b");
    leave(&v);
}

static void test_url_stream__is_cut_when_the_function_fails_within(void **state)
{
    static const struct text pieces[] = {TEXT_INIT("half")};
    struct invoke_rig *r = *state;
    struct visit v;
    AUTO_BUFFER struct buffer out;
    char bytes[4096];
    ssize_t n;
    buffer_init(&out, 65536);
    write_pieces(r, "text/plain", pieces, 1);
    r->fails = ERROR_UNAVAILABLE;
    open_url(&v, r, STREAMED);
    int fd = ask(&v, "GET");
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        buffer_append(&out, bytes, (size_t)n);
    assert_int_equal(raw_status(buffer_text(&out)), 200);
    assert_false(text_ends_with(buffer_text(&out), TEXT("0\r\n\r\n")));
    close(fd);
}

static void expect_502(struct visit *v)
{
    get(v, "/");
    assert_int_equal(v->answer.status, 502);
    assert_text(v->answer.body, "Internal Server Error");
    assert_text(header(v, "x-amzn-RequestId"), v->r->request_id);
    leave(v);
}

static void test_url_stream__without_a_good_prelude_is_a_failure(void **state)
{
    static const struct text cases[][2] = {
        {TEXT_INIT("{\"statusCode\":200}" ZEROS), TEXT_INIT("")}, /* the function fails: below */
        {TEXT_INIT("{\"statusCode\":200}"), TEXT_INIT("\0\0\0")},
        {TEXT_INIT("{\"statusCode\":99}" ZEROS), TEXT_INIT("body")},
        {TEXT_INIT("no JSON" ZEROS), TEXT_INIT("body")},
        {TEXT_INIT("{}\0"), TEXT_INIT("{}")},
    };
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, STREAMED);
    for (size_t i = 1; i < ARRAY_LEN(cases); i++) {
        write_pieces(r, PRELUDE_TYPE, cases[i], 2);
        expect_502(&v);
    }
    assert_true(r->unheard >= 3);
    r->fails = ERROR_UNAVAILABLE;
    write_pieces(r, PRELUDE_TYPE, cases[1], 1);
    expect_502(&v);
    write_pieces(r, PRELUDE_TYPE, cases[0], 0); /* nothing came before it failed */
    expect_502(&v);
}

static void test_url_stream__refuses_a_prelude_without_end(void **state)
{
    enum { COUNT = 70 };
    struct invoke_rig *r = *state;
    struct visit v;
    struct text pieces[COUNT];
    char kib[1024];
    memset(kib, ' ', sizeof(kib));
    for (int i = 0; i < COUNT; i++)
        pieces[i] = (struct text){kib, sizeof(kib)};
    write_pieces(r, PRELUDE_TYPE, pieces, COUNT);
    open_url(&v, r, STREAMED);
    expect_502(&v);
    assert_int_equal(r->unheard, COUNT - 64);
}

static void test_url_stream__goes_on_unheard_when_the_client_leaves(void **state)
{
    enum { COUNT = 40, BYTES = 1024 * 1024 };
    struct invoke_rig *r = *state;
    struct visit v;
    struct text pieces[COUNT];
    AUTO_BUFFER struct buffer out;
    AUTO_FREE char *bytes = xmalloc(BYTES);
    memset(bytes, 'x', BYTES);
    buffer_init(&out, 64 * 1024 * 1024);
    for (int i = 0; i < COUNT; i++)
        pieces[i] = (struct text){bytes, i == 0 ? 3 : BYTES};
    write_pieces(r, "text/plain", pieces, COUNT);
    open_url(&v, r, STREAMED);
    atomic_store(&r->allowed, 1);
    int fd = ask(&v, "GET");
    read_until(fd, "\r\nxxx\r\n", &out);
    close(fd);
    atomic_store(&r->allowed, -1);
    /* One thread works for all calls: when this one is answered the other has ended. */
    struct api_answer a;
    api_call_as(&r->f, "AKIAROOT", "secret-of-root");
    api_call(&r->f, "POST", FUNCTIONS "/f/invocations", "{}", &a);
    assert_int_equal(a.status, 200);
    api_answer_release(&a);
    assert_int_equal(r->runs, 2);
    assert_true(r->unheard > 0);
}

static void test_url_stream__has_no_body_for_head_and_204(void **state)
{
    static const struct text gone[] = {TEXT_INIT("{\"statusCode\":204}" ZEROS "no body")};
    static const struct text whole[] = {TEXT_INIT("{\"statusCode\":200}" ZEROS "no body")};
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, STREAMED);
    write_pieces(r, PRELUDE_TYPE, gone, 1);
    get(&v, "/");
    assert_int_equal(v.answer.status, 204);
    assert_int_equal(v.answer.body.len, 0);
    leave(&v);
    write_pieces(r, PRELUDE_TYPE, whole, 1);
    go(&v, "HEAD", "/", TEXT(""), NULL, 0);
    assert_int_equal(v.answer.status, 200);
    assert_int_equal(v.answer.body.len, 0);
    leave(&v);
    assert_int_equal(r->unheard, 0);
}

static void test_url_stream__keeps_the_headers_of_cors_to_the_configuration(void **state)
{
    static const struct text pieces[] = {
        TEXT_INIT("{\"headers\":{\"Access-Control-Allow-Origin\":\"*\"}}" ZEROS "body")};
    struct invoke_rig *r = *state;
    struct visit v;
    const struct http_header origin = {TEXT("Origin"), TEXT("https://a.example")};
    write_pieces(r, PRELUDE_TYPE, pieces, 1);
    open_url(&v, r, STREAMED ",'Cors':{'AllowOrigins':['https://a.example']}");
    go(&v, "GET", "/", TEXT(""), &origin, 1);
    assert_text(header(&v, "Access-Control-Allow-Origin"), "https://a.example");
    assert_text(v.answer.body, "body");
    leave(&v);
}

static void test_url__is_throttled_when_there_is_no_room(void **state)
{
    static const char *const modes[] = {"", STREAMED};
    struct invoke_rig *r = *state;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct visit v;
        r->fails = ERROR_THROTTLED;
        if (i == 0) {
            open_url(&v, r, modes[i]);
        } else {
            AUTO_FREE char *body = xasprintf("{'AuthType':'NONE'%s}", modes[i]);
            api_call_as(&r->f, "AKIAROOT", "secret-of-root");
            api_expect_status(&r->f, "DELETE", URL_CONFIG, NULL, 204);
            make_url_at(&v, r, URL_CONFIG, body);
            r->f.access_key = NULL;
        }
        get(&v, "/");
        assert_int_equal(v.answer.status, 429);
        assert_text(v.answer.error_type, "TooManyRequestsException");
        leave(&v);
    }
}

/* ---- BUFFERED ---- */

static void test_url__reads_the_prelude_of_a_process_that_streams(void **state)
{
    static const struct text pieces[] = {
        TEXT_INIT("{\"statusCode\":201,\"headers\":{\"content-type\":\"image/png\"}}" ZEROS),
        TEXT_INIT("\0\xff"), TEXT_INIT("rest")};
    struct invoke_rig *r = *state;
    struct visit v;
    write_pieces(r, PRELUDE_TYPE, pieces, ARRAY_LEN(pieces));
    open_url(&v, r, "");
    get(&v, "/");
    assert_false(r->had_stream);
    assert_int_equal(v.answer.status, 201);
    assert_text(header(&v, "Content-Type"), "image/png");
    assert_text(header(&v, "Content-Length"), "6");
    assert_text_equal(v.answer.body, TEXT("\0\xffrest"));
    leave(&v);
    r->piece_count = 0; /* announced, and not there */
    expect_502(&v);
}

static void test_url__answers_with_what_a_process_returned(void **state)
{
    static const struct text objects[] = {TEXT_INIT(
        "{\"statusCode\": 418, \"headers\": {\"content-type\": \"image/gif\", \"X-N\": 7},"
        " \"cookies\": [\"a=b\"], \"body\": \"AP9y\", \"isBase64Encoded\": true}")};
    static const struct text values[] = {TEXT_INIT("{\"a\": [1, 2]}")};
    struct invoke_rig *r = *state;
    struct visit v;
    open_url(&v, r, "");
    write_pieces(r, "application/json", objects, 1);
    get(&v, "/");
    assert_int_equal(v.answer.status, 418);
    assert_text(header(&v, "Content-Type"), "image/gif");
    assert_text(header(&v, "X-N"), "7");
    assert_text(header(&v, "Set-Cookie"), "a=b");
    assert_text_equal(v.answer.body, TEXT("\0\xffr"));
    leave(&v);
    write_pieces(r, "application/octet-stream", values, 1);
    get(&v, "/");
    assert_int_equal(v.answer.status, 200);
    assert_text(header(&v, "Content-Type"), "application/json");
    assert_text(v.answer.body, "{\"a\":[1,2]}");
    leave(&v);
    write_pieces(r, "application/json", values, 0);
    get(&v, "/");
    assert_int_equal(v.answer.status, 200);
    assert_int_equal(v.answer.body.len, 0);
    leave(&v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, invoke_rig_teardown)

int main(void)
{
    log_open(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        TEST(test_url_stream__begins_with_the_prelude_and_sends_each_piece_at_once),
        TEST(test_url_stream__sends_other_types_as_they_are),
        TEST(test_url_stream__of_a_function_that_returns_at_once_is_its_response),
        TEST(test_url_stream__is_cut_when_the_function_fails_within),
        TEST(test_url_stream__without_a_good_prelude_is_a_failure),
        TEST(test_url_stream__refuses_a_prelude_without_end),
        TEST(test_url_stream__goes_on_unheard_when_the_client_leaves),
        TEST(test_url_stream__has_no_body_for_head_and_204),
        TEST(test_url_stream__keeps_the_headers_of_cors_to_the_configuration),
        TEST(test_url__is_throttled_when_there_is_no_room),
        TEST(test_url__reads_the_prelude_of_a_process_that_streams),
        TEST(test_url__answers_with_what_a_process_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
