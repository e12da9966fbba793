/*
 * The benchmark's world: processes, their ports, and what is asked of them.
 */
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "onput/devstore.h"
#include "onput/fd.h"
#include "onput/memory.h"

#define ACCESS_KEY "bench-access"
#define SECRET_KEY "bench-secret-bench-secret"
#define TOKEN      "bench-webhook-token-0123456789"

/* The store runs in a child that is forked before this process has threads. */
static void start_store(struct world *w)
{
    int fds[2];
    if (pipe(fds) < 0)
        abort();
    w->store_pid = fork();
    if (w->store_pid == 0) {
        struct error err = {0};
        struct devstore *store;
        AUTO_FREE char *directory = xasprintf("%s/store", w->directory);
        struct devstore_options options = {
            .directory = directory, .access_key = ACCESS_KEY, .secret_key = SECRET_KEY};
        bench_must(devstore_start(&options, &store, &err), &err);
        dprintf(fds[1], "%s\n", devstore_endpoint(store));
        for (;;)
            pause();
    }
    close(fds[1]);
    FILE *in = fdopen(fds[0], "r");
    if (in == NULL || fgets(w->endpoint, sizeof(w->endpoint), in) == NULL)
        exit(1);
    w->endpoint[strcspn(w->endpoint, "\n")] = '\0';
    fclose(in);
}

static char *write_config(struct world *w, const char *renditions_yaml)
{
    char *path = xasprintf("%s/onput.yaml", w->directory);
    AUTO_FREE char *yaml = xasprintf(
        "listen: {port: 0}\nadmin: {port: 0}\nstate: {dir: \"%s/state\"}\nlog: {level: warn}\n"
        "stores:\n  bench:\n    endpoint: %s\n    access_key: %s\n    secret_key: %s\n"
        "    webhook_token: %s\n    notifications: [{bucket: photos, function: thumbs}]\n"
        "functions:\n  thumbs:\n    builtin: thumbnail\n    renditions: %s\n"
        "    output: {bucket: thumbnails}\n"
        "    permissions: [{principal: s3.amazonaws.com, source_arn: \"arn:aws:s3:::photos\"}]\n",
        w->directory, w->endpoint, ACCESS_KEY, SECRET_KEY, TOKEN, renditions_yaml);
    struct error err = {0};
    bench_must(file_write_atomic(path, text_of(yaml), 0600, &err), &err);
    return path;
}

/* The ports stand in the block that the daemon prints; "ready" ends it. */
static void read_start_block(struct world *w, FILE *in)
{
    char line[512];
    while (fgets(line, sizeof(line), in) != NULL && strcmp(line, "ready\n") != 0) {
        const char *at = strstr(line, "http://127.0.0.1:");
        if (at != NULL && strstr(line, "webhooks:") != NULL)
            w->port = (unsigned)strtoul(at + strlen("http://127.0.0.1:"), NULL, 10);
        if (at != NULL && strstr(line, "admin:") != NULL)
            w->admin_port = (unsigned)strtoul(at + strlen("http://127.0.0.1:"), NULL, 10);
    }
    if (w->port == 0 || w->admin_port == 0) {
        fprintf(stderr, "bench: onput serve did not start: %s\n", line);
        exit(1);
    }
}

static void start_daemon(struct world *w, const char *onput, const char *renditions_yaml)
{
    int fds[2];
    AUTO_FREE char *config = write_config(w, renditions_yaml);
    if (pipe(fds) < 0)
        abort();
    w->daemon_pid = fork();
    if (w->daemon_pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        execl(onput, onput, "serve", "--config", config, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    FILE *in = fdopen(fds[0], "r");
    read_start_block(w, in);
    /* What it logs from now on is read by nobody: the pipe must not fill up. */
    fcntl(fds[0], F_SETPIPE_SZ, 1024 * 1024);
}

static void open_clients(struct world *w)
{
    struct error err = {0};
    struct storage_options storage = {.endpoint = w->endpoint, .region = "us-east-1"};
    struct http_client_options http = {.user_agent = "bench"};
    bench_must(storage_new(&storage, &w->storage, &err), &err);
    bench_must(storage_session_new(w->storage, NULL, &w->session, &err), &err);
    bench_must(http_client_new(&http, &w->http, &err), &err);
    w->credentials = credentials_new_static(
        &(struct credentials_static_options){.access_key = ACCESS_KEY, .secret_key = SECRET_KEY});
    bench_must(storage_create_bucket(w->session, w->credentials, TEXT("photos"), &err), &err);
    bench_must(storage_create_bucket(w->session, w->credentials, TEXT("thumbnails"), &err), &err);
}

void world_start(struct world *w, const char *onput, const char *renditions_yaml)
{
    struct error err = {0};
    *w = (struct world){0};
    bench_must(dir_make_temporary("onput-bench-", &w->directory, &err), &err);
    start_store(w);
    start_daemon(w, onput, renditions_yaml);
    open_clients(w);
}

void world_stop(struct world *w)
{
    struct error err = {0};
    http_client_free(w->http);
    storage_session_free(w->session);
    storage_free(w->storage);
    credentials_free(w->credentials);
    kill(w->daemon_pid, SIGTERM);
    waitpid(w->daemon_pid, NULL, 0);
    kill(w->store_pid, SIGKILL);
    waitpid(w->store_pid, NULL, 0);
    bench_must(dir_remove(w->directory, &err), &err);
    free(w->directory);
}

void world_put(struct world *w, const char *key, struct text body)
{
    struct error err = {0};
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct storage_object object = {TEXT("photos"), text_of(key), TEXT("")};
    struct storage_put_options options = {
        .content_type = TEXT("image/jpeg"), .cache_control = TEXT(""), .tagging = TEXT("")};
    bench_must(storage_put(w->session, w->credentials, &object, body, &options, &arena, NULL, &err),
               &err);
}

void world_notify(struct world *w, const char *key, int64_t serial)
{
    struct error err = {0};
    struct http_reply reply = {0};
    AUTO_FREE char *url = xasprintf("http://127.0.0.1:%u/events/bench", w->port);
    AUTO_FREE char *body =
        xasprintf("{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\","
                  "\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"photos\"},"
                  "\"object\":{\"key\":\"%s\",\"sequencer\":\"%016llX\"}}}]}",
                  key, (unsigned long long)serial);
    const struct http_header headers[] = {{TEXT("Authorization"), TEXT("Bearer " TOKEN)},
                                          {TEXT("Content-Type"), TEXT("application/json")}};
    struct http_call call = {.method = "POST",
                             .url = url,
                             .headers = headers,
                             .header_count = ARRAY_LEN(headers),
                             .body = text_of(body),
                             .max_body_bytes = 65536};
    bench_must(http_client_perform(w->http, &call, &reply, &err), &err);
    if (reply.status != 200) {
        fprintf(stderr, "bench: the webhook answers %d: %s\n", reply.status, reply.body.data);
        exit(1);
    }
    http_reply_release(&reply);
}

int64_t world_finished(struct world *w, const char *status)
{
    struct error err = {0};
    struct http_reply reply = {0};
    AUTO_FREE char *url = xasprintf("http://127.0.0.1:%u/metrics", w->admin_port);
    AUTO_FREE char *series =
        xasprintf("\nonput_invocations_total{function=\"thumbs\",status=\"%s\"} ", status);
    struct http_call call = {
        .method = "GET", .url = url, .body = TEXT(""), .max_body_bytes = 1024 * 1024};
    bench_must(http_client_perform(w->http, &call, &reply, &err), &err);
    const char *at = strstr(reply.body.data, series);
    int64_t value = at == NULL ? 0 : strtoll(at + strlen(series), NULL, 10);
    http_reply_release(&reply);
    return value;
}

long process_kib(pid_t pid, const char *field)
{
    AUTO_BUFFER struct buffer status;
    struct error err = {0};
    AUTO_FREE char *path = xasprintf("/proc/%d/status", pid);
    buffer_init(&status, 65536);
    if (file_read(path, &status, &err) < 0)
        return 0;
    const char *at = strstr(status.data, field);
    return at == NULL ? 0 : strtol(at + strlen(field), NULL, 10);
}

long process_cpu_ms(pid_t pid)
{
    AUTO_BUFFER struct buffer stat;
    struct error err = {0};
    AUTO_FREE char *path = xasprintf("/proc/%d/stat", pid);
    buffer_init(&stat, 65536);
    if (file_read(path, &stat, &err) < 0)
        return 0;
    struct text rest = text_of(strrchr(stat.data, ')') + 2); /* from field 3 on */
    for (int field = 3; field < 14; field++)
        text_cut(&rest, ' ');
    char *end;
    long user = strtol(rest.ptr, &end, 10);
    return (user + strtol(end, NULL, 10)) * 1000 / sysconf(_SC_CLK_TCK);
}

/* Visits the process's children. */
static void for_each_child(pid_t parent, void (*visit)(pid_t child, void *ctx), void *ctx)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && process_kib(pid, "PPid:") == parent)
            visit(pid, ctx);
    }
    if (proc != NULL)
        closedir(proc);
}

static void add_cpu(pid_t child, void *ctx)
{
    *(long *)ctx += process_cpu_ms(child);
}

long children_cpu_ms(pid_t parent)
{
    long sum = 0;
    for_each_child(parent, add_cpu, &sum);
    return sum;
}

struct largest {
    const char *field;
    long value;
};

static void keep_largest(pid_t child, void *ctx)
{
    struct largest *l = ctx;
    long value = process_kib(child, l->field);
    l->value = value > l->value ? value : l->value;
}

long children_kib(pid_t parent, const char *field)
{
    struct largest l = {.field = field};
    for_each_child(parent, keep_largest, &l);
    return l.value;
}
