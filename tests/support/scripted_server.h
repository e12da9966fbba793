/*
 * scripted_server.h - an HTTP peer on loopback that answers from a script, rightly or wrongly, and
 * remembers what it was asked.
 *
 * Request number i gets reply number i, whatever the connection; after the end the last reply is
 * repeated. Every connection has its own thread, none of them ever waits for time. Recorded
 * requests may be read at any moment; they live until scripted_server_stop().
 */
#ifndef ONPUT_TESTS_SUPPORT_SCRIPTED_SERVER_H
#define ONPUT_TESTS_SUPPORT_SCRIPTED_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "onput/text.h"

enum scripted_ending {
    SCRIPTED_KEEP_ALIVE,
    SCRIPTED_CLOSE,
    SCRIPTED_RESET, /* TCP reset instead of an orderly end */
    SCRIPTED_HANG,  /* says nothing more until the client goes away */
};

enum { SCRIPTED_LENGTH_OF_BODY = 0, SCRIPTED_NO_LENGTH = -1 };

struct scripted_reply {
    int status;          /* 0: not a byte, only the ending */
    const char *headers; /* "Name: value\r\n" lines, or NULL */
    struct text body;
    long long length; /* Content-Length to announce: one of the above or any number */
    size_t repeat;    /* the body so many times; 0 means once */
    size_t piece;     /* bytes of the body per send(); 0: all at once */
    enum scripted_ending ending;
    bool only_to_head; /* announce, but send no body: an answer to HEAD */
    const char *raw;   /* these bytes instead of all of the above, then the ending */
};

struct scripted_request {
    struct text method;
    struct text target; /* path and query as sent */
    struct text head;   /* everything before the empty line */
    struct text body;
};

struct scripted_server;

/* `replies` must outlive the server. Fails the program when there is no port. */
struct scripted_server *scripted_server_start(const struct scripted_reply *replies, size_t count);
void scripted_server_stop(struct scripted_server *server); /* NULL-safe */

const char *scripted_server_url(const struct scripted_server *server); /* "http://127.0.0.1:4711" */
size_t scripted_server_request_count(struct scripted_server *server);
size_t scripted_server_connection_count(struct scripted_server *server);
struct scripted_request scripted_server_request(struct scripted_server *server, size_t index);
/* Value of the header (case-insensitive), or an empty text. */
struct text scripted_request_header(struct scripted_request request, const char *name);

#endif
