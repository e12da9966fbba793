/*
 * raw_client.c - see raw_client.h.
 */
#include "raw_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000 };

struct http_server *raw_server(const struct http_route *routes, size_t count, void *ctx)
{
    struct http_server_options options = {
        .address = "127.0.0.1", .routes = routes, .route_count = count, .ctx = ctx};
    struct http_server *server = NULL;
    struct error err = {0};
    if (http_server_start(&options, &server, &err) != 0)
        fail_msg("%s", err.message);
    return server;
}

int raw_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void raw_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the server may close early: the answer is what counts */
        bytes += n;
        len -= (size_t)n;
    }
}

/* Appends what there is; false at the end of the connection. */
static bool read_some(int fd, struct buffer *out)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) != 1)
        fail_msg("the server is silent");
    char bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    if (n > 0)
        buffer_append(out, bytes, (size_t)n);
    return n > 0;
}

static size_t head_end(struct text answer)
{
    for (size_t i = 0; i + 4 <= answer.len; i++) {
        if (memcmp(answer.ptr + i, "\r\n\r\n", 4) == 0)
            return i + 4;
    }
    return 0;
}

struct text raw_read_answer(int fd, struct buffer *out)
{
    for (;;) {
        struct text answer = buffer_text(out);
        size_t end = head_end(answer);
        struct text length = end ? raw_header(answer, "Content-Length") : TEXT("");
        if (end && answer.len >= end + strtoul(length.len ? length.ptr : "0", NULL, 10))
            return answer;
        if (!read_some(fd, out))
            return buffer_text(out);
    }
}

struct text raw_talk_until_close(uint16_t port, struct text request, struct buffer *out)
{
    int fd = raw_connect(port);
    raw_send(fd, request.ptr, request.len);
    while (read_some(fd, out)) {
    }
    close(fd);
    return buffer_text(out);
}

struct text raw_talk(uint16_t port, struct text request, struct buffer *out)
{
    int fd = raw_connect(port);
    raw_send(fd, request.ptr, request.len);
    struct text answer = raw_read_answer(fd, out);
    close(fd);
    return answer;
}

bool raw_is_closed(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;
    if (poll(&p, 1, wait_ms) != 1)
        return false;
    ssize_t n = recv(fd, &byte, 1, 0);
    assert_true(n <= 0);
    return true;
}

int raw_status(struct text answer)
{
    if (!text_starts_with(answer, TEXT("HTTP/1.1 ")) || answer.len < 12)
        return 0;
    return (int)strtol(answer.ptr + 9, NULL, 10);
}

struct text raw_header(struct text answer, const char *name)
{
    struct text rest = text_slice(answer, 0, head_end(answer));
    while (rest.len > 0) {
        struct text line = text_cut(&rest, '\n');
        struct text key = text_cut(&line, ':');
        if (text_equal_nocase(key, text_of(name)))
            return text_trim(line);
    }
    return TEXT("");
}

struct text raw_body(struct text answer)
{
    return text_slice(answer, head_end(answer), answer.len);
}
