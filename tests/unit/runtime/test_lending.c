/*
 * The container-credentials endpoint, asked as an SDK asks it; STS is a scripted server.
 */
#include "desk.h"

#include <sched.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/json.h"
#include "support/scripted_server.h"
#include "unit/functions/catalog_fixture.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define STS_ANSWER(key)                                                                            \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"   \
    "<Credentials><AccessKeyId>" key "</AccessKeyId><SecretAccessKey>s3cr3t</SecretAccessKey>"     \
    "<SessionToken>t0ken+/=</SessionToken><Expiration>2099-11-21T19:15:00.5Z</Expiration>"         \
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"

struct scene {
    struct desk desk;
    struct scripted_server *sts;
    struct catalog *catalog;
    int fd;
};

static void scene_open(struct scene *s, const struct scripted_reply *replies, size_t count)
{
    *s = (struct scene){0};
    struct catalog_parts parts = {
        .function = ", role: r",
        .more = "roles: {r: {policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: "
                "'s3:GetObject', Resource: '*'}]}, access_key: AKR, secret_key: SKR}}\n"};
    if (replies != NULL) {
        s->sts = scripted_server_start(replies, count);
        parts = (struct catalog_parts){
            .endpoint = scripted_server_url(s->sts),
            .store = ", webhook_auth: none, sts: true, notifications: [{bucket: photos, function: "
                     "thumbs}]"};
    }
    s->catalog = catalog_of(&parts);
    desk_open(&s->desk, clock_system());
    s->desk.instance.catalog = s->catalog;
    s->desk.instance.function = catalog_thumbs(s->catalog);
    snprintf(s->desk.instance.token, sizeof(s->desk.instance.token), "%s", TOKEN);
    s->fd = desk_connect(&s->desk);
}

static void scene_close(struct scene *s)
{
    close(s->fd);
    desk_close(&s->desk);
    catalog_unref(s->catalog);
    scripted_server_stop(s->sts);
}

static void say_ask(int fd)
{
    desk_say(fd,
             "GET /credentials/" TOKEN " HTTP/1.1\r\nHost: x\r\nAuthorization: " TOKEN "\r\n\r\n");
}

static struct text ask(struct scene *s, int status)
{
    say_ask(s->fd);
    struct text answer = desk_hear(&s->desk, s->fd);
    assert_int_equal(raw_status(answer), status);
    return raw_body(answer);
}

static void test_lending__gives_keys_of_sts_and_asks_for_them_once(void **state)
{
    (void)state;
    static const struct scripted_reply replies[] = {{200, .body = TEXT_INIT(STS_ANSWER("AKT"))}};
    static const char wanted[] =
        "{\"AccessKeyId\":\"AKT\",\"SecretAccessKey\":\"s3cr3t\",\"Token\":\"t0ken+/=\","
        "\"Expiration\":\"2099-11-21T19:15:00Z\"}";
    struct scene s;
    scene_open(&s, replies, ARRAY_LEN(replies));
    assert_text(ask(&s, 200), wanted);
    assert_text(ask(&s, 200), wanted);
    assert_int_equal(scripted_server_request_count(s.sts), 1);
    scene_close(&s);
}

static void test_lending__gives_static_keys_a_far_end(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, NULL, 0);
    struct text body = ask(&s, 200);
    AUTO_JSON struct json_object *json = NULL;
    struct error err = {0};
    struct text end;
    int64_t end_ms;
    assert_true(text_starts_with(body, TEXT("{\"AccessKeyId\":\"AKR\",\"SecretAccessKey\":\"SKR\","
                                            "\"Token\":\"\",\"Expiration\":\"")));
    assert_ok(json_parse(body, &json, &err), &err);
    assert_ok(json_get_text(json, "Expiration", &end, &err), &err);
    assert_ok(time_parse_rfc3339(end, &end_ms, &err), &err);
    assert_true(end_ms > clock_wall_ms(clock_system()) + 3600 * 1000);
    scene_close(&s);
}

static void test_lending__needs_the_token_twice(void **state)
{
    (void)state;
    struct scene s;
    static const char *const requests[] = {
        "GET /credentials/" TOKEN " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /credentials/" TOKEN " HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\n\r\n",
        "GET /credentials/x HTTP/1.1\r\nHost: x\r\nAuthorization: " TOKEN "\r\n\r\n",
        "GET /credentials/" TOKEN "0 HTTP/1.1\r\nHost: x\r\nAuthorization: " TOKEN "\r\n\r\n",
    };
    scene_open(&s, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        assert_text(desk_ask(&s.desk, s.fd, 403, "%s", requests[i]),
                    "{\"code\":\"AccessDenied\",\"message\":\"That is not the token of this "
                    "process.\"}");
    scene_close(&s);
}

static void test_lending__has_nothing_for_a_role_without_keys(void **state)
{
    (void)state;
    struct scene s;
    scene_open(&s, NULL, 0);
    struct function without = *s.desk.instance.function;
    struct credentials *none[1] = {NULL};
    without.credentials = none;
    s.desk.instance.function = &without;
    assert_text(ask(&s, 404),
                "{\"code\":\"NotFound\",\"message\":\"The function's role has no keys.\"}");
    scene_close(&s);
}

static void test_lending__does_not_ask_sts_again_and_again_when_it_fails(void **state)
{
    (void)state;
    static const struct scripted_reply replies[] = {{500, .body = TEXT_INIT("no")}};
    struct scene s;
    scene_open(&s, replies, ARRAY_LEN(replies));
    ask(&s, 503);
    size_t asked = scripted_server_request_count(s.sts);
    ask(&s, 503);
    assert_int_equal(scripted_server_request_count(s.sts), asked);
    scene_close(&s);
}

/* STS says nothing: whoever waits for it is answered when the daemon ends. */
static void test_lending__ends_while_sts_is_silent(void **state)
{
    (void)state;
    static const struct scripted_reply replies[] = {{.ending = SCRIPTED_HANG}};
    struct scene s;
    scene_open(&s, replies, ARRAY_LEN(replies));
    int other = desk_connect(&s.desk);
    say_ask(s.fd);
    say_ask(other);
    while (scripted_server_request_count(s.sts) == 0)
        sched_yield();
    http_server_free(s.desk.server);
    s.desk.server = NULL;
    assert_int_equal(raw_status(desk_hear(&s.desk, s.fd)), 503);
    close(other);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lending__gives_keys_of_sts_and_asks_for_them_once),
        cmocka_unit_test(test_lending__gives_static_keys_a_far_end),
        cmocka_unit_test(test_lending__needs_the_token_twice),
        cmocka_unit_test(test_lending__has_nothing_for_a_role_without_keys),
        cmocka_unit_test(test_lending__does_not_ask_sts_again_and_again_when_it_fails),
        cmocka_unit_test(test_lending__ends_while_sts_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
