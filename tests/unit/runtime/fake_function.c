/*
 * fake_function.c - a function process that needs no interpreter: the Runtime API over one plain
 * socket. Its first argument says how it starts, each event what it does then; see `starts` and
 * `deeds`. An event is a word and perhaps one argument: "sleep 100".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROOT "/2018-06-01/runtime"

enum { MESSAGE_BYTES = 64 * 1024, LARGE_BYTES = 6 * 1024 * 1024 + 101, CHUNK_BYTES = 4096 };

static char id[128];
static char event[MESSAGE_BYTES];
static int events;

static void fail(const char *what)
{
    fprintf(stderr, "fake-function: %s: %s\n", what, strerror(errno));
    exit(99);
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0)
            fail("send");
        bytes += sent;
        len -= (size_t)sent;
    }
}

static int connect_api(void)
{
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)strtol(strchr(api, ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail("connect");
    return fd;
}

static void copy_header(const char *head, const char *name, char *out, size_t size)
{
    const char *at = strcasestr(head, name);
    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
}

/* Reads one answer; its body is left in `event`. Returns the status. */
static int read_answer(int fd)
{
    static char message[MESSAGE_BYTES];
    char length[32];
    size_t len = 0, body = 0, wanted = 1;
    while (body == 0 || len < body + wanted) {
        ssize_t got = recv(fd, message + len, sizeof(message) - 1 - len, 0);
        if (got <= 0)
            fail("recv");
        len += (size_t)got;
        message[len] = '\0';
        char *end = strstr(message, "\r\n\r\n");
        if (body > 0 || end == NULL)
            continue;
        body = (size_t)(end + 4 - message);
        *end = '\0';
        copy_header(message, "\r\nContent-Length: ", length, sizeof(length));
        wanted = (size_t)strtol(length, NULL, 10);
        copy_header(message, "\r\nLambda-Runtime-Aws-Request-Id: ", id, sizeof(id));
    }
    memcpy(event, message + body, wanted);
    event[wanted] = '\0';
    return (int)strtol(message + 9, NULL, 10);
}

/* In one piece, as the kernel holds a second small one back until the first is acknowledged. */
static void post(int fd, const char *path, const char *body)
{
    static char message[MESSAGE_BYTES + 512];
    int len = snprintf(message, sizeof(message),
                       "POST " ROOT "%s HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       path, strlen(body), body);
    send_all(fd, message, (size_t)len);
    read_answer(fd);
}

static void respond(int fd, const char *body)
{
    char path[256];
    snprintf(path, sizeof(path), "/invocation/%s/response", id);
    post(fd, path, body);
}

static void wait_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static const char *temporary(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof(path), "%s/%s", getenv("TMPDIR"), name);
    return path;
}

/* ---- what events ask for ---- */

static void do_echo(int fd, const char *argument)
{
    respond(fd, argument);
}

static void do_pid(int fd, const char *argument)
{
    char text[32];
    (void)argument;
    snprintf(text, sizeof(text), "%d", (int)getpid());
    respond(fd, text);
}

/* How many events it had so far. */
static void do_count(int fd, const char *argument)
{
    char text[32];
    (void)argument;
    snprintf(text, sizeof(text), "%d", events);
    respond(fd, text);
}

static void do_sleep(int fd, const char *argument)
{
    wait_ms(strtol(argument, NULL, 10));
    respond(fd, "\"slept\"");
}

static void do_exit(int fd, const char *argument)
{
    (void)fd;
    exit((int)strtol(argument, NULL, 10));
}

static void do_signal(int fd, const char *argument)
{
    (void)fd;
    raise((int)strtol(argument, NULL, 10));
}

static void do_leave(int fd, const char *argument)
{
    respond(fd, argument);
    exit(0);
}

static void do_hang(int fd, const char *argument)
{
    (void)fd;
    printf("hanging %s\n", argument);
    fflush(stdout);
    for (;;)
        pause();
}

static void do_error(int fd, const char *argument)
{
    char path[256], body[256];
    snprintf(path, sizeof(path), "/invocation/%s/error", id);
    snprintf(body, sizeof(body), "{\"errorType\":\"Fake\",\"errorMessage\":\"%s\"}", argument);
    post(fd, path, body);
}

/* An error with a header of that length, as runtimes send stack traces for X-Ray. */
static void do_trace(int fd, const char *argument)
{
    static const char body[] = "{\"errorType\":\"Fake\",\"errorMessage\":\"traced\"}";
    char head[512];
    long length = strtol(argument, NULL, 10);
    char *trace = malloc((size_t)length);
    int len = snprintf(head, sizeof(head),
                       "POST " ROOT "/invocation/%s/error HTTP/1.1\r\nHost: api\r\n"
                       "Content-Length: %zu\r\nLambda-Runtime-Function-XRay-Error-Cause: ",
                       id, sizeof(body) - 1);
    memset(trace, 'x', (size_t)length);
    send_all(fd, head, (size_t)len);
    send_all(fd, trace, (size_t)length);
    send_all(fd, "\r\n\r\n", 4);
    send_all(fd, body, sizeof(body) - 1);
    read_answer(fd);
    free(trace);
}

static void do_print(int fd, const char *argument)
{
    printf("%s\n", argument);
    fflush(stdout);
    respond(fd, "\"printed\"");
}

/* As many bytes of lines, then it answers; for ever with "flood". */
static void do_flood(int fd, const char *argument)
{
    char lines[CHUNK_BYTES];
    long left = strtol(argument, NULL, 10);
    bool is_endless = left == 0;
    memset(lines, 'x', sizeof(lines));
    for (size_t i = 63; i < sizeof(lines); i += 64)
        lines[i] = '\n';
    while (is_endless || left > 0) {
        size_t step = is_endless || left > CHUNK_BYTES ? CHUNK_BYTES : (size_t)left;
        ssize_t written = write(STDOUT_FILENO, lines, step);
        if (written < 0)
            fail("write");
        left -= written;
    }
    respond(fd, "\"flooded\"");
}

/* On a connection of its own, as it is closed behind the refusal. */
static void do_large(int fd, const char *argument)
{
    static char bytes[LARGE_BYTES];
    char head[512];
    (void)argument;
    fd = connect_api();
    memset(bytes, '1', sizeof(bytes));
    int len = snprintf(head, sizeof(head),
                       "POST " ROOT "/invocation/%s/response HTTP/1.1\r\nHost: api\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       id, sizeof(bytes));
    send_all(fd, head, (size_t)len);
    if (read_answer(fd) != 413)
        fail("no 413");
    close(fd);
}

/* A result that breaks off, while the process lives on. */
static void do_break(int fd, const char *argument)
{
    char head[512];
    int len = snprintf(head, sizeof(head),
                       "POST " ROOT "/invocation/%s/response HTTP/1.1\r\nHost: api\r\n"
                       "Content-Length: 1000\r\n\r\nhalf",
                       id);
    send_all(fd, head, (size_t)len);
    close(fd);
    do_hang(fd, argument);
}

static void do_write(int fd, const char *argument)
{
    int file = open(temporary(argument), O_WRONLY | O_CREAT, 0600);
    respond(fd, file >= 0 ? "\"written\"" : strerror(errno));
    close(file);
}

static void do_has(int fd, const char *argument)
{
    respond(fd, access(temporary(argument), F_OK) == 0 ? "true" : "false");
}

static void do_environment(int fd, const char *argument)
{
    respond(fd, getenv(argument) != NULL ? getenv(argument) : "");
}

/* Connections that stay open and say nothing. */
static void do_connect(int fd, const char *argument)
{
    for (long left = strtol(argument, NULL, 10); left > 0; left--)
        connect_api();
    respond(fd, "\"connected\"");
}

static void do_uid(int fd, const char *argument)
{
    char text[64];
    (void)argument;
    snprintf(text, sizeof(text), "%d", (int)getuid());
    respond(fd, text);
}

/* A child of its own, which outlives it unless somebody looks after it. */
static void do_fork(int fd, const char *argument)
{
    char text[32];
    (void)argument;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        for (;;)
            pause();
    }
    snprintf(text, sizeof(text), "%d", (int)child);
    respond(fd, text);
}

static const struct {
    const char *word;
    void (*run)(int fd, const char *argument);
} deeds[] = {
    {"echo", do_echo},
    {"pid", do_pid},
    {"count", do_count},
    {"sleep", do_sleep},
    {"exit", do_exit},
    {"signal", do_signal},
    {"leave", do_leave},
    {"hang", do_hang},
    {"error", do_error},
    {"print", do_print},
    {"flood", do_flood},
    {"large", do_large},
    {"break", do_break},
    {"write", do_write},
    {"has", do_has},
    {"fork", do_fork},
    {"environment", do_environment},
    {"connect", do_connect},
    {"uid", do_uid},
    {"trace", do_trace},
};

static void do_event(int fd)
{
    char text[MESSAGE_BYTES];
    snprintf(text, sizeof(text), "%s", event);
    char *argument = strchr(text, ' ');
    if (argument != NULL)
        *argument++ = '\0';
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (strcmp(deeds[i].word, text) == 0) {
            deeds[i].run(fd, argument != NULL ? argument : "");
            return;
        }
    }
    respond(fd, "\"what?\"");
}

static void serve(void)
{
    static const char next[] = "GET " ROOT "/invocation/next HTTP/1.1\r\nHost: api\r\n\r\n";
    int fd = connect_api();
    for (;;) {
        send_all(fd, next, sizeof(next) - 1);
        if (read_answer(fd) != 200)
            fail("next");
        events++;
        do_event(fd);
    }
}

/* ---- how it starts ---- */

static bool is_first(void)
{
    int file = open(temporary("was-started"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0)
        return false;
    close(file);
    return true;
}

static void start(const char *how)
{
    if (strcmp(how, "exits") == 0)
        exit(7);
    if (strcmp(how, "exits-first") == 0 && is_first())
        exit(7);
    if (strcmp(how, "hangs") == 0 || (strcmp(how, "hangs-first") == 0 && is_first()))
        do_hang(-1, "in its start");
    if (strcmp(how, "fails") == 0) {
        post(connect_api(), "/init/error", "{\"errorType\":\"Fake.Init\",\"errorMessage\":\"no\"}");
        exit(1);
    }
    if (strcmp(how, "stubborn") == 0)
        signal(SIGTERM, SIG_IGN);
    if (strcmp(how, "prints") == 0) {
        printf("starting\n");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    start(argc > 1 ? argv[1] : "");
    serve();
}
