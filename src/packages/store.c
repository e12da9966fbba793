/*
 * store.c - the folder of all packages: names in it, looking up, removing.
 */
#include "packages_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/log.h"
#include "onput/memory.h"

void package_names_set(struct package_names *names, const uint8_t sha256[SHA256_BYTES])
{
    hex_encode(sha256, SHA256_BYTES, names->folder);
    snprintf(names->zip, sizeof(names->zip), "%s.zip", names->folder);
}

char *package_path(const char *directory, const uint8_t sha256[SHA256_BYTES])
{
    struct package_names names;
    package_names_set(&names, sha256);
    return xasprintf("%s/%s", directory, names.folder);
}

void package_remove_folder(struct package_store *s, const char *name)
{
    AUTO_FREE char *path = xasprintf("%s/%s", s->directory, name);
    struct error err = {0};
    if (dir_remove(path, &err) != 0 && err.code != ERROR_NOT_FOUND)
        LOG(LOG_LEVEL_DEBUG, "cannot remove a package", LOG_ERROR_FIELD(&err));
}

/* ---- the content of the folder ---- */

/* Calls visit() for each name; removing what is visited is allowed. */
static void visit_names(struct package_store *s, void (*visit)(void *ctx, const char *name),
                        void *ctx)
{
    int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        fd_close(&fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            visit(ctx, entry->d_name);
    closedir(dir);
}

/* Of "<64 hex digits>" and whatever follows them. */
static bool read_hash(const char *name, uint8_t out[SHA256_BYTES])
{
    AUTO_BUFFER struct buffer bytes;
    struct error err = {0};
    buffer_init(&bytes, SHA256_BYTES);
    struct text digits = text_slice(text_of(name), 0, SHA256_HEX_BYTES - 1);
    if (digits.len != SHA256_HEX_BYTES - 1 || hex_decode(digits, &bytes, &err) != 0)
        return false;
    memcpy(out, bytes.data, SHA256_BYTES);
    return true;
}

static bool is_there(struct package_store *s, const char *name, mode_t type)
{
    struct stat st;
    return fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type;
}

/* ---- open ---- */

static void remove_leftover(void *ctx, const char *name)
{
    struct package_store *s = ctx;
    struct text t = text_of(name);
    uint8_t hash[SHA256_BYTES];
    if (text_starts_with(t, TEXT(PREFIX_NEW)) || text_starts_with(t, TEXT(PREFIX_OLD))) {
        if (unlinkat(s->fd, name, 0) != 0)
            package_remove_folder(s, name);
        return;
    }
    /* The folder comes last and goes first. */
    if (text_ends_with(t, TEXT(".zip")) && read_hash(name, hash) && !package_exists(s, hash))
        unlinkat(s->fd, name, 0);
}

int package_store_open(const char *directory, struct package_store **out, struct error *err)
{
    if (dir_create(directory, err) != 0)
        return -1;
    AUTO_CLOSE int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0711) != 0)
        return error_set_errno(err, ERROR_IO, "cannot open the folder %s", directory);
    struct package_store *s = xmalloc(sizeof(*s));
    *s = (struct package_store){.directory = xstrdup(directory), .fd = fd};
    fd = -1;
    visit_names(s, remove_leftover, s);
    *out = s;
    return 0;
}

void package_store_close(struct package_store *s)
{
    if (s == NULL)
        return;
    fd_close(&s->fd);
    free(s->directory);
    free(s);
}

/* ---- looking up ---- */

const char *package_store_directory(const struct package_store *s)
{
    return s->directory;
}

bool package_exists(struct package_store *s, const uint8_t sha256[SHA256_BYTES])
{
    struct package_names names;
    package_names_set(&names, sha256);
    return is_there(s, names.folder, S_IFDIR) && is_there(s, names.zip, S_IFREG);
}

int package_open(struct package_store *s, const uint8_t sha256[SHA256_BYTES], int *out_fd,
                 int64_t *out_size, struct error *err)
{
    struct package_names names;
    struct stat st;
    package_names_set(&names, sha256);
    AUTO_CLOSE int fd = openat(s->fd, names.zip, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "there is no package %s", names.folder);
    if (fd < 0 || fstat(fd, &st) != 0)
        return error_set_errno(err, ERROR_IO, "cannot open the package %s", names.folder);
    *out_size = st.st_size;
    *out_fd = fd;
    fd = -1;
    return 0;
}

/* ---- sweep ---- */

struct sweep {
    struct package_store *store;
    bool (*is_used)(void *ctx, const uint8_t sha256[SHA256_BYTES]);
    void *ctx;
};

/* The folder leaves its place in one step; nobody sees half a package. */
static void remove_package(struct package_store *s, const struct package_names *names)
{
    char old[sizeof(PREFIX_OLD) + SHA256_HEX_BYTES];
    snprintf(old, sizeof(old), PREFIX_OLD "%s", names->folder);
    if (renameat(s->fd, names->folder, s->fd, old) != 0)
        return;
    unlinkat(s->fd, names->zip, 0);
    package_remove_folder(s, old);
}

static void sweep_one(void *ctx, const char *name)
{
    struct sweep *sweep = ctx;
    struct package_names names;
    uint8_t hash[SHA256_BYTES];
    if (strlen(name) != SHA256_HEX_BYTES - 1 || !read_hash(name, hash) ||
        sweep->is_used(sweep->ctx, hash))
        return;
    package_names_set(&names, hash);
    remove_package(sweep->store, &names);
}

void package_store_sweep(struct package_store *s,
                         bool (*is_used)(void *ctx, const uint8_t sha256[SHA256_BYTES]), void *ctx)
{
    struct sweep sweep = {.store = s, .is_used = is_used, .ctx = ctx};
    visit_names(s, sweep_one, &sweep);
}
