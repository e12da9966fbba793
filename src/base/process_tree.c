/*
 * process_tree.c - see onput/process_tree.h. Nothing here is an error: a process that cannot be
 * looked at has ended. Used by onput-runner, which watches and ends such a tree, and by the
 * runtime, which looks up who a connection comes from.
 */
#include "onput/process_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base_private.h"
#include "onput/fd.h"
#include "onput/memory.h"

enum { PATH_BYTES = 64, STAT_BYTES = 1024, STATUS_BYTES = 16 * 1024 };

/* What /proc/PID/stat says. A process whose first thread ended looks like a zombie, and is none
 * while it has other threads. */
struct process_stat {
    pid_t parent;
    char state;
    long threads;
};

/* The file's start as a string. False when there is none. */
static bool read_start(const char *path, char *out, size_t size)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && len < size - 1) {
        got = read(fd, out + len, size - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
    return got >= 0 && len > 0;
}

static bool read_stat(pid_t pid, struct process_stat *out)
{
    char path[PATH_BYTES], line[STAT_BYTES];
    int parent;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!read_start(path, line, sizeof(line)))
        return false;
    /* The name before it may hold anything. */
    const char *behind_name = strrchr(line, ')');
    if (behind_name == NULL ||
        sscanf(behind_name,
               ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
               &out->state, &parent, &out->threads) != 3)
        return false;
    out->parent = parent;
    return true;
}

/* The number that a directory's entry is, or 0. */
static pid_t entry_pid(const struct dirent *entry)
{
    struct error err;
    uint64_t number = 0;
    if (text_to_u64(text_of(entry->d_name), INT32_MAX, "pid", &number, &err) != 0)
        return 0;
    return (pid_t)number;
}

static bool has_lists_of_children(void)
{
    /* Kernels without CONFIG_PROC_CHILDREN do not have them. */
    return access("/proc/thread-self/children", F_OK) == 0;
}

typedef void found_fn(void *ctx, pid_t pid);

/* The file is a line of numbers, each with a space behind it. */
static void list_children_of_thread(pid_t pid, pid_t thread, found_fn *found, void *ctx)
{
    char path[PATH_BYTES], piece[4096];
    int child = 0;
    ssize_t got;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)thread);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    while ((got = read(fd, piece, sizeof(piece))) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (piece[i] >= '0' && piece[i] <= '9') {
                child = child * 10 + (piece[i] - '0');
            } else {
                found(ctx, child);
                child = 0;
            }
        }
    }
    found(ctx, child);
}

static void list_children(pid_t pid, found_fn *found, void *ctx)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        return;
    for (struct dirent *e = readdir(threads); e != NULL; e = readdir(threads)) {
        pid_t thread = entry_pid(e);
        if (thread > 0)
            list_children_of_thread(pid, thread, found, ctx);
    }
    closedir(threads);
}

static bool holds(const struct process_tree *tree, pid_t pid)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->pids[i] == pid)
            return true;
    }
    return false;
}

static void add(void *ctx, pid_t pid)
{
    struct process_tree *tree = ctx;
    if (pid <= 0 || pid == tree->root)
        return;
    if (tree->count == PROCESS_TREE_MAX)
        tree->is_cut = true;
    else
        tree->pids[tree->count++] = pid;
}

struct kinship {
    pid_t pid;
    pid_t parent;
};

static struct kinship *read_all_processes(size_t *out_count)
{
    struct kinship *all = NULL;
    size_t count = 0, capacity = 0;
    DIR *processes = opendir("/proc");
    *out_count = 0;
    if (processes == NULL)
        return NULL;
    for (struct dirent *e = readdir(processes); e != NULL; e = readdir(processes)) {
        struct process_stat stat;
        pid_t pid = entry_pid(e);
        if (pid <= 0 || !read_stat(pid, &stat))
            continue;
        if (count == capacity) {
            capacity = capacity == 0 ? 256 : capacity * 2;
            all = xrealloc_array(all, capacity, sizeof(*all));
        }
        all[count++] = (struct kinship){pid, stat.parent};
    }
    closedir(processes);
    *out_count = count;
    return all;
}

static void start(struct process_tree *out, pid_t root)
{
    out->root = root;
    out->count = 0;
    out->is_cut = false;
}

void process_tree_read_by_parents(pid_t root, struct process_tree *out)
{
    size_t count;
    struct kinship *all = read_all_processes(&count);
    pid_t parent = root;
    start(out, root);
    for (size_t next = 0;; next++) {
        for (size_t i = 0; i < count; i++) {
            /* Numbers may be used again while we look, and a circle would have no end. */
            if (all[i].parent == parent && !holds(out, all[i].pid))
                add(out, all[i].pid);
        }
        if (next == out->count)
            break;
        parent = out->pids[next];
    }
    free(all);
}

void process_tree_read(pid_t root, struct process_tree *out)
{
    if (!has_lists_of_children()) {
        process_tree_read_by_parents(root, out);
        return;
    }
    start(out, root);
    list_children(root, add, out);
    for (size_t i = 0; i < out->count; i++)
        list_children(out->pids[i], add, out);
}

/* The number behind a name in the text of a status file, or 0. */
static uint64_t status_number(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10);
}

static uint64_t status_bytes(const char *status)
{
    return 1024 * (status_number(status, "\nRssAnon:") + status_number(status, "\nRssShmem:") +
                   status_number(status, "\nVmSwap:"));
}

/* Of a process whose first thread ended, the others know. */
static uint64_t bytes_of_threads(pid_t pid)
{
    char path[PATH_BYTES], status[STATUS_BYTES];
    uint64_t bytes = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        return 0;
    for (struct dirent *e = readdir(threads); e != NULL && bytes == 0; e = readdir(threads)) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)entry_pid(e));
        if (entry_pid(e) > 0 && read_start(path, status, sizeof(status)))
            bytes = status_bytes(status);
    }
    closedir(threads);
    return bytes;
}

static uint64_t bytes_of(pid_t pid, size_t *out_tasks)
{
    char path[PATH_BYTES], status[STATUS_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    *out_tasks = 0;
    if (!read_start(path, status, sizeof(status)))
        return 0;
    uint64_t bytes = status_bytes(status);
    size_t tasks = (size_t)status_number(status, "\nThreads:");
    *out_tasks = tasks > 0 ? tasks : 1;
    return bytes == 0 && tasks > 1 ? bytes_of_threads(pid) : bytes;
}

struct process_tree_usage process_tree_look(const struct process_tree *tree)
{
    struct process_tree_usage sum = {0};
    for (size_t i = 0; i < tree->count; i++) {
        size_t tasks;
        sum.bytes += bytes_of(tree->pids[i], &tasks);
        sum.tasks += tasks;
    }
    return sum;
}

uint64_t process_tree_memory(const struct process_tree *tree)
{
    return process_tree_look(tree).bytes;
}

/* The kernel divides each page by the number of those who have it. */
static bool read_shares(pid_t pid, uint64_t *out_bytes)
{
    char path[PATH_BYTES], rollup[STATUS_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    if (!read_start(path, rollup, sizeof(rollup)) || strstr(rollup, "\nPss_Anon:") == NULL)
        return false;
    *out_bytes =
        1024 * (status_number(rollup, "\nPss_Anon:") + status_number(rollup, "\nPss_Shmem:") +
                status_number(rollup, "\nSwapPss:"));
    return true;
}

uint64_t process_tree_memory_shared(const struct process_tree *tree)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tree->count; i++) {
        uint64_t bytes = 0;
        if (!read_shares(tree->pids[i], &bytes))
            bytes = bytes_of(tree->pids[i], &(size_t){0});
        sum += bytes;
    }
    return sum;
}

static bool should_get(const struct process_tree *tree, const struct process_stat *stat, int signal)
{
    if ((stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1)
        return false;
    if (signal == SIGSTOP && stat->state == 'T')
        return false;
    return stat->parent == tree->root || holds(tree, stat->parent);
}

/* The descriptor keeps meaning the process that was looked at, whoever has its number later. */
static bool signal_one(const struct process_tree *tree, pid_t pid, int signal)
{
    struct process_stat stat;
    AUTO_CLOSE int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0 && errno == ESRCH)
        return false;
    if (!read_stat(pid, &stat) || !should_get(tree, &stat, signal))
        return false;
    /* Out of descriptors, or an old container's filter. */
    if (pidfd < 0)
        return kill(pid, signal) == 0;
    return pidfd_send_signal(pidfd, signal, NULL, 0) == 0;
}

size_t process_tree_signal(const struct process_tree *tree, int signal)
{
    size_t count = 0;
    for (size_t i = 0; i < tree->count; i++)
        count += signal_one(tree, tree->pids[i], signal) ? 1 : 0;
    return count;
}

enum { SWEEP_MAX = 1 << 22 }; /* no kernel has more numbers */

struct sweep {
    int signal;
    pid_t *pids;
    size_t count, capacity;
};

/* Right after it was seen, a number cannot belong to another process. */
static void sweep_one(void *ctx, pid_t pid)
{
    struct sweep *s = ctx;
    if (pid <= 0 || s->count == SWEEP_MAX)
        return;
    kill(pid, s->signal);
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 256 : s->capacity * 2;
        s->pids = xrealloc_array(s->pids, s->capacity, sizeof(*s->pids));
    }
    s->pids[s->count++] = pid;
}

static size_t sweep_by_parents(pid_t root, int signal)
{
    struct process_tree tree;
    process_tree_read_by_parents(root, &tree);
    process_tree_signal(&tree, signal);
    return tree.count;
}

size_t process_tree_sweep(pid_t root, int signal)
{
    struct sweep s = {.signal = signal};
    if (!has_lists_of_children())
        return sweep_by_parents(root, signal);
    list_children(root, sweep_one, &s);
    for (size_t i = 0; i < s.count; i++)
        list_children(s.pids[i], sweep_one, &s);
    free(s.pids);
    return s.count;
}

static bool has_socket(pid_t pid, const char *link)
{
    char path[PATH_BYTES], target[PATH_BYTES];
    bool found = false;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    if (fds == NULL)
        return false;
    for (struct dirent *e = readdir(fds); e != NULL && !found; e = readdir(fds)) {
        ssize_t len = readlinkat(dirfd(fds), e->d_name, target, sizeof(target));
        found = len == (ssize_t)strlen(link) && memcmp(target, link, (size_t)len) == 0;
    }
    closedir(fds);
    return found;
}

bool process_tree_has_socket(const struct process_tree *tree, uint64_t inode)
{
    char link[PATH_BYTES];
    snprintf(link, sizeof(link), "socket:[%llu]", (unsigned long long)inode);
    for (size_t i = 0; i < tree->count; i++) {
        if (has_socket(tree->pids[i], link))
            return true;
    }
    return false;
}
