/*
 * The load generator: one epoll loop in a forked process, result through a pipe.
 */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "onput/clock.h"
#include "onput/memory.h"

enum { ANSWER_BYTES = 4096, MAX_LATENCIES = 2000000 };

struct connection {
    int fd;
    size_t len;
    char answer[ANSWER_BYTES];
    int64_t sent_ns;
};

static void connect_to(struct connection *c, const struct load_options *o)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(o->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        perror("bench: connect");
        exit(1);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

static void send_next(struct connection *c, const struct load_options *o,
                      unsigned long long *serial)
{
    char request[LOAD_REQUEST_BYTES];
    size_t len = o->write_request(o->ctx, ++*serial, request);
    c->len = 0;
    c->sent_ns = clock_now_ns();
    if (write(c->fd, request, len) != (ssize_t)len) {
        perror("bench: write");
        exit(1);
    }
}

/* True when the whole answer is there; then *status is set. */
static bool read_answer(struct connection *c, int *status)
{
    ssize_t n = read(c->fd, c->answer + c->len, sizeof(c->answer) - 1 - c->len);
    if (n <= 0) {
        fprintf(stderr, "bench: the server closed a connection\n");
        exit(1);
    }
    c->len += (size_t)n;
    c->answer[c->len] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "content-length:");
    if (end == NULL || length == NULL || length > end)
        return false;
    size_t body = (size_t)strtoul(length + strlen("content-length:"), NULL, 10);
    *status = (int)strtol(c->answer + strlen("HTTP/1.1 "), NULL, 10);
    return c->len >= (size_t)(end + 4 - c->answer) + body;
}

static void generate(const struct load_options *o, int pipe_fd)
{
    struct connection *connections = xcalloc((size_t)o->connections, sizeof(*connections));
    double *latencies = xcalloc(MAX_LATENCIES, sizeof(*latencies));
    struct load_result r = {0};
    unsigned long long serial = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t start = clock_now_ns(), end = start + (int64_t)o->seconds * 1000000000;
    for (int i = 0; i < o->connections; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &connections[i]};
        connect_to(&connections[i], o);
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &e);
        send_next(&connections[i], o, &serial);
    }
    while (clock_now_ns() < end) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            int status;
            if (!read_answer(c, &status))
                continue;
            if (r.answered < MAX_LATENCIES)
                latencies[r.answered] = (double)(clock_now_ns() - c->sent_ns) / 1e6;
            *(status == 200 ? &r.answered : &r.refused) += 1;
            send_next(c, o, &serial);
        }
    }
    r.seconds = (double)(clock_now_ns() - start) / 1e9;
    size_t count = (size_t)(r.answered < MAX_LATENCIES ? r.answered : MAX_LATENCIES);
    r.p50_ms = bench_median(latencies, count);
    r.p99_ms = count > 0 ? latencies[count * 99 / 100] : 0;
    if (write(pipe_fd, &r, sizeof(r)) != sizeof(r))
        exit(1);
    exit(0);
}

struct load_result load_run(const struct load_options *options)
{
    int fds[2], status = 0;
    struct load_result r;
    fflush(stdout);
    if (pipe(fds) < 0)
        abort();
    pid_t pid = fork();
    if (pid == 0)
        generate(options, fds[1]);
    close(fds[1]);
    bool whole = read(fds[0], &r, sizeof(r)) == sizeof(r);
    close(fds[0]);
    waitpid(pid, &status, 0);
    if (!whole || status != 0) {
        fprintf(stderr, "bench: the load generator failed\n");
        exit(1);
    }
    return r;
}
