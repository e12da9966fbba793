/*
 * test_choice.c - two executors that only remember, and the one over both.
 */
#include "support/test.h"

#include "onput/executors.h"

struct executor_lane {
    struct side *side;
};

struct side {
    const char *name;
    bool refuses;
    int lanes, runs;
    struct outcome outcome; /* of every run */
};

static int lane_open(void *self, const atomic_bool *canceled UNUSED, struct executor_lane **out,
                     struct error *err)
{
    struct side *side = self;
    if (side->refuses)
        return error_set(err, ERROR_IO, "no lane of %s", side->name);
    *out = xcalloc(1, sizeof(**out));
    (*out)->side = side;
    side->lanes++;
    return 0;
}

static void lane_close(struct executor_lane *lane)
{
    lane->side->lanes--;
    free(lane);
}

static void invoke(struct executor_lane *lane, const struct catalog *catalog UNUSED,
                   const struct function *function UNUSED,
                   const struct invocation *invocation UNUSED, int64_t deadline_ms UNUSED,
                   struct arena *arena UNUSED, struct outcome *out)
{
    lane->side->runs++;
    *out = lane->side->outcome;
}

static bool is_instant(void *self, const struct function *function UNUSED)
{
    return text_is(text_of(((struct side *)self)->name), "builtin");
}

struct rig {
    struct side builtin, custom;
    struct executors both;
    struct executor executor;
    atomic_bool canceled;
    struct arena arena;
};

static int setup(void **state)
{
    struct rig *r = xcalloc(1, sizeof(*r));
    r->builtin = (struct side){.name = "builtin", .outcome = outcome_none()};
    r->custom = (struct side){.name = "custom", .outcome = outcome_none()};
    r->both.builtin = (struct executor){&r->builtin, lane_open, lane_close, invoke, is_instant};
    r->both.custom = (struct executor){&r->custom, lane_open, lane_close, invoke, NULL};
    r->executor = executor_of_both(&r->both);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    assert_int_equal(r->builtin.lanes + r->custom.lanes, 0);
    free(r);
    return 0;
}

static const char *words[] = {"./bootstrap"};
static const struct config_function built_in = {.builtin = "echo"};
static const struct config_function own = {.command = words, .command_count = 1};
static const struct config_function neither = {.name = "neither"};

static struct outcome run(struct rig *r, const struct config_function *config)
{
    const struct function function = {.config = config};
    const struct invocation invocation = {.payload = TEXT("{}")};
    struct executor_lane *lane = NULL;
    struct outcome out = outcome_none();
    struct error err = {0};
    assert_ok(r->executor.lane_open(r->executor.self, &r->canceled, &lane, &err), &err);
    r->executor.invoke(lane, NULL, &function, &invocation, INT64_MAX, &r->arena, &out);
    r->executor.lane_close(lane);
    return out;
}

static void test_choice__goes_by_the_functions_settings(void **state)
{
    struct rig *r = *state;
    run(r, &built_in);
    assert_int_equal(r->builtin.runs, 1);
    run(r, &own);
    assert_int_equal(r->custom.runs, 1);
    run(r, &neither); /* the built-in one says that there is no such function */
    assert_int_equal(r->builtin.runs, 2);
    assert_int_equal(r->custom.runs, 1);
}

static void test_choice__asks_the_right_one_what_is_instant(void **state)
{
    struct rig *r = *state;
    const struct function quick = {.config = &built_in}, slow = {.config = &own};
    assert_true(r->executor.is_instant(r->executor.self, &quick));
    assert_false(r->executor.is_instant(r->executor.self, &slow));
    r->both.builtin.is_instant = NULL;
    assert_false(r->executor.is_instant(r->executor.self, &quick));
}

static void test_choice__opens_both_lanes_or_none(void **state)
{
    struct rig *r = *state;
    struct executor_lane *lane = NULL;
    struct error err = {0};
    r->custom.refuses = true;
    assert_fails(r->executor.lane_open(r->executor.self, &r->canceled, &lane, &err), &err,
                 ERROR_IO);
    assert_null(lane);
}

static void test_choice__makes_what_a_process_said_printable(void **state)
{
    struct rig *r = *state;
    r->custom.outcome.status = OUTCOME_FAILED;
    r->custom.outcome.result = TEXT("as\nit is");
    error_set_retryable(&r->custom.outcome.error, ERROR_UNAVAILABLE, "Oops: \x1b[2J");
    struct outcome out = run(r, &own);
    assert_string_equal(out.error.message, "Oops:  [2J");
    assert_int_equal(out.error.code, ERROR_UNAVAILABLE);
    assert_text(out.result, "as\nit is");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_choice__goes_by_the_functions_settings),
        TEST(test_choice__asks_the_right_one_what_is_instant),
        TEST(test_choice__opens_both_lanes_or_none),
        TEST(test_choice__makes_what_a_process_said_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
