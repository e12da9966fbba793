/*
 * unpack.c - all members of a package into a folder. What the directory claims is checked first, so
 * that most of what is refused writes nothing; what really arrives is counted all the same. Links
 * are made when everything else is there.
 */
#include "packages_private.h"

#include "onput/fd.h"

struct unpacking {
    struct archive *archive;
    int root;
    struct allowance left;
};

static int too_large(struct error *err)
{
    return error_set(err, ERROR_LIMIT, "Unzipped size must be smaller than %d bytes",
                     PACKAGE_UNPACKED_MAX_BYTES);
}

/* ---- what the directory claims ---- */

int archive_check(struct archive *a, struct error *err)
{
    uint64_t left = PACKAGE_UNPACKED_MAX_BYTES;
    for (size_t i = 0; i < archive_members(a); i++) {
        struct member m;
        if (archive_member(a, i, &m, err) != 0)
            return -1;
        if (m.size > left)
            return too_large(err);
        left -= m.size;
    }
    return 0;
}

/* ---- files ---- */

struct file_writer {
    int fd;
    struct allowance *left;
};

static int write_piece(void *ctx, struct text piece, struct error *err)
{
    struct file_writer *w = ctx;
    if ((int64_t)piece.len > w->left->bytes)
        return too_large(err);
    w->left->bytes -= (int64_t)piece.len;
    return fd_write_all(w->fd, piece.ptr, piece.len, err);
}

static int unpack_file(struct unpacking *u, const struct member *m, struct error *err)
{
    char name[COMPONENT_MAX + 1];
    AUTO_CLOSE int folder = -1;
    AUTO_CLOSE int fd = -1;
    if (folder_make_parent(u->root, m->name, &u->left, &folder, name, err) != 0 ||
        folder_add_file(folder, name, m->executable, &fd, err) != 0)
        return -1;
    struct file_writer writer = {.fd = fd, .left = &u->left};
    return archive_read(u->archive, m, write_piece, &writer, err);
}

static int unpack_folder(struct unpacking *u, const struct member *m, struct error *err)
{
    AUTO_CLOSE int fd = -1;
    return folder_make(u->root, m->name, &u->left, &fd, err);
}

/* ---- links ---- */

struct target {
    struct text name; /* of the link */
    char bytes[LINK_TARGET_MAX + 1];
    size_t len;
};

static int take_target(void *ctx, struct text piece, struct error *err)
{
    struct target *t = ctx;
    if (piece.len > LINK_TARGET_MAX - t->len)
        return refuse_member(t->name, "is a link to no possible name", err);
    for (size_t i = 0; i < piece.len; i++)
        t->bytes[t->len++] = piece.ptr[i];
    return 0;
}

static int unpack_link(struct unpacking *u, const struct member *m, struct error *err)
{
    struct target target = {.name = m->name};
    char name[COMPONENT_MAX + 1];
    AUTO_CLOSE int folder = -1;
    if (archive_read(u->archive, m, take_target, &target, err) != 0 ||
        link_target_check(m->name, (struct text){target.bytes, target.len}, err) != 0 ||
        folder_make_parent(u->root, m->name, &u->left, &folder, name, err) != 0)
        return -1;
    return folder_add_link(folder, name, target.bytes, err);
}

/* ---- all ---- */

static int unpack_member(struct unpacking *u, const struct member *m, struct error *err)
{
    switch (m->kind) {
    case MEMBER_FILE:
        return unpack_file(u, m, err);
    case MEMBER_FOLDER:
        return unpack_folder(u, m, err);
    case MEMBER_LINK:
        return unpack_link(u, m, err);
    }
    return 0;
}

static int unpack_members(struct unpacking *u, bool links, struct error *err)
{
    for (size_t i = 0; i < archive_members(u->archive); i++) {
        struct member m;
        if (archive_member(u->archive, i, &m, err) != 0)
            return -1;
        if ((m.kind == MEMBER_LINK) == links && unpack_member(u, &m, err) != 0)
            return -1;
    }
    return 0;
}

int archive_unpack(struct archive *a, int root, struct error *err)
{
    struct unpacking u = {.archive = a,
                          .root = root,
                          .left = {.bytes = PACKAGE_UNPACKED_MAX_BYTES, .entries = ENTRIES_MAX}};
    if (archive_check(a, err) != 0 || unpack_members(&u, false, err) != 0)
        return -1;
    return unpack_members(&u, true, err);
}
