/*
 * test_model.c - random operations on the queue and on a plain array, compared all the way. At
 * every moment: accepted - done = pending + held + dead.
 */
#include "queue_fixture.h"

#include "onput/log.h"

enum { OPERATIONS = 6000, ROWS_MAX = 6000, NAMES = 400, WINDOW_MS = 900000 };

struct model_row {
    enum invocation_state state; /* of the caller's view: RUNNING and DONE, too */
    int attempts, name;
    int64_t due_ms;
};

struct model {
    struct queue_fixture *f;
    struct model_row rows[ROWS_MAX]; /* by id - first */
    int64_t ids[ROWS_MAX];
    int count;
    int64_t done, accepted;
    int64_t finished_ms[NAMES]; /* 0: never */
};

static bool is_duplicate(const struct model *m, int name)
{
    for (int i = 0; i < m->count; i++) {
        if (m->rows[i].name == name && m->rows[i].state != INVOCATION_DONE)
            return true;
    }
    return m->finished_ms[name] != 0 && m->f->clock.wall - m->finished_ms[name] < WINDOW_MS;
}

static void do_submit(struct model *m)
{
    int number = rand() % NAMES;
    char name[16];
    snprintf(name, sizeof(name), "n%d", number);
    bool expected = is_duplicate(m, number), held = rand() % 5 == 0;
    struct batch *b = batch_new(name, 1);
    b->rows[0].state = held ? INVOCATION_HELD : INVOCATION_PENDING;
    batch_start(b, m->f->q);
    batch_wait(b);
    assert_int_equal(b->err.code, ERROR_NONE);
    assert_int_equal(b->verdicts[0], expected ? QUEUE_DUPLICATE : QUEUE_ACCEPTED);
    if (!expected) {
        m->rows[m->count] = (struct model_row){b->rows[0].state, 0, number, m->f->clock.wall};
        m->ids[m->count++] = b->rows[0].id;
        m->accepted++;
    }
    batch_free(b);
}

static void do_claim(struct model *m, int i)
{
    AUTO_ARENA struct arena arena = {0};
    struct invocation row;
    struct error err = {0};
    bool ok = queue_claim(m->f->q, m->ids[i], &arena, &row, &err) == 0;
    assert_int_equal(ok, m->rows[i].state == INVOCATION_PENDING);
    if (!ok) {
        assert_int_equal(err.code, ERROR_NOT_FOUND);
        return;
    }
    assert_int_equal(row.attempts, m->rows[i].attempts);
    assert_int_equal(row.due_ms, m->rows[i].due_ms);
    m->rows[i].state = INVOCATION_RUNNING;
}

static void do_finish(struct model *m, int i)
{
    enum queue_finish how = rand() % (QUEUE_FINISH_RELEASE + 1);
    struct model_row *row = &m->rows[i];
    struct error err = {0};
    int64_t due = m->f->clock.wall + rand() % 1000;
    bool ok = queue_finish(m->f->q, m->ids[i], how, due, TEXT("r"), &err) == 0;
    assert_int_equal(ok, row->state == INVOCATION_RUNNING);
    if (!ok)
        return;
    row->state = how == QUEUE_FINISH_DONE                                ? INVOCATION_DONE
                 : how == QUEUE_FINISH_DEAD || how == QUEUE_FINISH_UNRUN ? INVOCATION_DEAD
                                                                         : INVOCATION_PENDING;
    row->attempts += how == QUEUE_FINISH_RETRY || how == QUEUE_FINISH_DEAD;
    if (how == QUEUE_FINISH_RETRY || how == QUEUE_FINISH_LATER)
        row->due_ms = due;
    if (how == QUEUE_FINISH_DONE) {
        m->done++;
        m->finished_ms[row->name] = m->f->clock.wall;
    }
}

static void do_redrive(struct model *m, int i)
{
    struct model_row *row = &m->rows[i];
    struct error err = {0};
    bool ok = queue_redrive(m->f->q, m->ids[i], &err) == 0;
    assert_int_equal(ok, row->state == INVOCATION_HELD || row->state == INVOCATION_DEAD);
    if (!ok)
        return;
    row->state = INVOCATION_PENDING;
    row->attempts = 0;
    row->due_ms = m->f->clock.wall;
}

/* Finished identities are forgotten by a restart; a run that is cut short is pending again. */
static void do_restart(struct model *m)
{
    queue_fixture_reopen(m->f);
    memset(m->finished_ms, 0, sizeof(m->finished_ms));
    for (int i = 0; i < m->count; i++) {
        if (m->rows[i].state == INVOCATION_RUNNING)
            m->rows[i].state = INVOCATION_PENDING;
    }
}

static void check_row(struct model *m, int i)
{
    AUTO_ARENA struct arena arena = {0};
    if (m->rows[i].state == INVOCATION_DONE) {
        assert_false(is_there(m->f, m->ids[i]));
        return;
    }
    struct invocation row = show(m->f, m->ids[i], &arena);
    assert_int_equal(row.state, m->rows[i].state);
    assert_int_equal(row.attempts, m->rows[i].attempts);
}

static void check(struct model *m)
{
    int64_t counts[INVOCATION_STATE_COUNT] = {0};
    struct queue_stats stats;
    struct error err = {0};
    for (int i = 0; i < m->count; i++)
        counts[m->rows[i].state]++;
    assert_ok(queue_stats(m->f->q, &stats, &err), &err);
    assert_int_equal(stats.running, counts[INVOCATION_RUNNING]);
    assert_int_equal(stats.pending, counts[INVOCATION_PENDING] + counts[INVOCATION_RUNNING]);
    assert_int_equal(stats.held, counts[INVOCATION_HELD]);
    assert_int_equal(stats.dead, counts[INVOCATION_DEAD]);
    assert_int_equal(m->accepted - m->done, stats.pending + stats.held + stats.dead);
}

static int before(const void *a, const void *b)
{
    const struct queue_ticket *x = a, *y = b;
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

static void check_window(struct model *m)
{
    static struct queue_ticket expected[ROWS_MAX], actual[ROWS_MAX];
    size_t n = 0, count, max = 1 + (size_t)rand() % 50;
    struct error err = {0};
    int64_t due = m->f->clock.wall - rand() % 2000, id = rand() % 100;
    for (int i = 0; i < m->count; i++) {
        if (m->rows[i].state == INVOCATION_PENDING &&
            (m->rows[i].due_ms > due || (m->rows[i].due_ms == due && m->ids[i] > id)))
            expected[n++] = (struct queue_ticket){.id = m->ids[i], .due_ms = m->rows[i].due_ms};
    }
    qsort(expected, n, sizeof(expected[0]), before);
    assert_ok(queue_window(m->f->q, due, id, max, actual, &count, &err), &err);
    assert_int_equal(count, n < max ? n : max);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(actual[i].id, expected[i].id);
}

static void one_operation(struct model *m)
{
    int i = m->count == 0 ? -1 : rand() % m->count;
    for (int tries = 0; tries < 3 && i >= 0 && m->rows[i].state == INVOCATION_DONE; tries++)
        i = rand() % m->count;
    int what = rand() % 1000;
    if (i < 0 || what < 250)
        do_submit(m);
    else if (what < 550)
        do_claim(m, i);
    else if (what < 900)
        do_finish(m, i);
    else if (what < 925)
        do_redrive(m, i);
    else if (what < 940)
        check_window(m);
    else if (what < 995)
        fake_clock_advance(&m->f->clock, rand() % 60000);
    else
        do_restart(m);
    if (i >= 0)
        check_row(m, i);
}

static void test_queue__behaves_like_an_array_of_rows(void **state)
{
    struct model *m = xcalloc(1, sizeof(*m));
    m->f = *state;
    srand(5);
    for (int i = 0; i < OPERATIONS; i++) {
        one_operation(m);
        check(m);
    }
    for (int i = 0; i < m->count; i++)
        check_row(m, i);
    print_message("%d accepted, %d done\n", (int)m->accepted, (int)m->done);
    assert_true(m->done > 30);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_MEMORY(test_queue__behaves_like_an_array_of_rows)};
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
