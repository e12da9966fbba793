/*
 * runtime_private.h - from an invocation to a process of its function, and back.
 *
 *   invoke.c       the straight line of one invocation, on its caller's thread
 *   pool.c         the processes of each version of a function: idle, busy, starting; how many
 *   instance.c     one process: its place, endpoint, runner and end
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
 * Locks, in the order in which they may be held together: runtime->lock (pools, places, instances
 * in lists), exchange's own, instance->log_lock. Nobody calls into the HTTP server with
 * runtime->lock held.
 */
#ifndef ONPUT_RUNTIME_PRIVATE_H
#define ONPUT_RUNTIME_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "onput/buffer.h"
#include "onput/http_server.h"
#include "onput/process_tree.h"
#include "onput/runner_protocol.h"
#include "onput/runtime.h"

enum {
    RUNTIME_MAX_PROCESSES = 256,
    RESULT_MAX_BYTES = 6 * 1024 * 1024 + 100,
    STREAM_MAX_BYTES = 200 * 1024 * 1024,
    LOG_TAIL_BYTES = 4096,
    LOG_LINE_MAX_BYTES = 16 * 1024, /* longer lines are cut into several */
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
void exchange_error(struct exchange *e, struct http_request *request);
void exchange_init_error(struct exchange *e, struct http_request *request);

/* ---- api.c, lending.c: owner of every connection is a struct instance, with a reference ---- */

/* The caller frees the table after the server. */
struct http_route *api_routes(size_t *out_count);
/* GET /credentials/{token}: the role's keys as the SDKs' container provider reads them. */
void lending_handle(void *ctx, struct http_request *request);

/* ---- peer.c ---- */

/* Does the connected socket's other end belong to a descendant of `runner`, or, when `uid` is not 0,
 * to a process of that user? */
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
/* "NAME=value" strings ended by NULL, in the arena. */
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

/* ---- instance.c ---- */

/* Where a process lives: a number, a user, a temporary directory that outlives a crash. */
struct place {
    int index;
    uid_t uid; /* 0: the daemon's */
    char *temporary;
    struct pool *last_pool; /* for whose function the directory has files; NULL: empty */
    bool is_taken;
};

struct instance {
    atomic_int references; /* its pool or invocation, the keeper, each of its connections */
    struct runtime *runtime;
    struct pool *pool;
    struct place *place;
    struct exchange *exchange;
    struct catalog *catalog;        /* a reference; of `function` */
    const struct function *function;
    char token[33]; /* of its credentials endpoint: 128 random bits in hex */
    int listener;
    uint16_t port;
    pid_t runner;
    int pidfd, channel, log_fd;
    int64_t started_ns; /* monotonic */
    int64_t idle_since_ms;
    atomic_bool ended;           /* the report is there */
    struct runner_report report; /* of an ended one */
    uint64_t peak_bytes;         /* the most that was seen, by looking now and then */
    int64_t peak_seen_ms;
    pthread_mutex_t log_lock;
    struct log_lines *log; /* under log_lock, like reading from log_fd */
    struct instance *next; /* in its pool's list; under runtime->lock */
};

struct instance *instance_ref(struct instance *i);
void instance_unref(struct instance *i);
/* Starts the process of a new instance; it is not ready before its exchange says so. */
MUST_CHECK int instance_start(struct runtime *rt, struct pool *pool, struct place *place,
                              struct catalog *catalog, const struct function *function,
                              struct instance **out, struct error *err);
void instance_stop(struct instance *i); /* SIGTERM, then SIGKILL */
void instance_kill(struct instance *i); /* SIGKILL at once */
uint64_t instance_memory(struct instance *i);

/* ---- log_lines.c ---- */

struct log_lines;
struct log_lines *log_lines_new(struct text function, struct text version);
void log_lines_free(struct log_lines *l);
/* Lines that follow are those of that invocation; NULL: of none. Empties the tail. */
void log_lines_begin(struct log_lines *l, const char *request_id);
void log_lines_take(struct log_lines *l, struct text bytes);
/* The last LOG_TAIL_BYTES of the invocation, in the arena: valid UTF-8, no NUL. */
struct text log_lines_tail(struct log_lines *l, struct arena *arena);

/* ---- cgroup.c ---- */

struct cgroups;
/* NULL when none can be made; says so in the log once. */
struct cgroups *cgroups_open(const char *root, int cpu_percent);
void cgroups_close(struct cgroups *c); /* NULL-safe */
/* The group of place `index`, with its limits set; NULL on failure. The caller frees it. */
char *cgroups_enter(struct cgroups *c, int index, int64_t memory_bytes, int pids);
void cgroups_leave(struct cgroups *c, int index); /* kills what is left in it */

#endif
