/*
 * Invocations of a function in a process of its own, a no-op in C: onput's Invoke, signed and with
 * its policy checked, against AWS's aws-lambda-runtime-interface-emulator, which takes anybody's
 * call, has one process, and logs as much. Same function, same load generator, rounds interleaved.
 *
 *     bench_runtime ONPUT NOOP [AWS-LAMBDA-RIE]
 */
#include "bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "onput/buffer.h"
#include "onput/clock.h"
#include "onput/fd.h"
#include "onput/memory.h"
#include "signed.h"

#define PAYLOAD  "{\"bucket\":\"photos\",\"key\":\"2026/11/beach.jpg\"}"
#define RIE_PATH "/2015-03-31/functions/function/invocations"

enum { SECONDS = 3, ROUNDS = 3, PARALLEL = 8, COLD_STARTS = 20, START_S = 20, POLL_US = 2000 };

static const char config_yaml[] =
    "listen: {port: %u}\nadmin: {port: 0}\nstate: {dir: \"%s/state\"}\n"
    "workers: {count: 1, job_threads: %d}\nruntime: {processes: %d}\n"
    "stores: {minio: {endpoint: \"http://127.0.0.1:9000\", access_key: bench-access,\n"
    "    secret_key: bench-secret, webhook_token: bench-webhook-token-0123456789}}\n"
    "users: {bench: {access_key: " SIGNED_ACCESS_KEY ", secret_key: " SIGNED_SECRET_KEY
    ", root: true}}\n"
    "functions:\n";

struct bench {
    const char *onput, *noop, *rie; /* programs; rie may be NULL */
    char *directory;
    pid_t onput_pid, rie_pid;
    uint16_t onput_port, rie_port;
};

/* ---- sockets ---- */

static uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        abort();
    close(fd);
    return ntohs(a.sin_port);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void await_port(uint16_t port, const char *program)
{
    int64_t end = clock_now_ns() + (int64_t)START_S * 1000000000;
    int fd;
    while ((fd = connect_to(port)) < 0) {
        if (clock_now_ns() > end) {
            fprintf(stderr, "bench: %s did not start\n", program);
            exit(1);
        }
        usleep(POLL_US);
    }
    close(fd);
}

/* One call on a connection of its own, in milliseconds. */
static double ask_once(uint16_t port, const struct signed_request *request)
{
    char answer[4096];
    int fd = connect_to(port);
    int64_t start = clock_now_ns();
    if (fd < 0 || write(fd, request->bytes, request->len) != (ssize_t)request->len)
        abort();
    ssize_t n = read(fd, answer, sizeof(answer) - 1);
    double ms = (double)(clock_now_ns() - start) / 1e6;
    answer[n < 0 ? 0 : n] = '\0';
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || strstr(answer, "rror") != NULL) {
        fprintf(stderr, "bench: the function answers %s\n", answer);
        exit(1);
    }
    close(fd);
    return ms;
}

/* ---- programs ---- */

static pid_t start_program(const char *const *argv, const char *log)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(argv[0], (char **)argv);
    _exit(127);
}

static void stop_program(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static void start_onput(struct bench *b)
{
    struct error err = {0};
    AUTO_BUFFER struct buffer yaml;
    AUTO_FREE char *path = xasprintf("%s/onput.yaml", b->directory);
    b->onput_port = free_port();
    buffer_init(&yaml, 65536);
    buffer_appendf(&yaml, config_yaml, b->onput_port, b->directory, PARALLEL,
                   COLD_STARTS + PARALLEL + 1);
    buffer_appendf(&yaml, "  noop: {command: [\"%s\"], directory: /}\n", b->noop);
    for (int i = 0; i < COLD_STARTS; i++)
        buffer_appendf(&yaml, "  cold-%d: {command: [\"%s\"], directory: /}\n", i, b->noop);
    bench_must(file_write_atomic(path, buffer_text(&yaml), 0600, &err), &err);
    const char *argv[] = {b->onput, "serve", "--config", path, NULL};
    b->onput_pid = start_program(argv, "/dev/null");
    await_port(b->onput_port, b->onput);
}

static void start_rie(struct bench *b)
{
    uint16_t api_port = free_port();
    b->rie_port = free_port();
    AUTO_FREE char *address = xasprintf("127.0.0.1:%u", b->rie_port);
    AUTO_FREE char *api = xasprintf("127.0.0.1:%u", api_port);
    const char *argv[] = {b->rie,  "--runtime-interface-emulator-address",
                          address, "--runtime-api-address",
                          api,     b->noop,
                          NULL};
    b->rie_pid = start_program(argv, "/dev/null");
    await_port(api_port, b->rie);
    await_port(b->rie_port, b->rie);
}

/* ---- measurements ---- */

struct figures {
    double per_second[ROUNDS], p50[ROUNDS], p99[ROUNDS];
};

static void measure(uint16_t port, int connections, struct signed_request *request, int round,
                    struct figures *out)
{
    struct load_options options = {.port = port,
                                   .connections = connections,
                                   .seconds = SECONDS,
                                   .write_request = signed_request_write,
                                   .ctx = request};
    struct load_result r = load_run(&options);
    if (r.refused > 0) {
        fprintf(stderr, "bench: %lld calls were refused\n", (long long)r.refused);
        exit(1);
    }
    out->per_second[round] = (double)r.answered / r.seconds;
    out->p50[round] = r.p50_ms;
    out->p99[round] = r.p99_ms;
}

static double print_row(const char *what, int connections, struct figures *f, double base)
{
    double per_second = bench_median(f->per_second, ROUNDS);
    printf("%-26s %11d %9.0f %8.2f %8.2f", what, connections, per_second,
           bench_median(f->p50, ROUNDS), bench_median(f->p99, ROUNDS));
    if (base > 0)
        printf(" %7.1f", per_second / base);
    printf("\n");
    return per_second;
}

static void compare_warm(struct bench *b, struct signed_request *invoke,
                         struct signed_request *unsigned_invoke)
{
    struct figures one = {0}, many = {0}, rie = {0};
    ask_once(b->onput_port, invoke);
    for (int i = 0; i < ROUNDS; i++) {
        if (b->rie != NULL)
            measure(b->rie_port, 1, unsigned_invoke, i, &rie);
        measure(b->onput_port, 1, invoke, i, &one);
        measure(b->onput_port, PARALLEL, invoke, i, &many);
    }
    printf("warm, median of %d rounds of %d s\n", ROUNDS, SECONDS);
    printf("%-26s %11s %9s %8s %8s %7s\n", "", "connections", "per s", "p50 ms", "p99 ms", "ratio");
    double base = b->rie != NULL ? print_row("aws-lambda-rie, unsigned", 1, &rie, 0) : 0;
    print_row("onput, signed", 1, &one, base);
    print_row("onput, signed", PARALLEL, &many, base);
}

static void print_cold(const char *what, double *ms)
{
    double median = bench_median(ms, COLD_STARTS);
    printf("%-26s %9.1f %9.1f\n", what, median, ms[COLD_STARTS - 1]);
}

static void compare_cold(struct bench *b, const struct signed_request *unsigned_invoke)
{
    double onput[COLD_STARTS], rie[COLD_STARTS];
    struct signed_request request;
    for (int i = 0; i < COLD_STARTS; i++) {
        AUTO_FREE char *path = xasprintf("/2015-03-31/functions/cold-%d/invocations", i);
        signed_request_make(path, PAYLOAD, &request);
        onput[i] = ask_once(b->onput_port, &request);
    }
    printf("\ncold, the first of %d functions each\n%-26s %9s %9s\n", COLD_STARTS, "", "median ms",
           "most ms");
    for (int i = 0; b->rie != NULL && i < COLD_STARTS; i++) {
        stop_program(b->rie_pid);
        start_rie(b);
        rie[i] = ask_once(b->rie_port, unsigned_invoke);
    }
    if (b->rie != NULL)
        print_cold("aws-lambda-rie, unsigned", rie);
    print_cold("onput, signed", onput);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct signed_request invoke, unsigned_invoke;
    if (argc < 3) {
        fprintf(stderr, "bench_runtime ONPUT NOOP [AWS-LAMBDA-RIE]\n");
        return 2;
    }
    struct bench b = {.onput = argv[1], .noop = argv[2], .rie = argc > 3 ? argv[3] : NULL};
    bench_must(dir_make_temporary("onput-bench-", &b.directory, &err), &err);
    chmod(b.directory, 0755); /* as root the functions are other users */
    start_onput(&b);
    if (b.rie != NULL)
        start_rie(&b);
    signed_request_make("/2015-03-31/functions/noop/invocations", PAYLOAD, &invoke);
    unsigned_invoke.len =
        (size_t)snprintf(unsigned_invoke.bytes, sizeof(unsigned_invoke.bytes),
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n%s",
                         RIE_PATH, strlen(PAYLOAD), PAYLOAD);
    printf("A no-op in C through the Runtime API\n");
    compare_warm(&b, &invoke, &unsigned_invoke);
    compare_cold(&b, &unsigned_invoke);
    if (b.rie == NULL)
        printf(
            "\nFor the comparison give the path of aws-lambda-rie, too: it is a program of the Go "
            "module\ngithub.com/aws/aws-lambda-runtime-interface-emulator.\n");
    stop_program(b.onput_pid);
    if (b.rie != NULL)
        stop_program(b.rie_pid);
    bench_must(dir_remove(b.directory, &err), &err);
    free(b.directory);
    return 0;
}
