/*
 * queue_private.h - what the queue's files share.
 *
 * Everything below `struct writer` in struct queue belongs to the writer's thread alone; other
 * threads reach it by writer_call() and writer_submit().
 */
#ifndef ONPUT_QUEUE_PRIVATE_H
#define ONPUT_QUEUE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "onput/db.h"
#include "onput/queue.h"

enum {
    QUEUE_MAX_RUNNING = 1024,  /* claims at one time: slots of the scratch file */
    QUEUE_MAX_CRASHES = 10,    /* runs that took the daemon down before a row is dead */
    QUEUE_MAX_BATCH = 1024,    /* submissions and calls in one commit */
    QUEUE_FULL_WAIT_MS = 5000, /* a submission waits so long for room before it is refused */
    QUEUE_ID_BLOCK = 1000,     /* ids reserved with one write */
    QUEUE_REASON_MAX_BYTES = 1024,
    QUEUE_CHECKPOINT_PAGES = 500, /* of the WAL, 4 MiB */
};

/* ---- writer.c: one thread, group commit ---- */

/* A call that runs on the writer's thread. `run` may read and write; it belongs to the caller's
 * stack. */
struct writer_call {
    int (*run)(struct queue *q, void *args, struct error *err);
    void *args;
    bool writes; /* waits for the commit; a reader is answered before it */
    int result;
    struct error err;
    bool done;
    struct writer_call *next;
};

struct writer {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t work;     /* to the writer: something to do */
    pthread_cond_t answered; /* to callers */
    struct writer_call *calls, **calls_tail;
    struct queue_submission *submissions, **submissions_tail;
    bool closing;
    bool failed; /* fatal is set; nothing is accepted any more */
    struct error fatal;
};

void writer_init(struct writer *w);
int writer_start(struct queue *q, struct error *err);
void writer_stop(struct queue *q); /* after everything that waits is committed */
int writer_call(struct queue *q, bool writes, int (*run)(struct queue *, void *, struct error *),
                void *args, struct error *err);

/* ---- running.c: claims, and the scratch file that survives kill -9 ---- */

struct running_claim {
    int64_t id; /* 0: free */
    unsigned char identity[16];
};

struct running {
    struct running_claim claims[QUEUE_MAX_RUNNING];
    size_t count;
    int64_t *slots; /* shared mapping of the scratch file */
};

MUST_CHECK int running_open(struct running *r, const char *directory, struct error *err);
void running_close(struct running *r);
void running_clear(struct running *r);
struct running_claim *running_find(struct running *r, int64_t id);
MUST_CHECK int running_add(struct running *r, int64_t id, const unsigned char identity[16],
                           struct error *err);
void running_remove(struct running *r, int64_t id);

/* ---- dedupe.c: identities seen ---- */

struct dedupe_entry {
    unsigned char identity[16];
    int64_t finished_ms; /* 0: still in the queue */
    uint32_t next;       /* in its bucket, index + 1 */
    bool used;
};

struct dedupe {
    struct dedupe_entry *entries; /* a ring: the oldest is overwritten */
    uint32_t *buckets;
    size_t capacity, bucket_mask, head;
    int64_t window_ms;
};

void dedupe_init(struct dedupe *d, size_t capacity, int64_t window_ms);
void dedupe_release(struct dedupe *d);
bool dedupe_seen(const struct dedupe *d, const unsigned char identity[16], int64_t now_ms);
void dedupe_add(struct dedupe *d, const unsigned char identity[16]);
void dedupe_finish(struct dedupe *d, const unsigned char identity[16], int64_t now_ms);

/* ---- the queue ---- */

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_INSERT,
    STATEMENT_WINDOW_SAME,
    STATEMENT_WINDOW_LATER,
    STATEMENT_LOAD,
    STATEMENT_DELETE,
    STATEMENT_RETRY,
    STATEMENT_DIE,
    STATEMENT_REDRIVE,
    STATEMENT_CRASHED,
    STATEMENT_LIST,
    STATEMENT_LIST_PENDING,
    STATEMENT_OLDEST,
    STATEMENT_COUNT_STATE,
    STATEMENT_COUNT_PENDING,
    STATEMENT_RECENT,
    STATEMENT_NEXT_ID,
    STATEMENT_RESERVE_IDS,
    STATEMENT_COUNT
};

struct queue {
    struct queue_options options;
    char *directory;
    struct writer writer;
    /* the writer's thread only */
    struct db db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int64_t next_id, reserved_id;           /* ids below reserved_id may be given out */
    int64_t counts[INVOCATION_STATE_COUNT]; /* rows by state; PENDING includes running ones */
    int wal_pages;                          /* after the last commit */
    bool disk_low; /* when the current group was formed */
    struct running running;
    struct dedupe dedupe;
    struct queue_ticket *ready; /* made pending by the current commit */
    size_t ready_count, ready_capacity;
};

const struct db_migration *queue_migrations(int *out_count);
int queue_prepare_statements(struct queue *q, struct error *err);
/* Rewound and without bindings. */
sqlite3_stmt *queue_statement(struct queue *q, enum statement id);
int queue_recover(struct queue *q, struct error *err);

/* Adds the rows of one submission inside the open transaction. */
int enqueue_run(struct queue *q, struct queue_submission *s, struct error *err);
/* Once for each group: an interval of time would let a fast sender use up the reserve. */
void enqueue_look_at_disk(struct queue *q);
/* Whether `count` more rows fit: rows and disk. *err says which bound was met. */
int enqueue_has_room(struct queue *q, size_t count, struct error *err);

struct queue_ticket queue_ticket_of(int64_t id, int64_t due_ms, struct text store,
                                    struct text bucket, struct text key, struct text function);
/* Hands the ticket to on_ready() after the commit. */
void queue_note_ready(struct queue *q, int64_t id, int64_t due_ms, struct text store,
                      struct text bucket, struct text key, struct text function);
void queue_count(struct queue *q, enum invocation_state from, enum invocation_state to);
void queue_publish_depth(struct queue *q);
/* Columns of STATEMENT_LOAD into *out, texts copied to the arena. */
void queue_read_row(sqlite3_stmt *stmt, struct arena *arena, struct invocation *out);
uint64_t queue_hash(struct text a, struct text b, struct text c);

#endif
