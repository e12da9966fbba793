/*
 * runtime_private.h - from an invocation to a process of its function, and back.
 *
 *   runtime.c      the parts put together, and taken apart
 *   invoke.c       the straight line of one invocation, on its caller's thread
 *   pool.c         the processes of each version of a function: who gets one, who is ended for it
 *   versions.c     which version of a function a pool is of, and whether that is still there
 *   instance.c     one process: its endpoint, runner and end
 *   place.c        where a process lives: number, user, temporary directory
 *   keeper.c       the thread that looks after all of them: logs, connections, ends, idle timers
 *   log_lines.c    what a process writes, as lines and as the tail of an invocation
 *   cgroup.c       a control group for each process, where they can be made
 *   exchange.c     the Runtime API's state of one process: what it was given and what it answered
 *   api.c          the Runtime API's routes: from HTTP to an exchange
 *   peer.c         whether a connection comes from a process or its descendants
 *   environment.c  the environment of a process
 *   lending.c      the container-credentials endpoint
 *   failure.c      what an invocation returns when its process fails
 *
 * A process is BUSY while an invocation has it (from its start on), IDLE when the next one may have
 * it, ENDING when it was told to end; it leaves its pool when it has ended. All of that is decided
 * in pool.c under runtime->lock; ends are noticed by the keeper alone.
 *
 * Locks, in the order in which they may be held together: runtime->lock (pools, places, instances
 * in lists), exchange's own, instance->log_lock. Nobody calls into the HTTP server or an exchange
 * with runtime->lock held.
 */
#ifndef ONPUT_RUNTIME_PRIVATE_H
#define ONPUT_RUNTIME_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "onput/buffer.h"
#include "onput/http_server.h"
#include "onput/log.h"
#include "onput/process_tree.h"
#include "onput/runner_protocol.h"
#include "onput/runtime.h"

enum {
    RUNTIME_MAX_PROCESSES = 256,
    RESULT_MAX_BYTES = 6 * 1024 * 1024 + 100,
    STREAM_MAX_BYTES = 200 * 1024 * 1024,
    LOG_TAIL_BYTES = 4096,
    LOG_LINE_MAX_BYTES = LOG_FIELD_MAX_BYTES, /* longer lines are cut into several */
    LOG_RELAY_MAX_BYTES = 1024 * 1024, /* of one invocation; the rest goes to the tail alone */
};

/* ---- exchange.c ---- */

/* What `next` hands out. Texts live until exchange_finish(). */
struct exchange_event {
    const char *request_id;
    struct text payload;
    int64_t deadline_wall_ms;
    struct text invoked_arn;
    struct text trace_id;
    struct text client_context;
};

enum exchange_end {
    EXCHANGE_READY,      /* of exchange_wait_ready() */
    EXCHANGE_RESPONSE,   /* body: the result */
    EXCHANGE_ERROR,      /* body: the error as the function posted it */
    EXCHANGE_INIT_ERROR, /* the same, before the first event was asked for */
    EXCHANGE_TOO_LARGE,  /* the result is beyond its limit */
    EXCHANGE_BROKEN,     /* the connection ended within the result */
    EXCHANGE_GONE,       /* the process ended: exchange_close() was called */
    EXCHANGE_TIMEOUT,
    EXCHANGE_CANCELED,
};

struct exchange_result {
    enum exchange_end end;
    struct text body; /* arena; empty when it was streamed */
    struct text content_type;
    struct text error_type; /* Lambda-Runtime-Function-Error-Type, checked; else empty */
    bool is_streamed;
    bool was_given; /* of exchange_wait(): the process got the event, or may have got it */
};

struct exchange;
struct exchange *exchange_new(const struct clock *clock);
struct exchange *exchange_ref(struct exchange *e);
void exchange_unref(struct exchange *e);

/* Its invocation's side, on the thread of runtime_executor()'s invoke(). */
/* Until the process asks for its first event. READY, INIT_ERROR, GONE, TIMEOUT or CANCELED. */
void exchange_wait_ready(struct exchange *e, int64_t deadline_ms, const atomic_bool *canceled,
                         struct arena *arena, struct exchange_result *out);
/* Gives it an event: its `next` is answered now, or when it comes. */
void exchange_start(struct exchange *e, const struct exchange_event *event,
                    struct result_stream *stream);
/* Until the answer is whole; passes pieces on to the stream. */
void exchange_wait(struct exchange *e, int64_t deadline_ms, const atomic_bool *canceled,
                   struct arena *arena, struct exchange_result *out);
/* The invocation is over: its id is valid no more. */
void exchange_finish(struct exchange *e);

/* The keeper's side: the process ended. Answers a `next` that waits, wakes who waits. */
void exchange_close(struct exchange *e);

/* The Runtime API's side, on server threads; each answers the request. The functions of a result
 * are called in the order admit, take ..., respond (or broken). */
void exchange_next(struct exchange *e, struct http_request *request);
void exchange_response_admit(struct exchange *e, struct http_request *request);
size_t exchange_response_take(struct exchange *e, struct http_request *request, struct text piece);
void exchange_response_whole(struct exchange *e, struct http_request *request);
void exchange_response_large(struct exchange *e, struct http_request *request);
void exchange_response_broken(struct exchange *e, struct http_request *request);
/* An error comes like a result, only that admit and the end are these. */
void exchange_error_admit(struct exchange *e, struct http_request *request);
void exchange_error(struct exchange *e, struct http_request *request);
void exchange_init_error(struct exchange *e, struct http_request *request);

/* ---- api.c, lending.c: owner of every connection is a struct instance, with a reference ---- */

/* Lends keys: runtime->lending. It has a thread of its own when STS has to be asked. */
struct lending;
struct lending *lending_new(const struct clock *clock);
void lending_free(struct lending *l); /* NULL-safe; after the server was freed */

/* The caller frees the table after the server. */
struct http_route *api_routes(size_t *out_count);
/* GET /credentials/{token}: the role's keys as the SDKs' container provider reads them. */
void lending_handle(void *ctx, struct http_request *request);

/* ---- peer.c ---- */

/* Does the connected socket's other end belong to a descendant of `runner`, or, when `uid` is not
 * 0, to a process of that user? */
bool peer_is_ours(int fd, pid_t runner, uid_t uid);

/* ---- environment.c ---- */

struct environment_parts {
    const struct catalog *catalog;
    const struct function *function;
    const char *temporary; /* directory */
    const char *token;     /* of the credentials endpoint, and of nothing else */
    uint16_t port;         /* of the endpoint */
    int64_t now_ms;
    /* Of the role, when they do not expire; access_key NULL: none. */
    const char *access_key;
    const char *secret_key;
};
/* "+NAME=value" strings for onput-runner, ended by NULL, in the arena. */
char **environment_make(const struct environment_parts *parts, struct arena *arena);

/* ---- failure.c ---- */

/* What the invocation is told; the payload is in the arena. */
struct failure {
    struct text payload; /* {"errorType","errorMessage"} */
    struct error error;  /* retryable but for those that come again for certain */
};
void failure_of_exit(const struct runner_report *report, const char *request_id,
                     struct arena *arena, struct failure *out);
void failure_of_timeout(int64_t timeout_ms, const char *request_id, struct arena *arena,
                        struct failure *out);
/* TOO_LARGE, BROKEN, CANCELED and, with what the function posted, ERROR and INIT_ERROR. */
void failure_of_exchange(const struct exchange_result *result, const char *request_id,
                         struct arena *arena, struct failure *out);

/* ---- place.c ---- */

enum { PLACE_SWEEP_ALL = 1 << 30 };

/* Where a process lives: a number, a user, a temporary directory that outlives a crash. */
struct place {
    int index;
    uid_t uid; /* 0: the daemon's */
    char *temporary;
    uint64_t last_pool;  /* number of the pool for whose function it has files; 0: empty */
    int64_t released_ms; /* monotonic */
    int64_t retry_ms;    /* it could not be emptied; not again before that time */
    bool is_taken;       /* by a process, or because it is being emptied */
};

/* Makes the directory and empties it. */
MUST_CHECK int place_init(struct place *place, const char *directory, int index, uid_t uid,
                          struct error *err);
void place_release(struct place *place); /* empties and removes the directory */
/*
 * Removes at most `limit` things of what is below the directory; nothing outside of it, whatever
 * links there are. 1: it is empty now. 0: there is more.
 */
MUST_CHECK int place_sweep(const struct place *place, int limit, struct error *err);

/* ---- instance.c ---- */

enum { INSTANCE_MAX_CONNECTIONS = 32 };

enum instance_state { INSTANCE_BUSY, INSTANCE_IDLE, INSTANCE_ENDING };

/* Why a process was ended; else it ended by itself. For the metric. */
enum instance_reason {
    REASON_NONE,
    REASON_IDLE,     /* for too long */
    REASON_EVICTED,  /* its place was needed */
    REASON_CHANGED,  /* its version of the function is no more */
    REASON_TIMEOUT,  /* of an invocation */
    REASON_INIT,     /* its start failed or took too long */
    REASON_BROKEN,   /* it broke off a result */
    REASON_CANCELED, /* nobody waits for its result any more */
    REASON_SHUTDOWN,
    REASON_COUNT
};

enum keeper_kind { KEEPER_LISTENER, KEEPER_CHANNEL, KEEPER_LOG, KEEPER_PIDFD, KEEPER_KINDS };

/* What the keeper's epoll set refers to. */
struct keeper_watch {
    struct instance *instance;
    enum keeper_kind kind;
};

struct instance {
    atomic_int references; /* its pool's list, its invocation, each of its connections */
    struct runtime *runtime;
    struct pool *pool;
    struct place *place;
    struct exchange *exchange;
    struct catalog *catalog;         /* a reference; of `function` */
    const struct function *function; /* of that version, and of no other */
    char token[33];                  /* of its credentials endpoint: 128 random bits in hex */
    int listener;
    uint16_t port;
    pid_t runner;
    int pidfd, channel, log_fd; /* open as long as the instance is there */
    int64_t started_ns;         /* monotonic */
    atomic_bool ended;          /* the report is there, nothing follows in the log */
    struct runner_report report;
    uint64_t peak_bytes; /* the most that was seen, by looking now and then; its invocation's */
    int64_t peak_seen_ms;
    pthread_mutex_t log_lock;
    struct log_lines *log; /* under log_lock, like reading from log_fd */
    atomic_int connections;

    /* Under runtime->lock. */
    enum instance_state state;
    enum instance_reason reason;
    int64_t idle_since_ms;
    uint64_t idle_order; /* grows from one release to the next */
    struct instance *next;

    /* The keeper's alone. */
    struct keeper_watch watches[KEEPER_KINDS];
    struct instance *next_new;
    struct instance *next_paused;
    bool is_paused; /* its log is not read for a moment */
    bool has_report;
};

struct instance *instance_ref(struct instance *i);
void instance_unref(struct instance *i);
/* Starts a process in a place that was taken for it. It is not ready before its exchange says so;
 * lines of its log are those of `request_id`. The caller's reference. */
MUST_CHECK int instance_start(struct pool *pool, struct place *place, struct catalog *catalog,
                              const struct function *function, const char *request_id,
                              struct instance **out, struct error *err);
void instance_stop(struct instance *i); /* SIGTERM, then SIGKILL */
void instance_kill(struct instance *i); /* SIGKILL at once */
/* The most memory that it was seen to use. On the thread of its invocation. */
uint64_t instance_memory(struct instance *i);
/* With log_lock: reads what is in the log now, at most `limit` bytes. False: there will never be
 * more. */
bool instance_read_log(struct instance *i, size_t limit);

/* ---- pool.c ---- */

/* One version of a function, as long as it has processes, files or failures to remember. */
struct pool {
    struct pool *next;
    struct runtime *runtime;
    uint64_t number;
    struct text name, version, revision; /* owned */
    struct catalog *catalog;             /* whose stores its processes use; a reference */
    struct instance *instances;          /* not those that have ended; most recently used first */
    int users;                           /* invocations that have to do with it */
    bool is_retired;                     /* nobody may have its processes a second time */
    unsigned failed_starts;
    int64_t not_before_ms; /* no start before that time */
};

/* Somebody who waits for a process or for a place to start one. */
struct waiter {
    struct waiter *next;
    struct pool *pool;
    bool ignores_backoff;
    pthread_cond_t *served;
    /* What it gets: one of them. */
    struct instance *instance;
    struct place *place;
};

struct lease_request {
    struct catalog *catalog;
    const struct function *function;
    const atomic_bool *canceled;
    pthread_cond_t *served; /* the caller's own */
    int64_t deadline_ms;
    bool ignores_backoff;
};

/* An idle process, or a place and its pool to start one: give them to instance_start(), then say
 * how it went. */
struct lease {
    struct instance *instance; /* a reference of the caller's */
    struct pool *pool;
    struct place *place;
};

/* ERROR_THROTTLED: none became free in time. ERROR_CANCELED. */
MUST_CHECK int pool_acquire(struct runtime *rt, const struct lease_request *request,
                            struct lease *out, struct error *err);
/* A process was started in the lease's place: the pool has it in its list. Or it was not (NULL):
 * then the lease is over. */
void pool_started(struct pool *pool, struct place *place, struct instance *i_or_null);
/* The start succeeded, or it failed: the next one waits longer. */
void pool_note_start(struct instance *i, bool is_ready);
/* An invocation is done with its process; its reference stays the caller's. */
void pool_give_back(struct instance *i);
/* The same for one that is of no use any more: it is killed. Waits until it is gone, but not for
 * long. */
void pool_discard(struct instance *i, enum instance_reason reason);
/* The keeper saw its end. Says what it was before; its reference goes to the caller. Who waited for
 * the end finds it counted: count() is called before, with the lock. */
enum instance_state pool_ended(struct instance *i, void (*count)(const struct instance *i));
/* Ends what has been idle for long. True when there is anything to look after later. */
bool pool_reap_idle(struct runtime *rt);
/* A place whose files nobody wants any more, taken for emptying; or NULL. */
struct place *pool_take_stale_place(struct runtime *rt);
/* Gives it back, empty or, when that failed, as it is. */
void pool_return_place(struct runtime *rt, struct place *place, bool is_empty);
/* Tells all processes to end. */
void pool_stop_all(struct runtime *rt);
/* With the lock held: tells an idle process to end. */
void pool_end_idle(struct instance *i, enum instance_reason reason);

/* ---- versions.c; with runtime->lock held ---- */

/* The pool of this version with this code, these settings and stores; made when there is none. */
struct pool *pools_find(struct runtime *rt, struct catalog *catalog,
                        const struct function *function);
struct pool *pools_numbered(const struct runtime *rt, uint64_t number); /* or NULL */
/* Frees those that nothing needs any more. */
void pools_prune(struct runtime *rt);
void pools_free(struct runtime *rt); /* all of them */

/* ---- keeper.c ---- */

struct keeper;
MUST_CHECK int keeper_start(struct runtime *rt, struct keeper **out, struct error *err);
void keeper_stop(struct keeper *k); /* NULL-safe */
/* From any thread: from here on the keeper watches the process, and says pool_ended() in the end.
 */
void keeper_add(struct keeper *k, struct instance *i);
void keeper_wake(struct keeper *k);

/* ---- runtime.c ---- */

struct runtime {
    struct runtime_options options; /* strings are owned */
    const struct clock *clock;
    struct metrics *metrics;
    struct http_route *routes;
    struct lending *lending;
    struct http_server *server;
    struct cgroups *cgroups;
    struct keeper *keeper;
    pthread_mutex_t lock;
    pthread_cond_t has_ended; /* a process has */
    struct place *places;     /* options.max_processes */
    struct pool *pools;
    struct waiter *waiters;  /* in the order in which they came */
    struct catalog *current; /* of runtime_refresh(); NULL before the first */
    uint64_t pool_numbers, idle_orders;
    int process_count; /* not yet ended */
    int ending_count;  /* of these, told to end */
    bool is_stopping;
};

/* ---- log_lines.c ---- */

struct log_lines;
struct log_lines *log_lines_new(struct text function, struct text version);
void log_lines_free(struct log_lines *l);
/* Lines that follow are those of that invocation; NULL: of none. Empties the tail. */
void log_lines_begin(struct log_lines *l, const char *request_id);
void log_lines_take(struct log_lines *l, struct text bytes);
/* It wrote more in this invocation than is relayed. */
bool log_lines_are_flood(const struct log_lines *l);
/* The last LOG_TAIL_BYTES of the invocation, in the arena: valid UTF-8, no NUL. */
struct text log_lines_tail(struct log_lines *l, struct arena *arena);

/* ---- cgroup.c ---- */

struct cgroups;
/* Below the group `root`; NULL: the daemon's own. NULL when none can be made; says so in the log
 * once. */
struct cgroups *cgroups_open(const char *root, int cpu_percent);
void cgroups_close(struct cgroups *c); /* NULL-safe */
/* The group of place `index`, with its limits set; NULL on failure. The caller frees it. */
char *cgroups_enter(struct cgroups *c, int index, int64_t memory_bytes, int pids);
void cgroups_leave(struct cgroups *c, int index); /* kills what is left in it */

#endif
