/*
 * fuzz_http_request.c - any bytes as requests on one connection; each request ends once.
 */
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/http_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void admit(void *live, struct http_request *r)
{
    (void)r;
    atomic_fetch_add((atomic_int *)live, 1);
}

static size_t take(void *live, struct http_request *r, struct text piece)
{
    (void)live;
    http_request_continue(r);
    return piece.len / 2 + 1;
}

static void broken(void *live, struct http_request *r)
{
    (void)r;
    BUG_ON(atomic_fetch_sub((atomic_int *)live, 1) != 1);
}

static void answer(void *live, struct http_request *r)
{
    if (http_request_row(r))
        broken(live, r);
    BUG_ON(http_request_trailer(r, "X").len > http_request_body(r).len + 65536);
    http_respond_json(r, 200, http_request_header(r, "X"));
}

static void release(void *over)
{
    sem_post(over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ANY = HTTP_GET | HTTP_HEAD | HTTP_POST };
    static atomic_int live;
    static const struct http_route routes[] = {
        {.methods = ANY, .path = "/k/{x...}", .handler = answer, .max_body_bytes = 1000},
        {ANY, "/t/{x}", answer, admit, 9000, .row = "", .take = take, .broken = broken}};
    static struct http_server_options options = {
        .request_timeout_ms = 16, .routes = routes, .route_count = ARRAY_LEN(routes), .ctx = &live};
    static struct http_server *server;
    struct error err = {0};
    char bytes[4096];
    int fds[2];
    sem_t over;
    if (sem_init(&over, 0, 0) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
        (!server && http_server_start(&options, &server, &err) != 0))
        return 0;
    BUG_ON(http_server_adopt(server, fds[1], &over, release, &err) != 0);
    (void)send(fds[0], data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(fds[0], SHUT_WR);
    while (read(fds[0], bytes, sizeof(bytes)) > 0) {
    }
    close(fds[0]);
    while (sem_wait(&over) != 0) {
    }
    BUG_ON(atomic_load(&live) != 0);
    sem_destroy(&over);
    return 0;
}
