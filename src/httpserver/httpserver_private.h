/*
 * httpserver_private.h - what the files of this folder share.
 *
 * Threads: every struct MHD_Daemon has one thread (a "lane"); one more thread, the door, accepts
 * connections, hands them to the lanes in turn and cuts those that are past their deadline.
 * A request belongs to its lane, except between the handler's call and http_respond(): then it
 * belongs to whoever answers it. `answer` is the only member that both look at (and `pause`, while
 * a body is taken piece by piece).
 */
#ifndef ONPUT_HTTPSERVER_PRIVATE_H
#define ONPUT_HTTPSERVER_PRIVATE_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "onput/buffer.h"
#include "onput/http_server.h"

enum {
    MAX_CAPTURES = 8,
    MAX_HEADERS = 128,
    MAX_LANES = 64,
    /* A refused body of at most so many bytes is read and dropped, so that the client sees the
       answer. */
    REFUSED_BODY_READ_BYTES = 64 * 1024,
    IDLE_GRACE_MS = 1000, /* libmicrohttpd's own idle timeout comes first */
    SLOWEST_READER_BYTES_PER_MS = 32,
};

/* ---- router.c ---- */

struct http_capture {
    const char *name;
    struct text raw;
    struct text value;
    bool is_rest; /* stays raw */
};

struct http_captures {
    struct http_capture items[MAX_CAPTURES];
    size_t count;
};

struct router;
struct router *router_new(const struct http_route *routes, size_t count);
void router_free(struct router *router);
/* The first route of that host, path and method; else NULL, and *out_allowed has the methods of
 * that path. `host` is the header's value, empty when there is none. */
const struct http_route *router_match(const struct router *router, unsigned method,
                                      struct text host, struct text path,
                                      struct http_captures *captures, unsigned *out_allowed);
/* Percent-decodes what was captured. False when an escape is malformed. */
bool router_decode(struct http_captures *captures, struct arena *arena);

/* ---- door.c, adopt.c, linger.c ---- */

enum connection_phase { PHASE_IDLE, PHASE_RECEIVING, PHASE_HANDLING, PHASE_SENDING };

struct http_connection {
    struct http_connection *prev;
    struct http_connection *next;
    struct http_server *server;
    int fd; /* libmicrohttpd's; valid while the connection is in the door's list */
    _Atomic int phase;
    _Atomic int64_t deadline_ms; /* monotonic; 0: none */
    void *owner;                 /* of an adopted one */
    void (*release)(void *owner);
    char peer[INET6_ADDRSTRLEN];
};

/* A socket on its way to its lane with an owner; in the door's list until the lane knows it. */
struct adopted {
    struct adopted *next;
    int fd;
    void *owner;
    void (*release)(void *owner);
};

void connection_enter(struct http_connection *c, enum connection_phase phase, int64_t allowed_ms);

enum { LINGER_MAX = 64 };

/* Sockets that libmicrohttpd has closed while the client still sends: emptied, so that no reset
 * overtakes the answer. */
struct linger_list {
    struct {
        int fd;
        int64_t deadline_ms;
        size_t bytes_left;
    } items[LINGER_MAX];
    size_t count;
};
void linger_add(struct linger_list *list, int fd, int64_t now_ms); /* takes fd */
void linger_read(struct linger_list *list, int64_t now_ms);
void linger_release(struct linger_list *list);

struct door {
    struct http_server *server;
    pthread_t thread;
    bool running;
    int wake_fd;
    int tick_ms;          /* how often deadlines are looked at */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    int listen_fd;
    bool closing; /* accept no more */
    bool stopping;
    bool waits_for_room;
    struct http_connection *connections;
    size_t listed_count;
    size_t connection_count; /* listed, or on their way to a lane */
    size_t accepted;
    struct adopted *adopted;
    struct linger_list lingering;
};

MUST_CHECK int door_open(struct door *door, struct http_server *server, struct error *err);
MUST_CHECK int door_run(struct door *door, struct error *err);
void door_close(struct door *door); /* returns when nothing is accepted any more */
/*
 * Waits until no connection is within a request, at most until the deadline. With `owed_only`
 * requests that are not whole yet do not count: nobody promised them anything.
 */
bool door_wait_quiet(struct door *door, int64_t deadline_ms, bool owed_only);
void door_quiet_maybe(struct door *door); /* a request is over */
void door_stop(struct door *door);
void door_release(struct door *door);
void door_linger(struct door *door, int fd);
void door_on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                        enum MHD_ConnectionNotificationCode code);
void door_wake(struct door *door);

/* Under the door's lock: takes what is known of that socket out of the list; NULL: nothing. */
struct adopted *adopted_take(struct door *door, int fd);
void adopted_release(struct adopted *a); /* NULL-safe; tells the owner; not under the lock */

/* ---- server.c ---- */

struct http_server {
    struct http_server_options options; /* address is not kept */
    struct sockaddr_storage address;
    socklen_t address_len;
    uint16_t port;
    struct router *router;
    struct MHD_Daemon *lanes[MAX_LANES];
    int lane_count;
    struct door door;
    atomic_bool draining; /* answers close their connection */
    atomic_bool ending; /* everything is answered 503, nothing is suspended; set under owed_lock */
    atomic_int refs;    /* one for the owner, one for each request that was ever suspended */
    pthread_mutex_t owed_lock;
    pthread_cond_t owed_changed;
    struct http_request *owed;   /* suspended requests */
    struct http_stream *streams; /* answers that are sent piece by piece; under owed_lock */
};

void server_unref(struct http_server *server);
int64_t server_now_ms(void);
struct timespec server_timespec(int64_t mono_ms);

/* ---- request.c ---- */

struct http_body {
    struct buffer bytes;
    uint64_t length; /* announced; UINT64_MAX for a chunked one */
    size_t limit;
    bool dropped; /* refused: read it and keep nothing */
    bool too_large;
};

enum request_stage { STAGE_HEADERS, STAGE_BODY, STAGE_ANSWER };

enum answer_state {
    ANSWER_OPEN,      /* nobody has answered; the handler's call has not returned */
    ANSWER_SUSPENDED, /* nobody has answered; the connection sleeps */
    ANSWER_GIVEN,     /* response, status and close are set */
    ANSWER_FORCED,    /* the server answers 503; the handler's answer will come to nothing */
};

enum pause_state {
    PAUSE_NONE,      /* take() is being called, or there is nothing more to take */
    PAUSE_CONTINUED, /* http_request_continue() came meanwhile */
    PAUSE_ASLEEP,    /* the connection sleeps */
    PAUSE_FORCED,    /* the server ends: the rest of the body will not be taken */
};

struct http_request {
    struct arena arena;
    struct http_server *server;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    enum request_stage stage;
    _Atomic int answer;
    _Atomic int holders; /* of a forced request: its lane, and who owes the answer */
    _Atomic int pause;
    bool is_taking; /* its body goes to the route's take(), which has not seen the end */

    struct MHD_Response *response;
    struct http_stream *stream; /* the response's, when it comes piece by piece */
    int status;
    int64_t response_bytes;
    bool close;
    bool body_unread; /* answered with the body still on its way */

    const char *raw_target; /* in libmicrohttpd's memory, for guard.c */
    size_t raw_target_len;
    enum http_method method;
    struct text method_text;
    struct text target; /* path and query */
    struct text path;
    struct text query;
    struct text peer;
    void *owner;
    struct http_header *headers;
    size_t header_count;
    struct http_header *trailers;
    size_t trailer_count;
    bool expects_continue;
    struct http_body body;
    const struct http_route *route;
    struct http_captures captures;
    void *user;

    bool is_owed; /* in the server's list */
    bool holds_server;
    struct http_request *owed_prev;
    struct http_request *owed_next;
};

struct http_request *request_new(struct http_server *server, struct MHD_Connection *mhd,
                                 const char *target);
void request_free(struct http_request *r);
void request_set_method(struct http_request *r, const char *method);
void *request_ctx(const struct http_request *r); /* for its route's functions */

/* ---- guard.c ---- */

/*
 * Copies method and headers into the request and refuses what must not pass: returns 0, or the
 * status with *out_why set.
 */
int guard_check(struct http_request *r, const char *method, const char *version,
                const char **out_why);
/* The same for the fields behind a chunked body. */
int guard_trailers(struct http_request *r, const char **out_why);

/* ---- body.c ---- */

/* Prepares for a body of the announced length; the limit has been checked for a known one. */
void body_expect(struct http_body *body, size_t limit);
void body_add(struct http_body *body, const char *bytes, size_t len);
void body_release(struct http_body *body);

/* ---- response.c ---- */

struct MHD_Response *response_build(struct http_request *r, const struct http_response *response);
/* Takes `body`; head's own does not count. */
struct MHD_Response *response_build_on(struct http_request *r, struct MHD_Response *body,
                                       const struct http_response *head);
void request_refuse(struct http_request *r, int status, const char *allow_or_null,
                    const char *message);

/* ---- answer.c: libmicrohttpd's callbacks ---- */

void *answer_on_target(void *cls, const char *target, struct MHD_Connection *mhd);
enum MHD_Result answer_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_len, void **request);
void answer_on_completed(void *cls, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code);
/* From now on 503: for everyone who waits, and for everyone who comes. Returns when nobody is
 * suspended. */
void answer_force_all(struct http_server *server);
/* Gives what response, stream, status and close of the request say. */
void answer_give(struct http_request *r);

/* Lists a request whose connection is about to be suspended. False at the end of the server:
 * nothing may be suspended any more. */
bool owed_add(struct http_request *r);
void owed_remove(struct http_request *r);

/* ---- take.c ---- */

/* Offers bytes of the body; what is not taken stays with libmicrohttpd. */
enum MHD_Result take_piece(struct http_request *r, const char *bytes, size_t *len);
/* Tells the route that no more comes, when it was taking. */
void take_break(struct http_request *r);
/* At the end of the server, under owed_lock: wakes a request that is paused. */
void take_force(struct http_request *r);

/* ---- stream.c ---- */

/* On the lane: the response is about to be queued. */
void stream_attach(struct http_stream *s, struct http_request *r);
/* The connection is done with it; nothing is sent any more. */
void stream_detach(struct http_stream *s);
/* The request's hold ends. */
void stream_leave(struct http_stream *s, struct http_server *server);
/* At the end of the server, under owed_lock. */
void streams_cancel(struct http_server *server);

#endif
