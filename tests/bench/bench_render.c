/*
 * bench_render.c - CPU time and memory of rendering photographs, against libvips used plainly.
 *
 *   bench_render FOLDER [ROUNDS]
 *
 * Each way runs in a process of its own, over the same files in memory: "onput" is
 * thumbnail_render(); "libvips" is one vips_thumbnail_buffer() and one vips_jpegsave_buffer() per
 * rendition with the operation cache off and one thread, as servers run it, run-time compiler on.
 */
#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vips/vips.h>

#include "onput/fd.h"
#include "onput/memory.h"
#include "onput/thumbnail.h"

enum { FILES_MAX = 100, FILE_MAX_BYTES = 64 << 20, OUTPUT_BYTES = 64 << 20, ROUNDS = 3 };

struct files {
    struct buffer content[FILES_MAX];
    char names[FILES_MAX][256];
    size_t count;
};

struct job {
    const char *label;
    uint32_t edges[4];
    uint32_t count;
};

struct measured {
    double best_ms[FILES_MAX]; /* CPU, by file */
    long peak_kib;
};

typedef void (*render_fn)(const struct job *job, struct text input);

static double cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void fail(const char *message)
{
    fprintf(stderr, "bench_render: %s\n", message);
    exit(1);
}

static void read_files(const char *folder, struct files *files)
{
    struct error err = {0};
    DIR *dir = opendir(folder);
    if (!dir)
        fail("cannot read the folder");
    for (struct dirent *e; (e = readdir(dir)) && files->count < FILES_MAX;) {
        char path[4096];
        if (e->d_type != DT_REG)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        snprintf(files->names[files->count], sizeof(files->names[0]), "%s", e->d_name);
        buffer_init(&files->content[files->count], FILE_MAX_BYTES);
        if (file_read(path, &files->content[files->count++], &err) != 0)
            fail(err.message);
    }
    closedir(dir);
}

static void render_onput(const struct job *job, struct text input)
{
    static uint8_t *output;
    struct render_job r = {.limits = image_limits_default(), .rendition_count = job->count};
    struct render_result result;
    struct error err = {0};
    if (!output)
        output = xmalloc(OUTPUT_BYTES);
    for (uint32_t i = 0; i < job->count; i++)
        r.renditions[i] = (struct rendition){.width = job->edges[i],
                                             .height = job->edges[i],
                                             .format = IMAGE_FORMAT_JPEG,
                                             .background = 0xffffff};
    if (thumbnail_render(&r, input, output, OUTPUT_BYTES, &result, &err) != 0)
        fail(err.message);
}

static void render_libvips(const struct job *job, struct text input)
{
    for (uint32_t i = 0; i < job->count; i++) {
        VipsImage *image = NULL;
        void *bytes = NULL;
        size_t len;
        int edge = (int)job->edges[i];
        if (vips_thumbnail_buffer((void *)(uintptr_t)input.ptr, input.len, &image, edge, "height",
                                  edge, "size", VIPS_SIZE_DOWN, NULL) != 0 ||
            vips_jpegsave_buffer(image, &bytes, &len, "Q", 80, "optimize_coding", TRUE, "strip",
                                 TRUE, NULL) != 0)
            fail(vips_error_buffer());
        g_object_unref(image);
        g_free(bytes);
    }
}

static void start_onput(void)
{
    struct error err = {0};
    if (thumbnail_start(&err) != 0)
        fail(err.message);
}

static void start_libvips(void)
{
    mallopt(M_ARENA_MAX, 1);
    if (VIPS_INIT("bench_render") != 0)
        fail(vips_error_buffer());
    vips_concurrency_set(1);
    vips_cache_set_max(0);
}

static void measure_here(const struct job *job, const struct files *files, int rounds,
                         render_fn render, struct measured *m)
{
    struct rusage u;
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < files->count; i++) {
            double start = cpu_ms();
            render(job, buffer_text(&files->content[i]));
            double spent = cpu_ms() - start;
            if (round == 0 || spent < m->best_ms[i])
                m->best_ms[i] = spent;
        }
    }
    getrusage(RUSAGE_SELF, &u);
    m->peak_kib = u.ru_maxrss;
}

static struct measured measure(const struct job *job, const struct files *files, int rounds,
                               void (*start)(void), render_fn render)
{
    struct measured m = {0};
    int ends[2];
    if (pipe(ends) != 0)
        fail("cannot make a pipe");
    pid_t child = fork();
    if (child == 0) {
        start();
        measure_here(job, files, rounds, render, &m);
        _exit(write(ends[1], &m, sizeof(m)) == (ssize_t)sizeof(m) ? 0 : 1);
    }
    close(ends[1]);
    int status = 0;
    if (read(ends[0], &m, sizeof(m)) != (ssize_t)sizeof(m) || waitpid(child, &status, 0) != child)
        fail("a measuring process failed");
    close(ends[0]);
    return m;
}

static void print_job(const struct job *job, const struct files *files, int rounds)
{
    struct measured ours = measure(job, files, rounds, start_onput, render_onput);
    struct measured plain = measure(job, files, rounds, start_libvips, render_libvips);
    double our_sum = 0, plain_sum = 0;
    printf("\n%s\n%-34s %9s %9s %7s\n", job->label, "CPU ms, best of rounds", "onput", "libvips",
           "ratio");
    for (size_t i = 0; i < files->count; i++) {
        printf("%-34s %9.1f %9.1f %7.2f\n", files->names[i], ours.best_ms[i], plain.best_ms[i],
               ours.best_ms[i] / plain.best_ms[i]);
        our_sum += ours.best_ms[i];
        plain_sum += plain.best_ms[i];
    }
    printf("%-34s %9.1f %9.1f %7.2f\n", "mean", our_sum / (double)files->count,
           plain_sum / (double)files->count, our_sum / plain_sum);
    printf("%-34s %9.1f %9.1f\n", "peak MiB, files in memory included",
           (double)ours.peak_kib / 1024, (double)plain.peak_kib / 1024);
}

int main(int argc, char **argv)
{
    static const struct job jobs[] = {
        {"1600 + 800 + 200 px", {1600, 800, 200}, 3},
        {"256 px", {256}, 1},
    };
    static struct files files;
    if (argc < 2)
        fail("usage: bench_render FOLDER [ROUNDS]");
    read_files(argv[1], &files);
    if (files.count == 0)
        fail("the folder holds no file");
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : ROUNDS;
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        print_job(&jobs[i], &files, rounds);
    return 0;
}
