/*
 * place.c - see runtime_private.h: where a process lives, and how its files go.
 *
 * The files are a function's, so their names, depth, number and links are hostile. Nothing is
 * followed, nothing recurses: what is inside of a folder is moved up beside it until the folder is
 * empty. That needs two descriptors for any depth and can stop after any step.
 */
#include "runtime_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

enum { PLACE_MODE = 0700 };

struct sweep {
    int top; /* the place's directory */
    int left;
    struct error *err;
};

static int cannot(struct sweep *s, const char *what, const char *name)
{
    error_set_errno(s->err, ERROR_IO, "cannot %s a function's temporary file %s", what, name);
    return -1;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A folder that its owner shut: opened without looking inside, then made accessible. */
static int open_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    AUTO_CLOSE int path_fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (path_fd < 0) {
        fd_close(&fd);
        return -1;
    }
    char link[40];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
    /* Also one that can be read needs it: what is in there is to be moved away. */
    if (chmod(link, PLACE_MODE) != 0 && fd < 0)
        return -1;
    if (fd < 0)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd;
}

static DIR *open_list(int parent, const char *name)
{
    int fd = open_folder(parent, name);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL)
        fd_close(&fd);
    return dir;
}

/* 1: gone. 0: it is a folder with something in it. */
static int remove_one(struct sweep *s, int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 1;
    if (errno != EISDIR && errno != EPERM)
        return cannot(s, "remove", name);
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 1;
    return errno == ENOTEMPTY || errno == EEXIST ? 0 : cannot(s, "remove", name);
}

/* A folder within a folder: it goes to the top, under a name that nothing has. */
static int move_up(struct sweep *s, int parent, const char *name)
{
    char fresh[UUID_TEXT_BYTES];
    AUTO_CLOSE int path_fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (path_fd < 0)
        return cannot(s, "open", name);
    char link[40];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
    /* Its ".." changes, so it must be writable for its owner. */
    if (chmod(link, PLACE_MODE) != 0)
        return cannot(s, "open", name);
    if (renameat(parent, name, s->top, uuid_v4(fresh)) != 0)
        return cannot(s, "move", name);
    return 0;
}

static int empty_folder(struct sweep *s, const char *folder)
{
    DIR *dir = open_list(s->top, folder);
    if (dir == NULL)
        return cannot(s, "open", folder);
    int rc = 0;
    struct dirent *entry;
    while (rc >= 0 && s->left > 0 && (entry = readdir(dir)) != NULL) {
        if (is_dot(entry->d_name))
            continue;
        s->left--;
        rc = remove_one(s, dirfd(dir), entry->d_name);
        if (rc == 0)
            rc = move_up(s, dirfd(dir), entry->d_name);
    }
    closedir(dir);
    return rc < 0 ? -1 : 0;
}

/* 1: the listing came to its end without anything that stayed. */
static int sweep_top(struct sweep *s, DIR *dir)
{
    struct dirent *entry;
    bool is_empty = true;
    rewinddir(dir);
    while (s->left > 0 && (entry = readdir(dir)) != NULL) {
        if (is_dot(entry->d_name))
            continue;
        s->left--;
        is_empty = false;
        int rc = remove_one(s, s->top, entry->d_name);
        if (rc < 0 || (rc == 0 && empty_folder(s, entry->d_name) != 0))
            return -1;
    }
    return is_empty && s->left > 0;
}

int place_sweep(const struct place *place, int limit, struct error *err)
{
    DIR *dir = open_list(AT_FDCWD, place->temporary);
    if (dir == NULL)
        return error_set_errno(err, ERROR_IO, "cannot open %s", place->temporary);
    struct sweep sweep = {.top = dirfd(dir), .left = limit, .err = err};
    int rc = 0;
    while (rc == 0 && sweep.left > 0)
        rc = sweep_top(&sweep, dir);
    closedir(dir);
    return rc;
}

static int own(const struct place *place, struct error *err)
{
    AUTO_CLOSE int fd = open(place->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (place->uid != 0 && fchown(fd, place->uid, place->uid) != 0) ||
        fchmod(fd, PLACE_MODE) != 0)
        return error_set_errno(err, ERROR_IO, "cannot set %s up", place->temporary);
    return 0;
}

int place_init(struct place *place, const char *directory, int index, uid_t uid, struct error *err)
{
    *place = (struct place){
        .index = index, .uid = uid, .temporary = xasprintf("%s/%d", directory, index)};
    if (mkdir(place->temporary, PLACE_MODE) != 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_IO, "cannot make %s", place->temporary);
    if (place_sweep(place, PLACE_SWEEP_ALL, err) < 0)
        return -1;
    return own(place, err);
}

void place_release(struct place *place)
{
    struct error ignored = {0};
    if (place->temporary == NULL)
        return;
    if (place_sweep(place, PLACE_SWEEP_ALL, &ignored) == 1)
        rmdir(place->temporary);
    FREE_AND_NULL(place->temporary);
}
