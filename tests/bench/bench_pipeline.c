/*
 * Images per second of the whole pipeline (webhook, queue, S3 GET, sandboxed render, S3 PUT)
 * against the dev store, as a ratio to a bare loop that renders the same pictures from memory with
 * the same code in as many processes as there are workers, without sandbox, store or queue. Rounds
 * are interleaved. Then the memory that daemon and workers took.
 *
 *   bench_pipeline ONPUT PHOTO-FOLDER [COPIES]
 */
#include "bench.h"

#include <dirent.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/memory.h"
#include "onput/thumbnail.h"
#include "world.h"

enum { MAX_PHOTOS = 64, ROUNDS = 3, OUTPUT_BYTES = 64 * 1024 * 1024 };

#define RENDITIONS_YAML                                                                            \
    "[{name: large, width: 1600, height: 1600}, {name: medium, width: 800, height: 800}, "         \
    "{name: small, width: 200, height: 200}]"

static const struct rendition renditions[] = {
    {.name = "large", .width = 1600, .height = 1600, .format = IMAGE_FORMAT_JPEG},
    {.name = "medium", .width = 800, .height = 800, .format = IMAGE_FORMAT_JPEG},
    {.name = "small", .width = 200, .height = 200, .format = IMAGE_FORMAT_JPEG},
};

struct photos {
    struct buffer bytes[MAX_PHOTOS];
    size_t count;
};

static void load_photos(struct photos *p, const char *folder)
{
    struct error err = {0};
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL && p->count < MAX_PHOTOS) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcasecmp(dot, ".jpg") != 0)
            continue;
        AUTO_FREE char *path = xasprintf("%s/%s", folder, entry->d_name);
        buffer_init(&p->bytes[p->count], 64 * 1024 * 1024);
        bench_must(file_read(path, &p->bytes[p->count++], &err), &err);
    }
    if (dir != NULL)
        closedir(dir);
    if (p->count == 0) {
        fprintf(stderr, "bench: there are no .jpg files in %s\n", folder);
        exit(1);
    }
}

/* ---- the bare loop: a process of its own that takes numbers from a shared counter ---- */

static int bare_main(const char *folder, int total)
{
    static struct photos photos;
    struct error err = {0};
    uint8_t *output = xmalloc(OUTPUT_BYTES);
    atomic_int *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
    load_photos(&photos, folder);
    bench_must(thumbnail_start(&err), &err);
    bench_must(thumbnail_warm_up(&err), &err);
    if (write(1, "r", 1) != 1)
        return 1;
    int n;
    while ((n = atomic_fetch_add(next, 1)) < total) {
        struct text input = buffer_text(&photos.bytes[(size_t)n % photos.count]);
        struct render_job job = {.id = 1,
                                 .input_bytes = input.len,
                                 .limits = image_limits_default(),
                                 .rendition_count = ARRAY_LEN(renditions)};
        struct render_result result;
        memcpy(job.renditions, renditions, sizeof(renditions));
        bench_must(thumbnail_render(&job, input, output, OUTPUT_BYTES, &result, &err), &err);
    }
    return 0;
}

/* Counts from the moment when all processes are ready; what the first did until then is left out.
 */
static double bare_rate(const char *self, const char *folder, int total, int processes)
{
    extern char **environ;
    struct memfd shared;
    struct error err = {0};
    int ready[2];
    pid_t pids[16];
    char number[16];
    snprintf(number, sizeof(number), "%d", total);
    bench_must(memfd_create_fixed("bench-counter", 4096, &shared, &err), &err);
    atomic_int *next = (atomic_int *)(void *)shared.map;
    atomic_store(next, 0);
    if (pipe(ready) < 0)
        abort();
    char *argv[] = {xstrdup(self), xstrdup("--bare"), xstrdup(folder), number, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, shared.fd, 3);
    posix_spawn_file_actions_adddup2(&actions, ready[1], 1);
    for (int i = 0; i < processes; i++) {
        if (posix_spawn(&pids[i], self, &actions, NULL, argv, environ) != 0)
            abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    free(argv[0]);
    free(argv[1]);
    free(argv[2]);
    close(ready[1]);
    char byte;
    for (int i = 0; i < processes; i++) {
        if (read(ready[0], &byte, 1) != 1)
            exit(1);
    }
    int64_t start = clock_now_ns();
    int begun = atomic_load(next); /* what was rendered while the others came up */
    for (int i = 0; i < processes; i++)
        waitpid(pids[i], NULL, 0);
    double seconds = (double)(clock_now_ns() - start) / 1e9;
    close(ready[0]);
    memfd_release(&shared);
    return (double)(total - begun) / seconds;
}

/* Of the bare loops that have ended; their start and warm-up included. */
static long bare_cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* ---- the pipeline ---- */

static void nap(long ms)
{
    struct timespec t = {.tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

/* Milliseconds of CPU per image in each process, over all rounds. */
struct spent {
    long daemon, workers, store;
};

static struct spent cpu_now(const struct world *w)
{
    return (struct spent){process_cpu_ms(w->daemon_pid), children_cpu_ms(w->daemon_pid),
                          process_cpu_ms(w->store_pid)};
}

static double pipeline_rate(struct world *w, const struct photos *p, int copies, int round)
{
    int total = (int)p->count * copies;
    int64_t before = world_finished(w, "done");
    int64_t start = clock_now_ns();
    for (int i = 0; i < total; i++) {
        AUTO_FREE char *key = xasprintf("photo-%d.jpg", i);
        world_notify(w, key, (int64_t)round * 1000000 + i);
    }
    while (world_finished(w, "done") - before < total) {
        if (world_finished(w, "dead") > 0) {
            fprintf(stderr, "bench: an invocation failed\n");
            exit(1);
        }
        nap(20);
    }
    return (double)total / ((double)(clock_now_ns() - start) / 1e9);
}

static void upload(struct world *w, const struct photos *p, int copies)
{
    for (int i = 0; i < (int)p->count * copies; i++) {
        AUTO_FREE char *key = xasprintf("photo-%d.jpg", i);
        world_put(w, key, buffer_text(&p->bytes[(size_t)i % p->count]));
    }
}

int main(int argc, char **argv)
{
    static struct photos photos;
    int64_t copies = 4;
    struct error err = {0};
    struct world world;
    if (argc == 4 && strcmp(argv[1], "--bare") == 0)
        return bare_main(argv[2], (int)strtol(argv[3], NULL, 10));
    if (argc < 3) {
        fprintf(stderr, "usage: bench_pipeline ONPUT PHOTO-FOLDER [COPIES]\n");
        return 2;
    }
    if (argc > 3)
        bench_must(text_to_i64(text_of(argv[3]), 1, 1000, "copies", &copies, &err), &err);
    int processes = (int)sysconf(_SC_NPROCESSORS_ONLN);
    processes = processes > 16 ? 16 : processes;
    load_photos(&photos, argv[2]);
    world_start(&world, argv[1], RENDITIONS_YAML);
    upload(&world, &photos, (int)copies);
    double bare[ROUNDS], pipeline[ROUNDS], ratio[ROUNDS];
    struct spent before = cpu_now(&world);
    printf("images per second, %zu photos x %d, 3 renditions, %d processes\n", photos.count,
           (int)copies, processes);
    printf("%6s %12s %12s %8s\n", "round", "pipeline", "bare loop", "ratio");
    for (int i = 0; i < ROUNDS; i++) {
        bare[i] = bare_rate("/proc/self/exe", argv[2], (int)photos.count * (int)copies, processes);
        pipeline[i] = pipeline_rate(&world, &photos, (int)copies, i);
        ratio[i] = pipeline[i] / bare[i];
        printf("%6d %12.2f %12.2f %8.2f\n", i + 1, pipeline[i], bare[i], ratio[i]);
    }
    printf("%6s %12.2f %12.2f %8.2f\n", "median", bench_median(pipeline, ROUNDS),
           bench_median(bare, ROUNDS), bench_median(ratio, ROUNDS));
    struct spent now = cpu_now(&world);
    double images = (double)photos.count * (double)copies * ROUNDS;
    printf("\nCPU per image, ms: workers %.1f, daemon %.1f, dev store %.1f; bare loop %.1f\n",
           (double)(now.workers - before.workers) / images,
           (double)(now.daemon - before.daemon) / images,
           (double)(now.store - before.store) / images, (double)bare_cpu_ms() / images);
    printf("\nresident memory, MiB: daemon now %.1f, peak %.1f; largest worker peak %.1f\n",
           (double)process_kib(world.daemon_pid, "VmRSS:") / 1024,
           (double)process_kib(world.daemon_pid, "VmHWM:") / 1024,
           (double)children_kib(world.daemon_pid, "VmHWM:") / 1024);
    world_stop(&world);
    for (size_t i = 0; i < photos.count; i++)
        buffer_release(&photos.bytes[i]);
    return 0;
}
