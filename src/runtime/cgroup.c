/*
 * cgroup.c - a control group (version 2) for each process, below the daemon's own group:
 *
 *   <own>/onput-daemon   the daemon and its workers: a group with controllers holds no processes
 *   <own>/function-<i>   the process in place i, which its runner puts there
 *
 * Only in a group that is ours alone: a service with Delegate=yes, or a container that may write
 * its groups. Everywhere else the runner's own limits have to do. instance.c uses it.
 *
 * Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "onput/clock.h"
#include "onput/fd.h"
#include "onput/log.h"
#include "onput/memory.h"
#include "runtime_private.h"

enum {
    FILE_MAX_BYTES = 256 * 1024,
    CPU_PERIOD_US = 100000,
    MOVE_ROUNDS = 20, /* workers that start meanwhile */
    REMOVE_TRIES = 50,
    REMOVE_PAUSE_MS = 4,
};

static const char mount_point[] = "/sys/fs/cgroup";
static const char daemon_group[] = "onput-daemon";

struct cgroups {
    char *root;
    int cpu_percent; /* 0: no limit */
    bool has_moved;  /* the daemon was in `root` */
};

static int write_value(const char *group, const char *file, const char *value, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s/%s", group, file);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot open %s", path);
    if (write(fd, value, strlen(value)) < 0)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot write %s to %s", value, path);
    return 0;
}

static int read_value(const char *group, const char *file, struct buffer *out, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s/%s", group, file);
    return file_read(path, out, err);
}

static bool has_word(struct text words, const char *word)
{
    while (words.len > 0) {
        if (text_is(text_trim(text_cut(&words, ' ')), word))
            return true;
    }
    return false;
}

/* ---- our own group ---- */

/* "0::/path" among the lines of the other version's hierarchies. */
static char *own_path(struct text lines)
{
    while (lines.len > 0) {
        struct text line = text_cut(&lines, '\n');
        if (!text_starts_with(line, TEXT("0::/")))
            continue;
        struct text path = text_slice(line, 3, line.len);
        return text_is(path, "/") ? xstrdup(mount_point)
                                  : xasprintf("%s%.*s", mount_point, TEXT_ARGS(path));
    }
    return NULL;
}

static bool is_delegated(const char *group)
{
    static const char *const names[] = {"user.delegate", "trusted.delegate"};
    char value[4];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (getxattr(group, names[i], value, sizeof(value)) == 1 && value[0] == '1')
            return true;
    }
    return false;
}

/* systemd arranges groups without asking who made them, but for those that it gave away. */
static int check_owner(const char *group, struct error *err)
{
    struct text name = text_of(group);
    bool is_unit = text_ends_with(name, TEXT(".service")) || text_ends_with(name, TEXT(".scope"));
    if (is_unit && !is_delegated(group))
        return error_set(err, ERROR_UNAVAILABLE, "%s is systemd's: it needs Delegate=yes", group);
    return 0;
}

static int find_own(char **out_group, struct error *err)
{
    AUTO_BUFFER struct buffer lines;
    struct statfs fs;
    buffer_init(&lines, FILE_MAX_BYTES);
    if (statfs(mount_point, &fs) != 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
        return error_set(err, ERROR_UNAVAILABLE, "%s is no cgroup file system of version 2",
                         mount_point);
    if (file_read("/proc/self/cgroup", &lines, err) != 0)
        return -1;
    AUTO_FREE char *group = own_path(buffer_text(&lines));
    if (group == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "this process is in no control group");
    if (check_owner(group, err) != 0)
        return -1;
    *out_group = xstrdup(group);
    return 0;
}

/* After a daemon that was killed, its successor may start in the group that was made for it. */
static void leave_daemon_group(char *group)
{
    char *name = strrchr(group, '/');
    if (name != NULL && strcmp(name + 1, daemon_group) == 0)
        *name = '\0';
}

/* ---- moving the daemon ---- */

static bool is_ours(pid_t pid, const struct process_tree *tree)
{
    /* A container's first process starts and reaps others, and does nothing else. */
    if (pid == getpid() || (pid == 1 && getppid() == 1))
        return true;
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->pids[i] == pid)
            return true;
    }
    return false;
}

/* Processes of somebody else have a reason to be there. */
static int check_all_ours(struct text pids, struct error *err)
{
    struct process_tree tree;
    process_tree_read(getpid(), &tree);
    while (pids.len > 0) {
        uint64_t pid;
        if (text_to_u64(text_cut(&pids, '\n'), INT32_MAX, "process", &pid, err) != 0)
            return -1;
        if (!is_ours((pid_t)pid, &tree))
            return error_set(err, ERROR_UNAVAILABLE,
                             "process %d is in the group and does not belong to this daemon",
                             (int)pid);
    }
    return 0;
}

static void move_each(struct text pids, const char *to)
{
    while (pids.len > 0) {
        struct error ignored; /* it ended meanwhile, or is there in the next round */
        AUTO_FREE char *pid = xmemdup_text(text_cut(&pids, '\n'));
        (void)!write_value(to, "cgroup.procs", pid, &ignored);
    }
}

static int move_all(const char *from, const char *to, struct error *err)
{
    for (int round = 0; round < MOVE_ROUNDS; round++) {
        AUTO_BUFFER struct buffer pids;
        buffer_init(&pids, FILE_MAX_BYTES);
        if (read_value(from, "cgroup.procs", &pids, err) != 0)
            return -1;
        if (pids.len == 0)
            return 0;
        if (check_all_ours(buffer_text(&pids), err) != 0)
            return -1;
        move_each(buffer_text(&pids), to);
    }
    return error_set(err, ERROR_UNAVAILABLE, "cannot move all processes out of %s", from);
}

/* A group whose children have controllers takes no processes. */
static void undo_move(const struct cgroups *c)
{
    static const char *const controllers[] = {"-memory", "-pids", "-cpu"};
    struct error ignored;
    AUTO_FREE char *group = xasprintf("%s/%s", c->root, daemon_group);
    if (!c->has_moved)
        return;
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
        (void)!write_value(c->root, "cgroup.subtree_control", controllers[i], &ignored);
    if (move_all(group, c->root, &ignored) == 0)
        rmdir(group);
}

/* The root of all groups, which has no type, may hold processes. */
static int make_room(struct cgroups *c, struct error *err)
{
    AUTO_FREE char *type = xasprintf("%s/cgroup.type", c->root);
    AUTO_FREE char *group = xasprintf("%s/%s", c->root, daemon_group);
    if (access(type, F_OK) != 0)
        return 0;
    if (mkdir(group, 0755) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_UNAVAILABLE, "cannot make %s", group);
    c->has_moved = true;
    return move_all(c->root, group, err);
}

static int enable_controllers(struct cgroups *c, struct error *err)
{
    AUTO_BUFFER struct buffer words;
    buffer_init(&words, FILE_MAX_BYTES);
    if (read_value(c->root, "cgroup.controllers", &words, err) != 0)
        return -1;
    if (!has_word(buffer_text(&words), "memory") || !has_word(buffer_text(&words), "pids"))
        return error_set(err, ERROR_UNAVAILABLE, "%s has no controllers for memory and pids",
                         c->root);
    if (!has_word(buffer_text(&words), "cpu"))
        c->cpu_percent = 0;
    if (make_room(c, err) != 0)
        return -1;
    return write_value(c->root, "cgroup.subtree_control",
                       c->cpu_percent > 0 ? "+memory +pids +cpu" : "+memory +pids", err);
}

static int set_up(struct cgroups *c, const char *root, struct error *err)
{
    if (root != NULL)
        c->root = xstrdup(root);
    else if (find_own(&c->root, err) != 0)
        return -1;
    leave_daemon_group(c->root);
    return enable_controllers(c, err);
}

struct cgroups *cgroups_open(const char *root, int cpu_percent)
{
    struct cgroups *c = xcalloc(1, sizeof(*c));
    struct error err = {0};
    c->cpu_percent = cpu_percent;
    if (set_up(c, root, &err) == 0) {
        LOG(LOG_LEVEL_INFO, "functions run in control groups", LOG_STRING("group", c->root),
            LOG_BOOL("cpu", c->cpu_percent > 0));
        return c;
    }
    LOG(LOG_LEVEL_INFO, "functions run without control groups", LOG_STRING("reason", err.message));
    if (c->root != NULL)
        undo_move(c);
    free(c->root);
    free(c);
    return NULL;
}

void cgroups_close(struct cgroups *c)
{
    if (c == NULL)
        return;
    undo_move(c);
    free(c->root);
    free(c);
}

/* ---- one process ---- */

static char *group_of(const struct cgroups *c, int index)
{
    return xasprintf("%s/function-%d", c->root, index);
}

/* Who is killed leaves the group a moment later. */
static void remove_group(const char *group)
{
    struct error ignored;
    struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MS * 1000000L};
    if (rmdir(group) == 0 || errno == ENOENT)
        return;
    (void)!write_value(group, "cgroup.kill", "1", &ignored);
    for (int i = 0; i < REMOVE_TRIES && rmdir(group) != 0 && errno == EBUSY; i++)
        nanosleep(&pause, NULL);
}

static int set_limits(const struct cgroups *c, const char *group, int64_t memory_bytes, int pids,
                      struct error *err)
{
    struct error ignored;
    AUTO_FREE char *memory = xasprintf("%lld", (long long)memory_bytes);
    AUTO_FREE char *tasks = xasprintf("%d", pids);
    AUTO_FREE char *quota =
        xasprintf("%d %d", c->cpu_percent * (CPU_PERIOD_US / 100), (int)CPU_PERIOD_US);
    /* Missing where the kernel counts no swap, or is older than 4.19. */
    (void)!write_value(group, "memory.swap.max", "0", &ignored);
    (void)!write_value(group, "memory.oom.group", "1", &ignored);
    if (write_value(group, "memory.max", memory, err) != 0 ||
        write_value(group, "pids.max", tasks, err) != 0)
        return -1;
    return c->cpu_percent > 0 ? write_value(group, "cpu.max", quota, err) : 0;
}

char *cgroups_enter(struct cgroups *c, int index, int64_t memory_bytes, int pids)
{
    struct error err = {0};
    char *group = group_of(c, index);
    /* The counters of a new group start at zero. One that cannot be removed is used again. */
    remove_group(group);
    if (mkdir(group, 0755) != 0 && errno != EEXIST)
        error_set_errno(&err, ERROR_UNAVAILABLE, "cannot make %s", group);
    else if (set_limits(c, group, memory_bytes, pids, &err) == 0)
        return group;
    LOG(LOG_LEVEL_WARN, "a function runs without a control group", LOG_ERROR_FIELD(&err));
    remove_group(group);
    free(group);
    return NULL;
}

void cgroups_leave(struct cgroups *c, int index)
{
    AUTO_FREE char *group = group_of(c, index);
    remove_group(group);
}
