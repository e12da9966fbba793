/*
 * add.c - a package into the store. It is unpacked beside its place, synced and renamed: the
 * archive first, the folder last, so that a package whose folder is there is whole.
 */
#include "packages_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/encoding.h"
#include "onput/fd.h"
#include "onput/memory.h"

/* A name beside the packages that nobody else has. */
enum { NEW_NAME_BYTES = 48 };

struct addition {
    struct package_store *store;
    char folder[NEW_NAME_BYTES];
    char zip[NEW_NAME_BYTES + 4];
};

static void addition_init(struct addition *a, struct package_store *s)
{
    char uuid[UUID_TEXT_BYTES];
    a->store = s;
    snprintf(a->folder, sizeof(a->folder), PREFIX_NEW "%s", uuid_v4(uuid));
    snprintf(a->zip, sizeof(a->zip), "%s.zip", a->folder);
}

static int write_zip(const struct addition *a, struct text zip, struct error *err)
{
    AUTO_CLOSE int fd =
        openat(a->store->fd, a->zip, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot store a package");
    return fd_write_all(fd, zip.ptr, zip.len, err);
}

static int make_folder(const struct addition *a, int *out_fd, struct error *err)
{
    AUTO_CLOSE int fd = -1;
    if (mkdirat(a->store->fd, a->folder, 0700) != 0)
        return error_set_errno(err, ERROR_IO, "cannot make a package's folder");
    fd = openat(a->store->fd, a->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0755) != 0)
        return error_set_errno(err, ERROR_IO, "cannot make a package's folder");
    *out_fd = fd;
    fd = -1;
    return 0;
}

/* One syncfs() for thousands of small files: an fsync() of each would take minutes. */
static int unpack(const struct addition *a, struct archive *archive, struct text zip,
                  struct error *err)
{
    AUTO_CLOSE int root = -1;
    if (make_folder(a, &root, err) != 0 || archive_unpack(archive, root, err) != 0 ||
        write_zip(a, zip, err) != 0)
        return -1;
    if (syncfs(root) != 0)
        return error_set_errno(err, ERROR_IO, "cannot sync a package");
    return 0;
}

static int move_into_place(const struct addition *a, const struct package_names *names,
                           struct error *err)
{
    int fd = a->store->fd;
    if (renameat(fd, a->zip, fd, names->zip) != 0)
        return error_set_errno(err, ERROR_IO, "cannot store a package");
    if (renameat(fd, a->folder, fd, names->folder) != 0) {
        /* Somebody else was faster with the same package. */
        if (errno != EEXIST && errno != ENOTEMPTY)
            return error_set_errno(err, ERROR_IO, "cannot store a package");
        package_remove_folder(a->store, a->folder);
    }
    if (fsync(fd) != 0)
        return error_set_errno(err, ERROR_IO, "cannot sync the folder of packages");
    return 0;
}

static int add_new(struct package_store *s, struct text zip, const struct package_names *names,
                   struct error *err)
{
    struct archive *archive = NULL;
    struct addition a;
    if (archive_open(zip, &archive, err) != 0)
        return -1;
    addition_init(&a, s);
    int result = unpack(&a, archive, zip, err);
    archive_close(archive);
    if (result == 0)
        result = move_into_place(&a, names, err);
    if (result != 0) {
        unlinkat(s->fd, a.zip, 0);
        package_remove_folder(s, a.folder);
    }
    return result;
}

static int identify(struct text zip, struct package *out, struct error *err)
{
    if (zip.len > PACKAGE_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "Zipped size must be smaller than %d bytes",
                         PACKAGE_MAX_BYTES);
    out->size = (int64_t)zip.len;
    sha256(zip.ptr, zip.len, out->sha256);
    return 0;
}

int package_check(struct text zip, struct package *out, struct error *err)
{
    struct archive *archive = NULL;
    struct package package;
    if (identify(zip, &package, err) != 0 || archive_open(zip, &archive, err) != 0)
        return -1;
    int result = archive_check(archive, err);
    archive_close(archive);
    if (result == 0)
        *out = package;
    return result;
}

int package_add(struct package_store *s, struct text zip, struct package *out, struct error *err)
{
    struct package package;
    struct package_names names;
    if (identify(zip, &package, err) != 0)
        return -1;
    package_names_set(&names, package.sha256);
    if (!package_exists(s, package.sha256) && add_new(s, zip, &names, err) != 0)
        return -1;
    *out = package;
    return 0;
}
