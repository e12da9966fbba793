/*
 * A registry, the routes of the API on a server of their own, and the client's half of Signature
 * Version 4. Time stands still, for both sides, until a test moves it.
 */
#include "lambda_fixture.h"

#include "onput/encoding.h"
#include "onput/hash.h"
#include "onput/sigv4.h"

/* The largest packages take long where a sanitizer watches. */
enum { MAX_HEADERS = 16, MAX_ANSWER = 16 * 1024 * 1024, PATIENCE_MS = 100000 };

/* Packages are looked for below the state directory. */
static struct config *config_of(const char *dir, const char *yaml)
{
    AUTO_FREE char *state = xasprintf("state.dir=%s", dir);
    const char *const flags[] = {state, NULL};
    struct config_source source = {.flags = flags};
    struct config *config = NULL;
    struct error err = {0};
    assert_ok(config_load_text(text_of(yaml), "test.yaml", &source, &config, &err), &err);
    return config;
}

static void open_registry(struct lambda_fixture *f, const char *dir, const char *yaml)
{
    struct registry_options options = {
        .directory = dir, .clock = &f->clock.clock, .metrics = f->api.metrics};
    struct error err = {0};
    assert_ok(registry_open(config_of(dir, yaml), &options, &f->api.registry, &err), &err);
}

static void open_packages(struct lambda_fixture *f, const char *dir)
{
    AUTO_FREE char *packages = test_path(dir, "packages");
    struct error err = {0};
    assert_ok(package_store_open(packages, &f->api.packages, &err), &err);
}

static void serve(struct lambda_fixture *f)
{
    struct http_server_options options = {.address = "127.0.0.1",
                                          .request_timeout_ms = PATIENCE_MS,
                                          .ctx = &f->api,
                                          .metrics = f->api.metrics};
    struct error err = {0};
    assert_ok(lambda_open(&f->api, &err), &err);
    f->routes = lambda_routes(&f->api, &options.route_count);
    options.routes = f->routes;
    assert_ok(http_server_start(&options, &f->server, &err), &err);
    f->api.port = http_server_port(f->server);
}

void lambda_fixture_open(struct lambda_fixture *f, const char *dir, const char *yaml)
{
    struct http_client_options client = {.user_agent = "test"};
    struct error err = {0};
    *f = (struct lambda_fixture){0};
    fake_clock_init(&f->clock, 1764037614123, 0); /* 2025-11-25T02:26:54.123Z */
    f->api.metrics = metrics_new();
    f->api.clock = &f->clock.clock;
    open_registry(f, dir, yaml != NULL ? yaml : FIXTURE_YAML);
    open_packages(f, dir);
    serve(f);
    assert_ok(http_client_new(&client, &f->client, &err), &err);
    api_call_as(f, "AKIAROOT", "secret-of-root");
}

void lambda_fixture_close(struct lambda_fixture *f)
{
    http_client_free(f->client);
    http_server_free(f->server);
    lambda_close(&f->api);
    package_store_close(f->api.packages);
    registry_close(f->api.registry);
    free(f->routes);
    metrics_free(f->api.metrics);
}

int lambda_fixture_setup(void **state)
{
    struct lambda_fixture *f = xmalloc(sizeof(*f));
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    lambda_fixture_open(f, dir, NULL);
    f->dir = dir;
    *state = f;
    return 0;
}

int lambda_fixture_teardown(void **state)
{
    struct lambda_fixture *f = *state;
    void *dir = f->dir;
    lambda_fixture_close(f);
    free(f);
    return test_dir_teardown(&dir);
}

void api_call_as(struct lambda_fixture *f, const char *access_key, const char *secret_key)
{
    f->access_key = access_key;
    f->secret_key = secret_key;
}

/* ---- one call ---- */

struct outgoing {
    struct http_header headers[MAX_HEADERS];
    size_t count;
    struct arena arena;
};

static void add_header(struct outgoing *o, const char *name, struct text value)
{
    assert_true(o->count < MAX_HEADERS);
    o->headers[o->count++] = (struct http_header){text_of(name), value};
}

static struct text signature(struct lambda_fixture *f, const char *method, const char *target,
                             struct text body, struct outgoing *o)
{
    char hash[SHA256_HEX_BYTES];
    struct text query = text_of(target);
    struct text path = text_cut(&query, '?');
    struct sigv4_request request = {.method = text_of(method),
                                    .path = path,
                                    .query = query,
                                    .headers = o->headers,
                                    .header_count = o->count,
                                    .payload_hash = text_of(sha256_hex(body.ptr, body.len, hash))};
    struct sigv4_key key = {.access_key = text_of(f->access_key),
                            .secret_key = text_of(f->secret_key),
                            .session_token = TEXT("")};
    struct sigv4_scope scope = {TEXT("us-east-1"), TEXT("lambda"), f->clock.wall};
    struct text authorization;
    struct error err = {0};
    assert_ok(sigv4_sign(&request, &key, &scope, &o->arena, &authorization, NULL, &err), &err);
    return authorization;
}

static void sign(struct lambda_fixture *f, const char *method, const char *target, struct text body,
                 struct outgoing *o)
{
    char date[TIME_TEXT_BYTES];
    char *host = arena_printf(&o->arena, "127.0.0.1:%u", http_server_port(f->server));
    time_format_basic(f->clock.wall, date);
    add_header(o, "X-Amz-Date", arena_text(&o->arena, text_of(date)));
    add_header(o, "Host", text_of(host));
    struct text authorization = signature(f, method, target, body, o);
    o->count--; /* the client sends Host by itself */
    add_header(o, "Authorization", authorization);
}

static void perform(struct lambda_fixture *f, const char *method, const char *target,
                    struct text body, struct outgoing *o, struct api_answer *out)
{
    struct error err = {0};
    struct http_call call = {.method = method,
                             .url = arena_printf(&o->arena, "http://127.0.0.1:%u%s",
                                                 http_server_port(f->server), target),
                             .headers = o->headers,
                             .header_count = o->count,
                             .body = body,
                             .max_body_bytes = MAX_ANSWER,
                             .timeout_ms = PATIENCE_MS,
                             .stall_timeout_ms = PATIENCE_MS};
    *out = (struct api_answer){0};
    assert_ok(http_client_perform(f->client, &call, &out->reply, &err), &err);
    out->status = out->reply.status;
    out->body = buffer_text(&out->reply.body);
    out->error_type = http_reply_header(&out->reply, "x-amzn-ErrorType");
}

void api_call_with(struct lambda_fixture *f, const char *method, const char *target,
                   struct text body, const struct http_header *headers, size_t header_count,
                   struct api_answer *out)
{
    struct outgoing o = {0};
    arena_init(&o.arena);
    assert_true(header_count < MAX_HEADERS - 4);
    for (size_t i = 0; i < header_count; i++)
        o.headers[o.count++] = headers[i];
    if (f->access_key != NULL)
        sign(f, method, target, body, &o);
    perform(f, method, target, body, &o, out);
    arena_release(&o.arena);
}

void api_call(struct lambda_fixture *f, const char *method, const char *target, const char *body,
              struct api_answer *out)
{
    const struct http_header json = {TEXT("Content-Type"), TEXT("application/json")};
    api_call_with(f, method, target, text_of(body), &json, body != NULL ? 1 : 0, out);
}

void api_answer_release(struct api_answer *answer)
{
    http_reply_release(&answer->reply);
}

/* ---- expectations ---- */

/* ' becomes ", and ` becomes '; the caller frees it. */
static char *quoted(const char *text)
{
    char *copy = xstrdup_or_null(text);
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        *p = *p == '\'' ? '"' : *p == '`' ? '\'' : *p;
    return copy;
}

static void call_quoted(struct lambda_fixture *f, const char *method, const char *target,
                        const char *body, int status, struct api_answer *out)
{
    AUTO_FREE char *json = quoted(body);
    api_call(f, method, target, json, out);
    if (out->status != status)
        fail_msg("%s %s %s: %d instead of %d: %.*s", method, target, body != NULL ? body : "",
                 out->status, status, TEXT_ARGS(out->body));
    assert_int_equal(http_reply_header(&out->reply, "x-amzn-RequestId").len, 36);
}

struct json_object *api_expect(struct lambda_fixture *f, const char *method, const char *target,
                               const char *body, int status)
{
    struct json_object *json = NULL;
    struct api_answer answer;
    struct error err = {0};
    call_quoted(f, method, target, body, status, &answer);
    if (answer.body.len > 0) {
        assert_text(http_reply_header(&answer.reply, "Content-Type"), "application/json");
        assert_ok(json_parse(answer.body, &json, &err), &err);
    }
    api_answer_release(&answer);
    return json;
}

void api_expect_status(struct lambda_fixture *f, const char *method, const char *target,
                       const char *body, int status)
{
    struct json_object *json = api_expect(f, method, target, body, status);
    json_release(&json);
}

void api_expect_error(struct lambda_fixture *f, const char *method, const char *target,
                      const char *body, int status, const char *type, const char *expected)
{
    AUTO_FREE char *json = quoted(expected);
    struct api_answer answer;
    call_quoted(f, method, target, body, status, &answer);
    assert_text(answer.error_type, type);
    assert_text(answer.body, json);
    api_answer_release(&answer);
}

void api_make_function(struct lambda_fixture *f, const char *name, const char *handler,
                       const char *more)
{
    AUTO_FREE char *body = xasprintf("{'FunctionName':'%s','Runtime':'onput.builtin',"
                                     "'Handler':'%s','Role':'" FIXTURE_ROLE "','Code':{}%s}",
                                     name, handler, more != NULL ? more : "");
    api_expect_status(f, "POST", FUNCTIONS, body, 201);
}

void test_check_member(struct json_object *json, const char *path, const char *expected,
                       const char *file, int line)
{
    struct json_object *value = json_at(json, path);
    AUTO_FREE char *wanted = quoted(expected);
    const char *actual =
        value == NULL ? "(absent)"
        : json_object_is_type(value, json_type_string)
            ? json_object_get_string(value)
            : json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);
    if (strcmp(actual, wanted) == 0)
        return;
    print_error("%s is %s instead of %s\n", path, actual, wanted);
    _fail(file, line);
}

void test_check_members(struct json_object *json, const char *names, const char *file, int line)
{
    AUTO_BUFFER struct buffer found;
    buffer_init(&found, 64 * 1024);
    json_object_object_foreach(json, name, value)
    {
        (void)value;
        buffer_append_string(&found, found.len > 0 ? "," : "");
        buffer_append_string(&found, name);
    }
    test_check_text(buffer_text(&found), text_of(names), file, line);
}
