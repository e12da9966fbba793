/*
 * url_visit.c - see url_visit.h.
 */
#include "url_visit.h"

void make_url_at(struct visit *v, struct invoke_rig *r, const char *target, const char *body)
{
    v->r = r;
    AUTO_JSON struct json_object *made = api_expect(&r->f, "POST", target, body, 201);
    struct text url = json_text(json_at(made, "FunctionUrl"));
    assert_true(text_starts_with(url, TEXT("http://")));
    url = text_slice(url, strlen("http://"), url.len);
    snprintf(v->id, sizeof(v->id), "%.*s", (int)text_find(url, '.'), url.ptr);
    assert_int_equal(strlen(v->id), 32);
}

void allow(struct invoke_rig *r, const char *sid, const char *more)
{
    AUTO_FREE char *body = xasprintf("{'StatementId':'%s','Principal':'*',%s}", sid, more);
    api_expect_status(&r->f, "POST", FUNCTIONS "/f/policy", body, 201);
}

void allow_everybody(struct invoke_rig *r)
{
    allow(r, "url", "'Action':'lambda:InvokeFunctionUrl','FunctionUrlAuthType':'NONE'");
    allow(r, "invoke", "'Action':'lambda:InvokeFunction','InvokedViaFunctionUrl':true");
}

void open_url(struct visit *v, struct invoke_rig *r, const char *more)
{
    AUTO_FREE char *body = xasprintf("{'AuthType':'NONE'%s}", more);
    make_url_at(v, r, URL_CONFIG, body);
    allow_everybody(r);
    r->f.access_key = NULL;
}

void go(struct visit *v, const char *method, const char *rest, struct text body,
        const struct http_header *headers, size_t count)
{
    AUTO_FREE char *target = xasprintf("/function-urls/%s%s", v->id, rest);
    api_call_with(&v->r->f, method, target, body, headers, count, &v->answer);
}

void get(struct visit *v, const char *rest)
{
    go(v, "GET", rest, TEXT(""), NULL, 0);
}

struct text header(const struct visit *v, const char *name)
{
    return http_reply_header(&v->answer.reply, name);
}

void leave(struct visit *v)
{
    api_answer_release(&v->answer);
}
