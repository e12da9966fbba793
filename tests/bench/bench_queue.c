/*
 * What a claim and a finish cost at a backlog of a thousand and of a million rows, with synced
 * commits. Each cycle claims a row and finishes it; the window is read ahead as the scheduler does.
 *
 *   bench_queue [rows of the large backlog]
 */
#include "bench.h"

#include <pthread.h>
#include <string.h>

#include "onput/fd.h"
#include "onput/memory.h"
#include "onput/queue.h"

enum { PAYLOAD_BYTES = 1439, GROUP_ROWS = 1000, CYCLES = 3000, ROUNDS = 5, WINDOW = 1024 };

struct signal {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
};

static void on_done(struct queue_submission *s, const struct error *err)
{
    struct signal *signal = s->ctx;
    if (err != NULL)
        bench_must(-1, err);
    pthread_mutex_lock(&signal->lock);
    signal->done = true;
    pthread_cond_signal(&signal->cond);
    pthread_mutex_unlock(&signal->lock);
}

static void fill(struct queue *q, int64_t rows)
{
    static char payload[PAYLOAD_BYTES];
    static struct invocation group[GROUP_ROWS];
    static enum queue_verdict verdicts[GROUP_ROWS];
    static char keys[GROUP_ROWS][32];
    struct signal signal = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct error err = {0};
    memset(payload, 'x', sizeof(payload));
    for (int64_t at = 0; at < rows; at += GROUP_ROWS) {
        for (int i = 0; i < GROUP_ROWS; i++) {
            snprintf(keys[i], sizeof(keys[i]), "photo-%lld.jpg", (long long)(at + i));
            group[i] = (struct invocation){.state = INVOCATION_PENDING,
                                           .function = TEXT("thumbs"),
                                           .store = TEXT("minio"),
                                           .bucket = TEXT("photos"),
                                           .key = text_of(keys[i]),
                                           .reason = TEXT(""),
                                           .payload = {payload, sizeof(payload)}};
            int64_t id = at + i;
            memcpy(group[i].identity, &id, sizeof(id));
        }
        struct queue_submission s = {.rows = group,
                                     .count = GROUP_ROWS,
                                     .verdicts = verdicts,
                                     .done = on_done,
                                     .ctx = &signal};
        signal.done = false;
        bench_must(queue_submit(q, &s, &err), &err);
        pthread_mutex_lock(&signal.lock);
        while (!signal.done)
            pthread_cond_wait(&signal.cond, &signal.lock);
        pthread_mutex_unlock(&signal.lock);
    }
}

struct cost {
    double window_us, claim_us, finish_us;
};

static struct cost cycle(struct queue *q, struct queue_ticket *last)
{
    static struct queue_ticket window[WINDOW];
    size_t count = 0, at = 0;
    int64_t window_ns = 0, claim_ns = 0, finish_ns = 0;
    struct error err = {0};
    for (int i = 0; i < CYCLES; i++) {
        struct arena arena;
        struct invocation row;
        arena_init(&arena);
        int64_t t0 = clock_now_ns();
        if (at == count) {
            bench_must(queue_window(q, last->due_ms, last->id, WINDOW, window, &count, &err), &err);
            at = 0;
        }
        int64_t t1 = clock_now_ns();
        *last = window[at++];
        bench_must(queue_claim(q, last->id, &arena, &row, &err), &err);
        int64_t t2 = clock_now_ns();
        bench_must(queue_finish(q, last->id, QUEUE_FINISH_DONE, 0, TEXT(""), &err), &err);
        finish_ns += clock_now_ns() - t2;
        claim_ns += t2 - t1;
        window_ns += t1 - t0;
        arena_release(&arena);
    }
    return (struct cost){(double)window_ns / 1e3 / CYCLES, (double)claim_ns / 1e3 / CYCLES,
                         (double)finish_ns / 1e3 / CYCLES};
}

static double measure(int64_t rows)
{
    char *directory;
    struct queue *q;
    struct error err = {0};
    bench_must(dir_make_temporary("onput-bench-", &directory, &err), &err);
    struct queue_options options = {
        .directory = directory, .max_rows = 2000000, .min_free_bytes = -1};
    bench_must(queue_open(&options, &q, &err), &err);
    fill(q, rows + ROUNDS * CYCLES);
    struct queue_ticket last = {.id = INT64_MIN, .due_ms = INT64_MIN};
    double totals[ROUNDS], windows[ROUNDS], claims[ROUNDS], finishes[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct cost c = cycle(q, &last);
        windows[i] = c.window_us;
        claims[i] = c.claim_us;
        finishes[i] = c.finish_us;
        totals[i] = c.window_us + c.claim_us + c.finish_us;
    }
    double total = bench_median(totals, ROUNDS);
    printf("%10lld %12.1f %12.1f %12.1f %12.1f\n", (long long)rows, bench_median(windows, ROUNDS),
           bench_median(claims, ROUNDS), bench_median(finishes, ROUNDS), total);
    queue_close(q);
    bench_must(dir_remove(directory, &err), &err);
    free(directory);
    return total;
}

int main(int argc, char **argv)
{
    int64_t large = 1000000;
    struct error err = {0};
    if (argc > 1)
        bench_must(text_to_i64(text_of(argv[1]), 1000, 1500000, "rows", &large, &err), &err);
    printf(
        "claim and finish, one thread, synced commits; median of %d rounds of %d, microseconds\n",
        ROUNDS, CYCLES);
    printf("%10s %12s %12s %12s %12s\n", "backlog", "read ahead", "claim", "finish", "total");
    double small_total = measure(1000);
    double large_total = measure(large);
    printf("ratio %lld : 1000 rows = %.2f\n", (long long)large, large_total / small_total);
    return 0;
}
