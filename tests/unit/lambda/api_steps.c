/*
 * Plays tables of calls, one after the other.
 */
#include "api_steps.h"

struct steps_state {
    struct lambda_fixture fixture; /* first */
    void *dir;
};

static const char *or_none(const char *string)
{
    return string != NULL ? string : "";
}

void api_step(struct lambda_fixture *f, const struct api_step *step)
{
    struct api_answer answer;
    AUTO_FREE char *what = xasprintf("%s %s %s", step->method, step->target, or_none(step->body));
    api_call(f, step->method, step->target, step->body, &answer);
    if (answer.status != step->status)
        fail_msg("%s\n  answered %d %.*s\n  expected %d %s", what, answer.status,
                 TEXT_ARGS(answer.body), step->status, or_none(step->answer));
    if (!text_is(answer.error_type, or_none(step->error)))
        fail_msg("%s\n  is a %.*s instead of a %s", what, TEXT_ARGS(answer.error_type),
                 or_none(step->error));
    if (step->answer != NULL)
        expect_json(what, answer.body, step->answer);
    api_answer_release(&answer);
}

void api_steps(struct lambda_fixture *f, const struct api_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        api_step(f, &steps[i]);
}

char *api_member(struct lambda_fixture *f, const char *target, const char *path)
{
    AUTO_JSON struct json_object *got = api_expect(f, "GET", target, NULL, 200);
    struct json_object *member = json_at(got, path);
    assert_non_null(member);
    return xstrdup(json_object_get_string(member));
}

static void make_functions(struct lambda_fixture *f)
{
    api_make_function(f, "f", "echo", NULL);
    api_make_function(f, "g", "echo", NULL);
    api_expect_status(f, "POST", FUNCTIONS "/f/versions", "{}", 201);
    api_expect_status(f, "POST", FUNCTIONS "/f/aliases", "{'Name':'live','FunctionVersion':'1'}",
                      201);
}

int api_steps_setup(void **state)
{
    struct steps_state *s = xcalloc(1, sizeof(*s));
    if (test_dir_setup(state) != 0)
        return -1;
    s->dir = *state;
    lambda_fixture_open(&s->fixture, s->dir, STEPS_YAML);
    make_functions(&s->fixture);
    *state = s;
    return 0;
}

int api_steps_teardown(void **state)
{
    struct steps_state *s = *state;
    lambda_fixture_close(&s->fixture);
    *state = s->dir;
    free(s);
    return test_dir_teardown(state);
}

void api_restart(struct lambda_fixture *f, const char *yaml)
{
    const struct steps_state *s = (const struct steps_state *)(const void *)f;
    lambda_fixture_close(f);
    lambda_fixture_open(f, s->dir, yaml);
}
