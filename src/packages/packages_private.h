/*
 * packages_private.h - from the bytes of a package to files in a folder.
 *
 *   archive.c  libzip: members, checked, and their bytes
 *   names.c    may a member have that name, may a link lead there?
 *   folder.c   files, folders and links below an open folder, never through a link
 *   unpack.c   all members into a folder, within the limits
 *   add.c      beside its place, synced, renamed
 *   store.c    the store's folder: open, look up, sweep
 */
#ifndef ONPUT_PACKAGES_PRIVATE_H
#define ONPUT_PACKAGES_PRIVATE_H

#include "onput/package_store.h"

enum {
    MEMBER_NAME_MAX = 4096,
    COMPONENT_MAX = 255,
    DEPTH_MAX = 48,      /* folders in folders; removing a folder has such a limit, too */
    ENTRIES_MAX = 50000, /* files, folders and links, whether the archive names them or not */
    LINK_TARGET_MAX = 4095,
    SHOWN_NAME_BYTES = 120, /* of a name in a message */
};

struct package_store {
    char *directory;
    int fd;
};

/* What is being made stands beside its place under these names until it is whole, and what is
 * being removed until it is gone. */
#define PREFIX_NEW "new-"
#define PREFIX_OLD "old-"

/* "<64 hex digits>" and "<64 hex digits>.zip" */
enum { PACKAGE_NAME_BYTES = SHA256_HEX_BYTES + 4 };
struct package_names {
    char folder[SHA256_HEX_BYTES];
    char zip[PACKAGE_NAME_BYTES];
};
void package_names_set(struct package_names *names, const uint8_t sha256[SHA256_BYTES]);
/* A folder of the store and all below it, whatever becomes of it. */
void package_remove_folder(struct package_store *s, const char *name);

/* ---- archive.c ---- */

struct archive;

enum member_kind { MEMBER_FILE, MEMBER_FOLDER, MEMBER_LINK };

struct member {
    size_t index;
    struct text name; /* with the slash of a folder; lives as long as the archive */
    uint64_t size;    /* as the archive claims */
    enum member_kind kind;
    bool executable;
};

/* `zip` is borrowed. ERROR_INVALID: it is no archive; ERROR_UNSUPPORTED: too many members. */
MUST_CHECK int archive_open(struct text zip, struct archive **out, struct error *err);
void archive_close(struct archive *a); /* NULL-safe */
size_t archive_members(const struct archive *a);
/* ERROR_UNSUPPORTED for one that may not be unpacked. */
MUST_CHECK int archive_member(struct archive *a, size_t index, struct member *out,
                              struct error *err);
/* Its bytes in pieces; a wrong checksum or length is ERROR_INVALID behind the last one. */
MUST_CHECK int archive_read(struct archive *a, const struct member *m,
                            int (*take)(void *ctx, struct text piece, struct error *err), void *ctx,
                            struct error *err);
/* Sets ERROR_UNSUPPORTED: `what` completes 'member "NAME" ...'. Returns -1. */
int refuse_member(struct text name, const char *what, struct error *err);

/* ---- names.c: pure ---- */

bool name_has_control_byte(struct text name);
MUST_CHECK int member_name_check(struct text name, struct error *err);
/* Where a link leads: only down from where its leading ".." end, which is below the root, too. */
MUST_CHECK int link_target_check(struct text name, struct text target, struct error *err);
/* The next component of a name, without the empty ones and "."; false at its end. */
bool name_next(struct text *rest, struct text *out);

/* ---- folder.c ---- */

/* Room for what is unpacked. */
struct allowance {
    int64_t bytes;
    int entries;
};

/* The folder of that name below `root`, made with all on its way. The caller closes *out_fd. */
MUST_CHECK int folder_make(int root, struct text name, struct allowance *left, int *out_fd,
                           struct error *err);
/* The same for the folder that holds `name`; *out_last (a component) is what it is in there. */
MUST_CHECK int folder_make_parent(int root, struct text name, struct allowance *left, int *out_fd,
                                  char out_last[COMPONENT_MAX + 1], struct error *err);
/* A new file, open for writing; the caller closes it. */
MUST_CHECK int folder_add_file(int folder, const char *name, bool executable, int *out_fd,
                               struct error *err);
MUST_CHECK int folder_add_link(int folder, const char *name, const char *target, struct error *err);

/* ---- unpack.c ---- */

/* Every member and the sum of their sizes, as the directory has them. */
MUST_CHECK int archive_check(struct archive *a, struct error *err);
/* Everything into an empty folder. ERROR_INVALID, ERROR_UNSUPPORTED, ERROR_LIMIT, ERROR_IO. */
MUST_CHECK int archive_unpack(struct archive *a, int root, struct error *err);

#endif
