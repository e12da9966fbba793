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

enum { REQUEST_BYTES = 4096, ANSWER_BYTES = 4096, MAX_LATENCIES = 2000000 };

struct connection {
    int fd;
    size_t len;
    char answer[ANSWER_BYTES];
    int64_t sent_ns;
};

static const char body_format[] =
    "{\"EventName\":\"s3:ObjectCreated:Put\",\"Key\":\"photos/2026/11/"
    "beach-%08llx.jpg\",\"Records\":[{"
    "\"eventVersion\":\"2.0\",\"eventSource\":\"minio:s3\",\"awsRegion\":\"\","
    "\"eventTime\":\"2026-11-21T19:14:20.468Z\",\"eventName\":\"s3:ObjectCreated:Put\","
    "\"userIdentity\":{\"principalId\":\"uploader\"},\"requestParameters\":{\"principalId\":"
    "\"uploader\","
    "\"region\":\"\",\"sourceIPAddress\":\"127.0.0.1\"},\"responseElements\":{"
    "\"x-amz-id-2\":\"dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8\","
    "\"x-amz-request-id\":\"18EA2557C87D6C5C\","
    "\"x-minio-deployment-id\":\"c976c36f-7c0f-4a3b-9c61-6a1a3f3d8a4e\","
    "\"x-minio-origin-endpoint\":\"http://127.0.0.1:19000\"},\"s3\":{\"s3SchemaVersion\":\"1.0\","
    "\"configurationId\":\"Config\",\"bucket\":{\"name\":\"photos\",\"ownerIdentity\":{"
    "\"principalId\":\"uploader\"},\"arn\":\"arn:aws:s3:::photos\"},\"object\":{"
    "\"key\":\"2026%%2F11%%2Fbeach-%08llx.jpg\",\"size\":4718592,"
    "\"eTag\":\"5d41402abc4b2a76b9719d911017c592\",\"contentType\":\"image/"
    "jpeg\",\"userMetadata\":{"
    "\"content-type\":\"image/jpeg\"},\"sequencer\":\"18EA2557%08llX\"}},\"source\":{"
    "\"host\":\"127.0.0.1\",\"port\":\"\",\"userAgent\":\"MinIO (linux; amd64) minio-go/v7.0.90 "
    "mc\"}}]}";

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
    char body[REQUEST_BYTES], request[2 * REQUEST_BYTES];
    unsigned long long n = ++*serial;
    int body_len = snprintf(body, sizeof(body), body_format, n, n, n);
    int len = snprintf(request, sizeof(request),
                       "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Go-http-client/1.1\r\n"
                       "Content-Length: %d\r\nAuthorization: Bearer %s\r\n"
                       "Content-Type: application/json\r\n\r\n%s",
                       o->path, body_len, o->token, body);
    c->len = 0;
    c->sent_ns = clock_now_ns();
    if (write(c->fd, request, (size_t)len) != len) {
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
