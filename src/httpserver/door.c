/*
 * door.c - the thread in front of libmicrohttpd: accepts, cuts what is late or has ended, lingers.
 *
 * libmicrohttpd's timeout starts anew with every byte, so a trickling client would stay for ever;
 * here every connection has one deadline for what it is doing. Accepting is done here and not there
 * because MHD_quiesce_daemon() of a thread pool can abort the process when a lane wakes at the same
 * moment.
 */
#include "httpserver_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/log.h"
#include "onput/memory.h"

enum {
    BACKLOG = 1024,
    ACCEPT_BATCH = 64,
    LONGEST_TICK_MS = 200,
    LONGEST_HAND_OVER_MS = 1000,
    ACCEPT_PAUSE_MS = 100, /* after running out of descriptors */
    LOOK_BATCH = 64,
};

void connection_enter(struct http_connection *c, enum connection_phase phase, int64_t allowed_ms)
{
    int64_t deadline = allowed_ms > 0 ? server_now_ms() + allowed_ms : 0;
    atomic_store_explicit(&c->deadline_ms, deadline, memory_order_relaxed);
    atomic_store_explicit(&c->phase, phase, memory_order_relaxed);
}

void door_wake(struct door *door)
{
    uint64_t one = 1;
    ssize_t n = write(door->wake_fd, &one, sizeof(one));
    (void)n; /* a full counter wakes just as well */
}

/* ---- libmicrohttpd tells of connections ---- */

static void peer_format(const struct sockaddr *address, char out[INET6_ADDRSTRLEN])
{
    const void *bytes = NULL;
    out[0] = '\0';
    if (address && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (!bytes || !inet_ntop(address->sa_family, bytes, out, INET6_ADDRSTRLEN))
        return;
    if (strncmp(out, "::ffff:", 7) == 0 && strchr(out, '.'))
        memmove(out, out + 7, strlen(out + 7) + 1);
}

static void connection_start(struct door *door, struct MHD_Connection *mhd, void **context)
{
    struct http_connection *c = xcalloc(1, sizeof(*c));
    c->server = door->server;
    c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    peer_format(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                c->peer);
    connection_enter(c, PHASE_IDLE, (int64_t)door->server->options.idle_timeout_ms + IDLE_GRACE_MS);
    pthread_mutex_lock(&door->lock);
    struct adopted *adopted = adopted_take(door, c->fd);
    c->next = door->connections;
    if (c->next)
        c->next->prev = c;
    door->connections = c;
    door->listed_count++;
    if (door->stopping)
        pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
    if (adopted) {
        c->owner = adopted->owner;
        c->release = adopted->release;
        free(adopted);
    }
    *context = c;
}

static void connection_end(struct door *door, void **context)
{
    struct http_connection *c = *context;
    pthread_mutex_lock(&door->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        door->connections = c->next;
    if (c->next)
        c->next->prev = c->prev;
    door->listed_count--;
    door->connection_count--;
    bool wake = door->waits_for_room;
    pthread_mutex_unlock(&door->lock);
    if (wake)
        door_wake(door);
    if (c->release)
        c->release(c->owner);
    free(c);
    *context = NULL;
}

void door_on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                        enum MHD_ConnectionNotificationCode code)
{
    struct door *door = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_start(door, mhd, socket_context);
    else if (*socket_context)
        connection_end(door, socket_context);
}

/* ---- the thread ---- */

static void hand_over(struct door *door, int fd, const struct sockaddr_storage *peer, socklen_t len)
{
    struct http_server *server = door->server;
    pthread_mutex_lock(&door->lock);
    size_t lane = door->accepted++ % (size_t)server->lane_count;
    door->connection_count++;
    struct adopted *stale = adopted_take(door, fd);
    pthread_mutex_unlock(&door->lock);
    adopted_release(stale);
    if (MHD_add_connection(server->lanes[lane], fd, (const struct sockaddr *)peer, len) == MHD_YES)
        return;
    LOG(LOG_LEVEL_DEBUG, "connection not taken", LOG_STRING("error", strerror(errno)));
    pthread_mutex_lock(&door->lock);
    door->connection_count--;
    pthread_mutex_unlock(&door->lock);
}

static bool has_room(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    bool room = door->connection_count < (size_t)door->server->options.connection_limit;
    door->waits_for_room = !room;
    pthread_mutex_unlock(&door->lock);
    return room;
}

/* Returns for how long to leave the listening socket alone. */
static int accept_some(struct door *door)
{
    for (int i = 0; i < ACCEPT_BATCH && has_room(door); i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof(peer);
        int fd =
            accept4(door->listen_fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            hand_over(door, fd, &peer, len);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return ACCEPT_PAUSE_MS;
        if (errno != ECONNABORTED && errno != EINTR)
            return 0;
    }
    return 0;
}

static bool awaits_bytes(const struct http_connection *c)
{
    int phase = atomic_load_explicit(&c->phase, memory_order_relaxed);
    return phase == PHASE_IDLE || phase == PHASE_RECEIVING;
}

/*
 * libmicrohttpd reads once per edge: when bytes and the end of the connection come together it
 * overlooks the end, and would wait for more until a timeout. SHUT_RD behind that end loses nothing
 * and wakes the lane once more.
 */
static void show_overlooked_ends(struct door *door)
{
    struct http_connection *c = door->connections;
    while (c) {
        struct pollfd fds[LOOK_BATCH];
        nfds_t n = 0;
        for (; c && n < LOOK_BATCH; c = c->next) {
            if (awaits_bytes(c))
                fds[n++] = (struct pollfd){.fd = c->fd, .events = POLLRDHUP};
        }
        if (n == 0 || poll(fds, n, 0) <= 0)
            continue;
        for (nfds_t i = 0; i < n; i++) {
            if (fds[i].revents & POLLRDHUP)
                (void)shutdown(fds[i].fd, SHUT_RD);
        }
    }
}

static void cut_late(struct door *door, int64_t now)
{
    for (struct http_connection *c = door->connections; c; c = c->next) {
        int64_t deadline = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);
        if (deadline == 0 || now < deadline)
            continue;
        LOG(LOG_LEVEL_DEBUG, "connection cut: too slow", LOG_STRING("peer", c->peer),
            LOG_I64("phase", atomic_load_explicit(&c->phase, memory_order_relaxed)));
        (void)shutdown(c->fd, SHUT_RDWR);
        atomic_store_explicit(&c->deadline_ms, 0, memory_order_relaxed);
    }
}

/* False when the thread shall end. */
static bool door_keep_house(struct door *door)
{
    int64_t now = server_now_ms();
    pthread_mutex_lock(&door->lock);
    cut_late(door, now);
    show_overlooked_ends(door);
    linger_read(&door->lingering, now);
    if (door->closing && door->listen_fd >= 0) {
        fd_close(&door->listen_fd);
        pthread_cond_broadcast(&door->changed);
    }
    bool go_on = !door->stopping;
    pthread_mutex_unlock(&door->lock);
    return go_on;
}

/* Waits for something to happen; fds[0] is the wake-up, fds[1] the listening socket. */
static size_t door_poll(struct door *door, bool listening, struct pollfd *fds)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){.fd = door->wake_fd, .events = POLLIN};
    pthread_mutex_lock(&door->lock);
    fds[n++] = (struct pollfd){.fd = listening ? door->listen_fd : -1, .events = POLLIN};
    for (size_t i = 0; i < door->lingering.count; i++)
        fds[n++] = (struct pollfd){.fd = door->lingering.items[i].fd, .events = POLLIN};
    bool idle = door->connection_count == 0 && n == 2 && listening;
    pthread_mutex_unlock(&door->lock);
    if (poll(fds, n, idle ? -1 : door->tick_ms) < 0)
        memset(fds, 0, n * sizeof(*fds));
    return n;
}

static bool door_was_woken(struct door *door, const struct pollfd *fds, size_t n)
{
    uint64_t count;
    bool woken = fds[0].revents != 0 && read(door->wake_fd, &count, sizeof(count)) > 0;
    for (size_t i = 2; i < n; i++)
        woken = woken || fds[i].revents != 0;
    return woken;
}

static void *door_main(void *arg)
{
    struct door *door = arg;
    struct pollfd fds[LINGER_MAX + 2];
    int64_t pause_ends = 0;
    int64_t next_tick = 0;
    for (;;) {
        bool listening = server_now_ms() >= pause_ends && has_room(door);
        size_t n = door_poll(door, listening, fds);
        bool woken = door_was_woken(door, fds, n);
        int64_t now = server_now_ms();
        if (fds[1].revents)
            pause_ends = now + accept_some(door);
        if (!woken && now < next_tick)
            continue;
        if (!door_keep_house(door))
            return NULL;
        next_tick = now + door->tick_ms;
    }
}

/* ---- life cycle ---- */

static int listen_on(struct http_server *server, struct error *err)
{
    AUTO_CLOSE int fd =
        socket(server->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;
    int no = 0;
    if (fd < 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make a socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (server->address.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    if (bind(fd, (struct sockaddr *)&server->address, server->address_len) != 0 ||
        listen(fd, BACKLOG) != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot listen on %s port %u",
                               server->options.address, server->options.port);
    socklen_t len = server->address_len;
    if (getsockname(fd, (struct sockaddr *)&server->address, &len) != 0)
        return error_set_errno(err, ERROR_IO, "cannot read the listening socket's port");
    server->port = ntohs(server->address.ss_family == AF_INET6
                             ? ((struct sockaddr_in6 *)&server->address)->sin6_port
                             : ((struct sockaddr_in *)&server->address)->sin_port);
    server->door.listen_fd = fd;
    fd = -1;
    return 0;
}

int door_open(struct door *door, struct http_server *server, struct error *err)
{
    door->server = server;
    door->listen_fd = -1;
    int shortest = server->options.request_timeout_ms < server->options.idle_timeout_ms
                       ? server->options.request_timeout_ms
                       : server->options.idle_timeout_ms;
    door->tick_ms = shortest / 8 < LONGEST_TICK_MS ? shortest / 8 + 1 : LONGEST_TICK_MS;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&door->lock, NULL);
    pthread_cond_init(&door->changed, &attr);
    pthread_condattr_destroy(&attr);
    door->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (door->wake_fd < 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make an eventfd");
    return server->options.address ? listen_on(server, err) : 0;
}

int door_run(struct door *door, struct error *err)
{
    errno = pthread_create(&door->thread, NULL, door_main, door);
    if (errno != 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot start a thread");
    door->running = true;
    return 0;
}

void door_close(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    door->closing = true;
    door_wake(door);
    while (door->running && door->listen_fd >= 0)
        pthread_cond_wait(&door->changed, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

static bool is_quiet(const struct door *door, bool owed_only)
{
    for (struct http_connection *c = door->connections; c; c = c->next) {
        int phase = atomic_load_explicit(&c->phase, memory_order_relaxed);
        if (phase != PHASE_IDLE && !(owed_only && phase == PHASE_RECEIVING))
            return false;
    }
    return true;
}

bool door_wait_quiet(struct door *door, int64_t deadline_ms, bool owed_only)
{
    struct timespec until = server_timespec(deadline_ms);
    pthread_mutex_lock(&door->lock);
    bool quiet = is_quiet(door, owed_only);
    while (!quiet && server_now_ms() < deadline_ms) {
        (void)pthread_cond_timedwait(&door->changed, &door->lock, &until);
        quiet = is_quiet(door, owed_only);
    }
    pthread_mutex_unlock(&door->lock);
    return quiet;
}

void door_quiet_maybe(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
}

void door_linger(struct door *door, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return;
    pthread_mutex_lock(&door->lock);
    linger_add(&door->lingering, copy, server_now_ms());
    pthread_mutex_unlock(&door->lock);
    door_wake(door);
}

/*
 * A lane that ends closes what it was handed and has not looked at yet without the lock that the
 * hand-over took. So let the lanes look first; a connection that one had no memory for never shows.
 */
static void wait_for_hand_over(struct door *door)
{
    int64_t deadline_ms = server_now_ms() + LONGEST_HAND_OVER_MS;
    struct timespec until = server_timespec(deadline_ms);
    pthread_mutex_lock(&door->lock);
    while (door->listed_count < door->connection_count && server_now_ms() < deadline_ms)
        (void)pthread_cond_timedwait(&door->changed, &door->lock, &until);
    pthread_mutex_unlock(&door->lock);
}

void door_stop(struct door *door)
{
    if (!door->running)
        return;
    pthread_mutex_lock(&door->lock);
    door->stopping = true;
    pthread_mutex_unlock(&door->lock);
    door_wake(door);
    pthread_join(door->thread, NULL);
    door->running = false;
    wait_for_hand_over(door);
}

void door_release(struct door *door)
{
    fd_close(&door->listen_fd);
    fd_close(&door->wake_fd);
    while (door->adopted)
        adopted_release(adopted_take(door, door->adopted->fd));
    linger_release(&door->lingering);
    pthread_cond_destroy(&door->changed);
    pthread_mutex_destroy(&door->lock);
}
