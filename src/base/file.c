/*
 * file.c - see onput/fd.h. Files and folders by name; bytes move through fd.c.
 */
#include "onput/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/memory.h"

enum { DIR_MAX_DEPTH = 64 };

static enum error_code code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
        return ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERROR_DENIED;
    default:
        return ERROR_IO;
    }
}

int file_read(const char *path, struct buffer *out, struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, code_of_errno(errno), "cannot open %s", path);
    if (fd_read_all(fd, out, err) != 0)
        return error_prefix(err, "%s", path);
    return 0;
}

/* The name of the folder that holds `path`; the caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return xstrdup(".");
    if (slash == path)
        return xstrdup("/");
    return xmemdup_text((struct text){path, (size_t)(slash - path)});
}

/* A rename is on disk only when the folder is. */
static int sync_folder_of(const char *path, struct error *err)
{
    AUTO_FREE char *folder = folder_of(path);
    AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return error_set_errno(err, ERROR_IO, "cannot sync the folder %s", folder);
    return 0;
}

static int write_and_sync(int fd, struct text content, mode_t mode, struct error *err)
{
    if (fchmod(fd, mode) != 0)
        return error_set_errno(err, ERROR_IO, "cannot set the mode");
    if (fd_write_all(fd, content.ptr, content.len, err) != 0)
        return -1;
    if (fsync(fd) != 0)
        return error_set_errno(err, ERROR_IO, "cannot sync");
    return 0;
}

int file_write_atomic(const char *path, struct text content, mode_t mode, struct error *err)
{
    AUTO_FREE char *temporary = xasprintf("%s.XXXXXX", path);
    AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, code_of_errno(errno), "cannot create a file beside %s", path);
    if (write_and_sync(fd, content, mode, err) != 0) {
        unlink(temporary);
        return error_prefix(err, "%s", path);
    }
    if (rename(temporary, path) != 0) {
        error_set_errno(err, ERROR_IO, "cannot rename %s to %s", temporary, path);
        unlink(temporary);
        return -1;
    }
    return sync_folder_of(path, err);
}

static int make_one_dir(const char *path, struct error *err)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return error_set_errno(err, code_of_errno(errno), "cannot create the folder %s", path);
}

int dir_create(const char *path, struct error *err)
{
    AUTO_FREE char *copy = xstrdup(path);

    for (char *slash = copy; *slash != '\0'; slash++) {
        if (*slash != '/' || slash == copy)
            continue;
        *slash = '\0';
        if (make_one_dir(copy, err) != 0)
            return -1;
        *slash = '/';
    }
    return make_one_dir(copy, err);
}

static int remove_content(int fd, unsigned depth, struct error *err);

static int remove_entry(int folder, const char *name, unsigned depth, struct error *err)
{
    int fd;

    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return error_set_errno(err, code_of_errno(errno), "cannot remove %s", name);
    fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, code_of_errno(errno), "cannot open the folder %s", name);
    if (remove_content(fd, depth + 1, err) != 0)
        return -1;
    if (unlinkat(folder, name, AT_REMOVEDIR) != 0)
        return error_set_errno(err, code_of_errno(errno), "cannot remove the folder %s", name);
    return 0;
}

/* Takes over `fd`. */
static int remove_content(int fd, unsigned depth, struct error *err)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    int result = 0;

    if (dir == NULL) {
        error_set_errno(err, ERROR_IO, "cannot list a folder");
        fd_close(&fd);
        return -1;
    }
    if (depth > DIR_MAX_DEPTH)
        result = error_set(err, ERROR_LIMIT, "folders lie more than %d deep", DIR_MAX_DEPTH);
    while (result == 0 && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = remove_entry(fd, entry->d_name, depth, err);
    closedir(dir);
    return result;
}

int dir_remove(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, code_of_errno(errno), "cannot open the folder %s", path);
    if (remove_content(fd, 0, err) != 0)
        return error_prefix(err, "%s", path);
    if (rmdir(path) != 0)
        return error_set_errno(err, code_of_errno(errno), "cannot remove the folder %s", path);
    return 0;
}

int dir_make_temporary(const char *prefix, char **out_path, struct error *err)
{
    const char *parent = getenv("TMPDIR");
    char *path;

    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    path = xasprintf("%s/%sXXXXXX", parent, prefix);
    if (mkdtemp(path) == NULL) {
        error_set_errno(err, code_of_errno(errno), "cannot create the folder %s", path);
        free(path);
        return -1;
    }
    *out_path = path;
    return 0;
}
