/*
 * test_crash.c - the queue on a disk that loses power: what was acknowledged is there afterwards,
 * what was finished stays away, and a submission is there as a whole or not at all.
 *
 * The last test takes the syncs of the write-ahead log away and demands that the same checks fail:
 * they do find lost rows.
 */
#include "queue_fixture.h"

#include "onput/log.h"

enum { SEEDS = 320, CUTS = 4, ROWS_MAX = 4000, GROUPS_MAX = 600, IN_FLIGHT = 4 };

/* What the world was told of a row. */
enum fate {
    UNKNOWN,   /* never acknowledged: may be there or not */
    PRESENT,   /* acknowledged */
    FINISHING, /* acknowledged, then told to be done without an answer: may be there or not */
    GONE,      /* acknowledged, and done acknowledged */
};

struct known_row {
    int64_t id;
    enum fate fate;
    enum invocation_state state; /* of PRESENT */
    bool state_is_known;
    size_t group;
    size_t payload_bytes;
};

struct world {
    struct queue_fixture *f;
    struct known_row rows[ROWS_MAX];
    size_t row_count, group_count;
    int64_t highest_acked_id;
    int lost, returned, torn, changed, reused; /* violations */
};

static unsigned char payload_bytes[48 * 1024];

static size_t random_payload(struct world *w)
{
    static const size_t bounds[] = {1, 600, 5000, sizeof(payload_bytes)};
    return crash_vfs_random(w->f->vfs, bounds[crash_vfs_random(w->f->vfs, 4)]);
}

static struct batch *start_group(struct world *w)
{
    char name[32];
    size_t count = 1 + crash_vfs_random(w->f->vfs, 6);
    snprintf(name, sizeof(name), "g%zu", w->group_count);
    struct batch *b = batch_new(name, count);
    for (size_t i = 0; i < count; i++) {
        size_t bytes = random_payload(w);
        b->rows[i].payload = (struct text){(const char *)payload_bytes, bytes};
        if (crash_vfs_random(w->f->vfs, 8) == 0)
            b->rows[i].state = INVOCATION_HELD;
        w->rows[w->row_count + i] = (struct known_row){.group = w->group_count,
                                                       .payload_bytes = bytes,
                                                       .state_is_known = true,
                                                       .state = b->rows[i].state};
    }
    w->group_count++;
    batch_start(b, w->f->q);
    return b;
}

/* Several submissions at once, so that commits hold more than one. */
static void submit_some(struct world *w)
{
    struct batch *groups[IN_FLIGHT];
    size_t first_rows[IN_FLIGHT], n = 1 + crash_vfs_random(w->f->vfs, IN_FLIGHT);
    for (size_t i = 0; i < n; i++) {
        first_rows[i] = w->row_count;
        groups[i] = start_group(w);
        w->row_count += groups[i]->submission.count;
    }
    for (size_t i = 0; i < n; i++) {
        struct batch *b = groups[i];
        batch_wait(b);
        for (size_t r = 0; r < b->submission.count; r++) {
            struct known_row *row = &w->rows[first_rows[i] + r];
            row->id = b->rows[r].id;
            if (b->err.code != ERROR_NONE)
                continue;
            row->fate = PRESENT;
            w->reused += row->id <= w->highest_acked_id; /* groups are run in order of submission */
            w->highest_acked_id = row->id;
        }
        batch_free(b);
    }
}

static struct known_row *random_present(struct world *w)
{
    for (int i = 0; i < 20 && w->row_count > 0; i++) {
        struct known_row *row = &w->rows[crash_vfs_random(w->f->vfs, w->row_count)];
        if (row->fate == PRESENT)
            return row;
    }
    return NULL;
}

static void finish_one(struct world *w)
{
    static const enum queue_finish ways[] = {QUEUE_FINISH_DONE, QUEUE_FINISH_DONE,
                                             QUEUE_FINISH_DONE, QUEUE_FINISH_RETRY,
                                             QUEUE_FINISH_DEAD, QUEUE_FINISH_RELEASE};
    AUTO_ARENA struct arena arena = {0};
    struct known_row *row = random_present(w);
    struct invocation claimed;
    struct error err = {0};
    if (row == NULL)
        return;
    if (queue_claim(w->f->q, row->id, &arena, &claimed, &err) < 0) {
        if (row->state != INVOCATION_PENDING && err.code == ERROR_NOT_FOUND &&
            queue_redrive(w->f->q, row->id, &err) == 0)
            row->state = INVOCATION_PENDING;
        else
            row->state_is_known = false;
        return;
    }
    enum queue_finish how = ways[crash_vfs_random(w->f->vfs, ARRAY_LEN(ways))];
    bool ok = queue_finish(w->f->q, row->id, how, START_MS, TEXT("x"), &err) == 0;
    if (how == QUEUE_FINISH_DONE)
        row->fate = ok ? GONE : FINISHING;
    if (how == QUEUE_FINISH_DEAD && ok)
        row->state = INVOCATION_DEAD;
    row->state_is_known = ok;
}

/* Works until the power goes. Sometimes the last thing before it is an orderly stop. */
static void live(struct world *w)
{
    while (!crash_vfs_is_off(w->f->vfs) && w->row_count < ROWS_MAX - 6 * IN_FLIGHT) {
        if (crash_vfs_random(w->f->vfs, 3) == 0)
            submit_some(w);
        else
            finish_one(w);
        if (crash_vfs_random(w->f->vfs, 100) == 0) {
            struct error err = {0};
            queue_close(w->f->q);
            w->f->q = NULL;
            if (queue_open(&w->f->options, &w->f->q, &err) < 0)
                break;
        }
    }
    queue_close(w->f->q);
    w->f->q = NULL;
}

static bool look(struct world *w, struct known_row *row)
{
    AUTO_ARENA struct arena arena = {0};
    struct invocation there;
    struct error err = {0};
    if (row->id == 0 || queue_show(w->f->q, row->id, &arena, &there, &err) < 0)
        return false;
    bool same = there.payload.len == row->payload_bytes &&
                memcmp(there.payload.ptr, payload_bytes, row->payload_bytes) == 0;
    if (row->state_is_known && there.state != row->state)
        same = false;
    w->changed += !same;
    row->state = there.state;
    row->state_is_known = true;
    return true;
}

/* An id that was given to a row which did not survive may be given again: then it is another row.
 */
static bool id_is_shared(const struct world *w, const struct known_row *row)
{
    for (const struct known_row *later = row + 1; later < w->rows + w->row_count; later++) {
        if (later->id == row->id)
            return true;
    }
    return false;
}

static void check(struct world *w, size_t first_new_row)
{
    size_t group = 0, seen = 0, members = 0;
    for (size_t i = 0; i < w->row_count; i++) {
        struct known_row *row = &w->rows[i];
        if (row->fate == GONE && i < first_new_row)
            continue; /* checked after an earlier cut */
        if (row->fate == UNKNOWN && id_is_shared(w, row))
            continue;
        bool unknown = row->fate == UNKNOWN, there = look(w, row);
        if (row->group != group)
            members = seen = 0;
        group = row->group;
        members += unknown;
        seen += unknown && there;
        if (unknown && seen != 0 && seen != members)
            w->torn++;
        w->lost += row->fate == PRESENT && !there;
        w->returned += row->fate == GONE && there;
        row->fate = there ? PRESENT : GONE;
    }
}

static void check_counts(struct world *w)
{
    int64_t present = 0;
    struct queue_stats stats;
    struct error err = {0};
    for (size_t i = 0; i < w->row_count; i++)
        present += w->rows[i].fate == PRESENT;
    assert_ok(queue_stats(w->f->q, &stats, &err), &err);
    w->changed += stats.pending + stats.held + stats.dead != present;
}

/* Returns false when the database could not be opened after a cut. */
static bool run_seed(void **state, uint64_t seed, const char *lying, struct world *w)
{
    bool opened = true;
    assert_int_equal(queue_fixture_setup_vfs(state), 0);
    struct queue_fixture *f = *state;
    queue_close(f->q);
    f->q = NULL;
    crash_vfs_free(f->vfs);
    f->vfs = crash_vfs_new(seed);
    f->options.vfs = crash_vfs_name(f->vfs);
    f->options.dedupe_max = ROWS_MAX;
    *w = (struct world){.f = f};
    for (int cut = 0; cut < CUTS && opened; cut++) {
        struct error err = {0};
        size_t first_new_row = w->row_count;
        crash_vfs_ignore_syncs(f->vfs, lying);
        crash_vfs_cut_at(f->vfs, 1 + crash_vfs_random(f->vfs, cut == 0 ? 40 : 500));
        if (queue_open(&f->options, &f->q, &err) == 0)
            live(w);
        crash_vfs_cut(f->vfs);
        crash_vfs_power_on(f->vfs);
        opened = queue_open(&f->options, &f->q, &err) == 0;
        if (!opened)
            print_message("seed %d, cut %d: %s\n", (int)seed, cut, err.message);
        if (opened) {
            check(w, first_new_row);
            check_counts(w);
        }
        queue_close(f->q);
        f->q = NULL;
    }
    queue_fixture_teardown(state);
    return opened;
}

static void test_power_cut__loses_nothing_that_was_acknowledged(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    size_t rows = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        bool opened = run_seed(state, seed, NULL, w);
        if (!opened || w->lost + w->returned + w->torn + w->changed + w->reused > 0)
            fail_msg("seed %d: opened %d, lost %d, returned %d, torn %d, changed %d, reused %d",
                     (int)seed, opened, w->lost, w->returned, w->torn, w->changed, w->reused);
        rows += w->row_count;
    }
    print_message("%d power cuts, %zu rows\n", SEEDS * CUTS, rows);
    assert_true(rows > SEEDS * 10);
    free(w);
}

static void test_power_cut__is_noticed_when_the_log_is_not_synced(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    int lost = 0, returned = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        run_seed(state, seed, "-wal", w);
        lost += w->lost;
        returned += w->returned;
    }
    print_message("without syncs of the log: %d rows lost, %d came back\n", lost, returned);
    assert_true(lost > 100);
    assert_true(returned > 0);
    free(w);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(payload_bytes); i++)
        payload_bytes[i] = (unsigned char)(i * 7 + i / 256);
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut__loses_nothing_that_was_acknowledged),
        cmocka_unit_test(test_power_cut__is_noticed_when_the_log_is_not_synced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
