/*
 * test_kill9.c - a process that writes is killed at a random moment, again and again. What it said
 * was acknowledged must be there afterwards; what it said was finished must not.
 */
#include "queue_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/log.h"

enum { ROUNDS = 24, WRITERS = 4, IDS_MAX = 200000 };

/* One line of the child: an id that is acknowledged (+) or finished (-). */
struct line {
    int64_t id;
};

struct writer_thread {
    struct queue *q;
    int pipe, round, number;
};

static void say(int pipe, int64_t number)
{
    struct line line = {number};
    if (write(pipe, &line, sizeof(line)) != sizeof(line)) /* atomic: below PIPE_BUF */
        _exit(3);
}

static void *write_for_ever(void *ctx)
{
    struct writer_thread *t = ctx;
    for (int i = 0;; i++) {
        char name[48];
        struct error err = {0};
        struct invocation row;
        struct arena arena = {0};
        snprintf(name, sizeof(name), "r%d-%d-%d", t->round, t->number, i);
        struct batch *b = batch_new(name, 2);
        batch_start(b, t->q);
        batch_wait(b);
        if (b->err.code != ERROR_NONE)
            _exit(4);
        say(t->pipe, b->rows[0].id);
        say(t->pipe, b->rows[1].id);
        if (queue_claim(t->q, b->rows[0].id, &arena, &row, &err) < 0)
            _exit(5);
        arena_release(&arena);
        say(t->pipe, INT64_MIN + row.id); /* from here on it may be gone */
        if (queue_finish(t->q, row.id, QUEUE_FINISH_DONE, 0, TEXT(""), &err) < 0)
            _exit(6);
        say(t->pipe, -row.id);
        batch_free(b);
    }
    return NULL;
}

static void child(const char *dir, int pipe, int round)
{
    struct queue_options options = {.directory = dir, .min_free_bytes = -1, .dedupe_max = 1000};
    struct writer_thread threads[WRITERS];
    pthread_t ids[WRITERS];
    struct error err = {0};
    struct queue *q;
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    if (queue_open(&options, &q, &err) < 0)
        _exit(2);
    for (int i = 0; i < WRITERS; i++) {
        threads[i] = (struct writer_thread){q, pipe, round, i};
        if (pthread_create(&ids[i], NULL, write_for_ever, &threads[i]) != 0)
            _exit(2);
    }
    for (;;)
        pause();
}

struct ledger {
    unsigned char acked[IDS_MAX], finishing[IDS_MAX], finished[IDS_MAX];
    size_t count[3];
};

static void note(struct ledger *l, int64_t id)
{
    if (id > 0) {
        assert_true(id < IDS_MAX);
        assert_int_equal(l->acked[id], 0); /* no id is given twice */
        l->acked[id] = 1;
        l->count[0]++;
    } else if (id < INT64_MIN / 2) {
        l->finishing[id - INT64_MIN] = 1;
        l->count[1]++;
    } else {
        l->finished[-id] = 1;
        l->count[2]++;
    }
}

/* Reads some of what the child says, kills it, reads the rest. */
static void run_and_kill(struct queue_fixture *f, struct ledger *l, int round, int lines)
{
    int ends[2];
    struct line line;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(f->dir, ends[1], round);
    close(ends[1]);
    for (int i = 0; i < lines; i++) {
        assert_int_equal(read(ends[0], &line, sizeof(line)), sizeof(line));
        note(l, line.id);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (read(ends[0], &line, sizeof(line)) == sizeof(line))
        note(l, line.id);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check(struct queue_fixture *f, const struct ledger *l)
{
    struct error err = {0};
    assert_ok(queue_open(&f->options, &f->q, &err), &err);
    for (int64_t id = 1; id < IDS_MAX; id++) {
        if (l->finished[id])
            assert_false(is_there(f, id));
        else if (l->acked[id] && !l->finishing[id])
            assert_true(is_there(f, id));
    }
    queue_close(f->q);
    f->q = NULL;
}

static void test_kill9__loses_nothing_that_was_acknowledged(void **state)
{
    struct queue_fixture *f = *state;
    struct ledger *l = xcalloc(1, sizeof(*l));
    queue_close(f->q);
    f->q = NULL;
    f->options.dedupe_max = 1000;
    srand(11);
    for (int round = 0; round < ROUNDS; round++) {
        run_and_kill(f, l, round, 1 + rand() % 400);
        check(f, l);
    }
    print_message("%d kills: %zu rows acknowledged, %zu finished\n", ROUNDS, l->count[0],
                  l->count[2]);
    assert_true(l->count[0] > ROUNDS * 20 && l->count[2] > ROUNDS * 5);
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {ON_DISK(test_kill9__loses_nothing_that_was_acknowledged)};
    log_open(2, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
