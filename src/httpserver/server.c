/*
 * server.c - life cycle: options, lanes (one libmicrohttpd daemon and thread each), drain.
 */
#include "httpserver_private.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "onput/clock.h"
#include "onput/log.h"
#include "onput/memory.h"

enum {
    /* Room for a request line and headers; beyond it libmicrohttpd answers 414 or 431. */
    HEADER_BYTES = 32 * 1024,
    FORCED_ANSWER_SEND_MS = 1000,
    DRAIN_RECEIVE_MS = 1000, /* a drain waits so long for requests that are still on their way */
};

int64_t server_now_ms(void)
{
    return clock_mono_ms(clock_system());
}

struct timespec server_timespec(int64_t mono_ms)
{
    return (struct timespec){mono_ms / 1000, mono_ms % 1000 * 1000000};
}

static void log_from_library(void *cls, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
static void log_from_library(void *cls, const char *fmt, va_list ap)
{
    char line[512];
    (void)cls;
    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    vsnprintf(line, sizeof(line), fmt, ap);
    LOG(LOG_LEVEL_DEBUG, "libmicrohttpd", LOG_TEXT("line", text_trim(text_of(line))));
}

static int or_default(int value, int fallback)
{
    return value > 0 ? value : fallback;
}

static void options_complete(struct http_server_options *o)
{
    o->threads = or_default(o->threads, 2);
    if (o->threads > MAX_LANES)
        o->threads = MAX_LANES;
    o->connection_limit = or_default(o->connection_limit, 1000);
    o->idle_timeout_ms = or_default(o->idle_timeout_ms, 60000);
    o->request_timeout_ms = or_default(o->request_timeout_ms, 30000);
    if (o->header_bytes == 0)
        o->header_bytes = HEADER_BYTES;
}

static int address_parse(struct http_server *server, struct error *err)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&server->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&server->address;
    const char *address = server->options.address;
    if (!address)
        return 0;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(server->options.port);
        server->address_len = sizeof(*v4);
        return 0;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(server->options.port);
        server->address_len = sizeof(*v6);
        return 0;
    }
    return error_set(err, ERROR_INVALID, "\"%s\" is not an IP address to listen on", address);
}

static struct MHD_Daemon *lane_start(struct http_server *server)
{
    const struct http_server_options *o = &server->options;
    int idle_s = o->idle_timeout_ms / 1000 + (o->idle_timeout_ms % 1000 != 0);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_from_library,
         NULL}, /* first: it sees the rest */
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)answer_on_target, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)answer_on_completed, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)door_on_connection, &server->door},
        /* The door keeps the limit; one more, as it hears of an end before libmicrohttpd counts it.
         */
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)o->connection_limit + 1, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, idle_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)o->header_bytes, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     MHD_USE_NO_LISTEN_SOCKET;
    return MHD_start_daemon(flags, 0, NULL, NULL, answer_on_access, server, MHD_OPTION_ARRAY,
                            options, MHD_OPTION_END);
}

static int lanes_start(struct http_server *server, struct error *err)
{
    while (server->lane_count < server->options.threads) {
        struct MHD_Daemon *lane = lane_start(server);
        if (!lane)
            return error_set(err, ERROR_UNAVAILABLE, "cannot start an HTTP server thread");
        server->lanes[server->lane_count++] = lane;
    }
    return 0;
}

static void locks_init(struct http_server *server)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->owed_lock, NULL);
    pthread_cond_init(&server->owed_changed, &attr);
    pthread_condattr_destroy(&attr);
}

int http_server_start(const struct http_server_options *options, struct http_server **out,
                      struct error *err)
{
    struct http_server *server = xcalloc(1, sizeof(*server));
    server->options = *options;
    options_complete(&server->options);
    atomic_store(&server->refs, 1);
    locks_init(server);
    server->door.wake_fd = -1;
    server->door.listen_fd = -1;
    server->router = router_new(options->routes, options->route_count);
    if (address_parse(server, err) != 0 || door_open(&server->door, server, err) != 0 ||
        lanes_start(server, err) != 0 || door_run(&server->door, err) != 0) {
        http_server_free(server);
        return -1;
    }
    server->options.address = NULL;
    *out = server;
    return 0;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_drain(struct http_server *server, int timeout_ms)
{
    int64_t deadline = server_now_ms() + timeout_ms;
    atomic_store(&server->draining, true);
    door_close(&server->door);
    int64_t received = server_now_ms() + DRAIN_RECEIVE_MS;
    if (door_wait_quiet(&server->door, received < deadline ? received : deadline, false) ||
        door_wait_quiet(&server->door, deadline, true))
        return;
    answer_force_all(server);
    (void)door_wait_quiet(&server->door, server_now_ms() + FORCED_ANSWER_SEND_MS, true);
}

void server_unref(struct http_server *server)
{
    if (atomic_fetch_sub(&server->refs, 1) != 1)
        return;
    pthread_cond_destroy(&server->owed_changed);
    pthread_mutex_destroy(&server->owed_lock);
    free(server);
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    if (server->door.running) {
        if (!atomic_load(&server->draining))
            http_server_drain(server, 0);
        answer_force_all(server);
        door_stop(&server->door);
    }
    for (int i = 0; i < server->lane_count; i++)
        MHD_stop_daemon(server->lanes[i]);
    door_release(&server->door);
    router_free(server->router);
    server_unref(server);
}
