/*
 * folder.c - files, folders and links below an open folder. Every step is taken relative to the
 * folder before it and through no link, so that nothing that is unpacked can lead astray what
 * follows. Modes are set on what was opened: the process' umask does not count.
 */
#include "packages_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"

/* What the name in the archive does to what is there already, or the disk's trouble. */
static int fail(const char *name, struct error *err)
{
    if (errno == EEXIST)
        return refuse_member(text_of(name), "is there twice", err);
    if (errno == ENOTDIR || errno == ELOOP || errno == EISDIR)
        return refuse_member(text_of(name), "is a folder here and none there", err);
    return error_set_errno(err, ERROR_IO, "cannot unpack \"%.*s\"", SHOWN_NAME_BYTES, name);
}

static int spend_entry(struct allowance *left, struct error *err)
{
    if (left->entries-- > 0)
        return 0;
    return error_set(err, ERROR_UNSUPPORTED, "it has more than %d files and folders", ENTRIES_MAX);
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* One step down; makes the folder when it is missing. */
static int enter(int parent, const char *name, struct allowance *left, int *out, struct error *err)
{
    int fd = open_folder(parent, name);
    if (fd < 0 && errno == ENOENT) {
        if (spend_entry(left, err) != 0)
            return -1;
        if (mkdirat(parent, name, 0700) != 0)
            return fail(name, err);
        fd = open_folder(parent, name);
        if (fd >= 0 && fchmod(fd, 0755) != 0) {
            fail(name, err);
            fd_close(&fd);
            return -1;
        }
    }
    if (fd < 0)
        return fail(name, err);
    *out = fd;
    return 0;
}

static void copy_component(struct text part, char out[COMPONENT_MAX + 1])
{
    BUG_ON(part.len > COMPONENT_MAX);
    memcpy(out, part.ptr, part.len);
    out[part.len] = '\0';
}

/* Walks as long as *rest has components; `keep_last` leaves the last one in out_last. */
static int walk(int root, struct text rest, struct allowance *left, bool keep_last, int *out_fd,
                char last[COMPONENT_MAX + 1], struct error *err)
{
    struct text part, next;
    int fd = fcntl(root, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot open the package's folder");
    bool more = name_next(&rest, &part);
    while (more) {
        int below = -1;
        more = name_next(&rest, &next);
        copy_component(part, last);
        if (!more && keep_last)
            break;
        if (enter(fd, last, left, &below, err) != 0) {
            fd_close(&fd);
            return -1;
        }
        fd_close(&fd);
        fd = below;
        part = next;
    }
    *out_fd = fd;
    return 0;
}

int folder_make(int root, struct text name, struct allowance *left, int *out_fd, struct error *err)
{
    char component[COMPONENT_MAX + 1] = "";
    return walk(root, name, left, false, out_fd, component, err);
}

int folder_make_parent(int root, struct text name, struct allowance *left, int *out_fd,
                       char out_last[COMPONENT_MAX + 1], struct error *err)
{
    out_last[0] = '\0';
    if (spend_entry(left, err) != 0 || walk(root, name, left, true, out_fd, out_last, err) != 0)
        return -1;
    if (out_last[0] != '\0')
        return 0;
    fd_close(out_fd);
    return refuse_member(name, "has no name", err);
}

int folder_add_file(int folder, const char *name, bool executable, int *out_fd, struct error *err)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(name, err);
    if (fchmod(fd, executable ? 0755 : 0644) != 0) {
        fail(name, err);
        fd_close(&fd);
        return -1;
    }
    *out_fd = fd;
    return 0;
}

int folder_add_link(int folder, const char *name, const char *target, struct error *err)
{
    if (symlinkat(target, folder, name) != 0)
        return fail(name, err);
    return 0;
}
