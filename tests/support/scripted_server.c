/*
 * The scripted HTTP peer: a listening thread, one thread per connection, one lock around the
 * records. Only for tests: it trusts its client.
 */
#include "support/scripted_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/fd.h"
#include "onput/memory.h"

enum { MAX_CONNECTIONS = 256, MAX_REQUESTS = 4096, MAX_REQUEST_BYTES = 16 * 1024 * 1024 };

struct record {
    char *bytes;
    size_t head_len;
    size_t len;
};

struct connection {
    struct scripted_server *server;
    pthread_t thread;
    int fd;
};

struct scripted_server {
    const struct scripted_reply *replies;
    size_t reply_count;
    int listener;
    int stop_pipe[2]; /* its read end becomes ready for ever when the server stops */
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    struct connection connections[MAX_CONNECTIONS];
    size_t connection_count;
    struct record records[MAX_REQUESTS];
    size_t record_count;
};

/* Waits until the socket can be read; false when the server stops. */
static bool wait_readable(struct scripted_server *server, int fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {server->stop_pipe[0], POLLIN, 0}};
    while (poll(fds, 2, -1) < 0)
        BUG_ON(errno != EINTR);
    return fds[1].revents == 0;
}

/* ---- requests ---- */

static bool read_more(struct connection *c, struct buffer *in)
{
    if (!wait_readable(c->server, c->fd))
        return false;
    char *room = buffer_reserve(in, 64 * 1024);
    BUG_ON(!room);
    ssize_t got = recv(c->fd, room, 64 * 1024, 0);
    if (got <= 0)
        return false;
    buffer_commit(in, (size_t)got);
    return true;
}

static size_t announced_length(struct text head)
{
    struct scripted_request request = {.head = head};
    struct text value = scripted_request_header(request, "content-length");
    struct error ignored = {0};
    uint64_t length = 0;
    if (value.len && text_to_u64(value, MAX_REQUEST_BYTES, "length", &length, &ignored))
        length = 0;
    return (size_t)length;
}

/* Reads one whole request into *in; its head's length, or 0 at the end of the connection. */
static size_t read_request(struct connection *c, struct buffer *in)
{
    char *end;
    while (!(end = memmem(in->data, in->len, "\r\n\r\n", 4))) {
        if (!read_more(c, in))
            return 0;
    }
    size_t head_len = (size_t)(end - in->data);
    size_t total = head_len + 4 + announced_length((struct text){in->data, head_len});
    while (in->len < total) {
        if (!read_more(c, in))
            return 0;
    }
    return head_len;
}

/* Keeps the request and returns the reply for it. */
static const struct scripted_reply *record_request(struct scripted_server *server,
                                                   const struct buffer *in, size_t head_len)
{
    struct record record = {xmemdup_text(buffer_text(in)), head_len, in->len};
    pthread_mutex_lock(&server->lock);
    BUG_ON(server->record_count == MAX_REQUESTS);
    size_t index = server->record_count++;
    server->records[index] = record;
    pthread_mutex_unlock(&server->lock);
    return &server->replies[index < server->reply_count ? index : server->reply_count - 1];
}

/* ---- replies ---- */

static bool send_all(int fd, const char *bytes, size_t len, size_t piece)
{
    while (len > 0) {
        size_t part = piece && piece < len ? piece : len;
        ssize_t sent = send(fd, bytes, part, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool send_head(int fd, const struct scripted_reply *reply)
{
    AUTO_BUFFER struct buffer head = {0};
    size_t body_len = reply->body.len * (reply->repeat ? reply->repeat : 1);
    buffer_init(&head, 1024 * 1024);
    buffer_appendf(&head, "HTTP/1.1 %d Scripted\r\n%s", reply->status,
                   reply->headers ? reply->headers : "");
    if (reply->length > 0)
        buffer_appendf(&head, "Content-Length: %lld\r\n", reply->length);
    else if (reply->length == SCRIPTED_LENGTH_OF_BODY)
        buffer_appendf(&head, "Content-Length: %zu\r\n", body_len);
    buffer_append_string(&head, "\r\n");
    return send_all(fd, head.data, head.len, 0);
}

static bool send_reply(int fd, const struct scripted_reply *reply)
{
    if (reply->raw)
        return send_all(fd, reply->raw, strlen(reply->raw), 0);
    if (reply->status == 0)
        return true;
    if (!send_head(fd, reply))
        return false;
    size_t times = reply->only_to_head ? 0 : reply->repeat ? reply->repeat : 1;
    for (size_t i = 0; i < times; i++) {
        if (!send_all(fd, reply->body.ptr, reply->body.len, reply->piece))
            return false;
    }
    return true;
}

static void hang(struct connection *c)
{
    char ignored[4096];
    while (wait_readable(c->server, c->fd)) {
        if (recv(c->fd, ignored, sizeof(ignored), 0) <= 0)
            return;
    }
}

/* True when the connection goes on. */
static bool end_reply(struct connection *c, enum scripted_ending ending)
{
    switch (ending) {
    case SCRIPTED_KEEP_ALIVE:
        return true;
    case SCRIPTED_CLOSE:
        return false;
    case SCRIPTED_RESET:
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        return false;
    case SCRIPTED_HANG:
        hang(c);
        return false;
    }
    return false;
}

static void *serve_connection(void *ctx)
{
    struct connection *c = ctx;
    bool goes_on = true;
    while (goes_on) {
        AUTO_BUFFER struct buffer in = {0};
        buffer_init(&in, MAX_REQUEST_BYTES + 128 * 1024);
        size_t head_len = read_request(c, &in);
        if (head_len == 0)
            break;
        const struct scripted_reply *reply = record_request(c->server, &in, head_len);
        goes_on = send_reply(c->fd, reply) && end_reply(c, reply->ending);
    }
    fd_close(&c->fd);
    return NULL;
}

/* ---- life cycle ---- */

static void *accept_connections(void *ctx)
{
    struct scripted_server *server = ctx;
    while (wait_readable(server, server->listener)) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&server->lock);
        BUG_ON(server->connection_count == MAX_CONNECTIONS);
        struct connection *c = &server->connections[server->connection_count++];
        *c = (struct connection){.server = server, .fd = fd};
        BUG_ON(pthread_create(&c->thread, NULL, serve_connection, c) != 0);
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

static void listen_on_loopback(struct scripted_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BUG_ON(server->listener < 0);
    BUG_ON(bind(server->listener, (struct sockaddr *)&address, len) != 0);
    BUG_ON(listen(server->listener, 64) != 0);
    BUG_ON(getsockname(server->listener, (struct sockaddr *)&address, &len) != 0);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
}

struct scripted_server *scripted_server_start(const struct scripted_reply *replies, size_t count)
{
    struct scripted_server *server = xcalloc(1, sizeof(*server));
    BUG_ON(count == 0);
    server->replies = replies;
    server->reply_count = count;
    BUG_ON(pthread_mutex_init(&server->lock, NULL) != 0);
    BUG_ON(pipe2(server->stop_pipe, O_CLOEXEC) != 0);
    listen_on_loopback(server);
    BUG_ON(pthread_create(&server->thread, NULL, accept_connections, server) != 0);
    return server;
}

void scripted_server_stop(struct scripted_server *server)
{
    if (!server)
        return;
    fd_close(&server->stop_pipe[1]);
    pthread_join(server->thread, NULL);
    for (size_t i = 0; i < server->connection_count; i++)
        pthread_join(server->connections[i].thread, NULL);
    for (size_t i = 0; i < server->record_count; i++)
        free(server->records[i].bytes);
    fd_close(&server->listener);
    fd_close(&server->stop_pipe[0]);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *scripted_server_url(const struct scripted_server *server)
{
    return server->url;
}

size_t scripted_server_request_count(struct scripted_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->record_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t scripted_server_connection_count(struct scripted_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->connection_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

struct scripted_request scripted_server_request(struct scripted_server *server, size_t index)
{
    pthread_mutex_lock(&server->lock);
    BUG_ON(index >= server->record_count);
    struct record record = server->records[index];
    pthread_mutex_unlock(&server->lock);
    struct text rest = {record.bytes, record.head_len};
    struct scripted_request request = {.head = rest};
    request.method = text_cut(&rest, ' ');
    request.target = text_cut(&rest, ' ');
    request.body =
        (struct text){record.bytes + record.head_len + 4, record.len - record.head_len - 4};
    return request;
}

struct text scripted_request_header(struct scripted_request request, const char *name)
{
    struct text rest = request.head;
    text_cut(&rest, '\n');
    while (rest.len) {
        struct text value = text_cut(&rest, '\n');
        struct text field = text_cut(&value, ':');
        if (text_equal_nocase(field, text_of(name)))
            return text_trim(value);
    }
    return TEXT("");
}
