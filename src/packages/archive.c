/*
 * archive.c - a package through libzip. What libzip says about a member is held against our own
 * rules before anybody else sees it.
 */
#include "packages_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "onput/memory.h"

enum { PIECE_BYTES = 64 * 1024 };

struct archive {
    struct zip *zip;
    size_t members;
};

int refuse_member(struct text name, const char *what, struct error *err)
{
    struct text shown = text_slice(name, 0, SHOWN_NAME_BYTES);
    return error_set(err, ERROR_UNSUPPORTED, "member \"%.*s%s\" %s", TEXT_ARGS(shown),
                     shown.len < name.len ? "..." : "", what);
}

/* ---- open ---- */

/*
 * libzip makes something of every entry of a directory before it says how many there are. Each one
 * begins with this mark; an archive that lies in the package uncompressed has some as well.
 */
static bool has_too_many_marks(struct text zip)
{
    size_t left = 4 * (size_t)ENTRIES_MAX;
    for (size_t i = 0; i + 4 <= zip.len; i++)
        if (zip.ptr[i] == 'P' && memcmp(zip.ptr + i, "PK\1\2", 4) == 0 && left-- == 0)
            return true;
    return false;
}

static int no_archive(zip_error_t *why, struct error *err)
{
    error_set(err, ERROR_INVALID, "it is no ZIP archive: %s", zip_error_strerror(why));
    zip_error_fini(why);
    return -1;
}

static int open_zip(struct text zip, struct zip **out, struct error *err)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(zip.ptr, zip.len, 0, &why);
    if (source == NULL)
        return no_archive(&why, err);
    *out = zip_open_from_source(source, ZIP_RDONLY, &why);
    if (*out == NULL) {
        zip_source_free(source);
        return no_archive(&why, err);
    }
    zip_error_fini(&why);
    return 0;
}

int archive_open(struct text zip, struct archive **out, struct error *err)
{
    struct zip *opened = NULL;
    if (zip.len == 0)
        return error_set(err, ERROR_INVALID, "it is no ZIP archive: it is empty");
    if (has_too_many_marks(zip))
        return error_set(err, ERROR_UNSUPPORTED, "it has more than %d members", ENTRIES_MAX);
    if (open_zip(zip, &opened, err) != 0)
        return -1;
    zip_int64_t members = zip_get_num_entries(opened, 0);
    if (members < 0 || members > ENTRIES_MAX) {
        zip_discard(opened);
        return error_set(err, ERROR_UNSUPPORTED, "it has more than %d members", ENTRIES_MAX);
    }
    *out = xmalloc(sizeof(**out));
    **out = (struct archive){.zip = opened, .members = (size_t)members};
    return 0;
}

void archive_close(struct archive *a)
{
    if (a == NULL)
        return;
    zip_discard(a->zip);
    free(a);
}

size_t archive_members(const struct archive *a)
{
    return a->members;
}

/* ---- a member ---- */

static int check_stat(const struct zip_stat *st, struct text name, struct error *err)
{
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((st->valid & needed) != needed)
        return refuse_member(name, "has no size", err);
    if (st->encryption_method != ZIP_EM_NONE)
        return refuse_member(name, "is encrypted", err);
    if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
        return refuse_member(name, "is compressed by another method than deflate", err);
    return 0;
}

/* The mode where the archive was made on a system that has modes; else 0. */
static mode_t unix_mode(struct archive *a, size_t index)
{
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(a->zip, index, 0, &system, &attributes) != 0)
        return 0;
    if (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X)
        return 0;
    return attributes >> 16;
}

static int set_kind(struct member *m, mode_t mode, struct error *err)
{
    bool ends_as_folder = text_ends_with(m->name, TEXT("/"));
    switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
        m->kind = ends_as_folder ? MEMBER_FOLDER : MEMBER_FILE;
        break;
    case S_IFDIR:
        m->kind = MEMBER_FOLDER;
        break;
    case S_IFLNK:
        m->kind = MEMBER_LINK;
        break;
    default:
        return refuse_member(m->name, "is neither a file nor a folder nor a link", err);
    }
    m->executable = (mode & 0111) != 0;
    if (m->kind == MEMBER_LINK && ends_as_folder)
        return refuse_member(m->name, "is a link with the name of a folder", err);
    if (m->kind == MEMBER_FOLDER && m->size > 0)
        return refuse_member(m->name, "is a folder with bytes of its own", err);
    return 0;
}

/* Of names that are not UTF-8 libzip makes signs of the old code page, also of control bytes. A NUL
 * is a space for it. */
static int check_raw_name(struct archive *a, size_t index, struct error *err)
{
    const char *raw = zip_get_name(a->zip, index, ZIP_FL_ENC_RAW);
    if (raw == NULL || name_has_control_byte(text_of(raw)))
        return error_set(err, ERROR_UNSUPPORTED, "a member has a control byte in its name");
    return 0;
}

int archive_member(struct archive *a, size_t index, struct member *out, struct error *err)
{
    struct zip_stat st;
    zip_stat_init(&st);
    if (zip_stat_index(a->zip, index, 0, &st) != 0 || (st.valid & ZIP_STAT_NAME) == 0)
        return error_set(err, ERROR_INVALID, "member %zu cannot be read: %s", index,
                         zip_strerror(a->zip));
    struct member m = {.index = index, .name = text_of(st.name), .size = st.size};
    if (check_raw_name(a, index, err) != 0 || member_name_check(m.name, err) != 0 ||
        check_stat(&st, m.name, err) != 0 || set_kind(&m, unix_mode(a, index), err) != 0)
        return -1;
    if (zip_name_locate(a->zip, st.name, 0) != (zip_int64_t)index)
        return refuse_member(m.name, "is there twice", err);
    *out = m;
    return 0;
}

static int damaged(const struct member *m, const char *why, struct error *err)
{
    struct text shown = text_slice(m->name, 0, SHOWN_NAME_BYTES);
    return error_set(err, ERROR_INVALID, "member \"%.*s\" is damaged: %s", TEXT_ARGS(shown), why);
}

int archive_read(struct archive *a, const struct member *m,
                 int (*take)(void *ctx, struct text piece, struct error *err), void *ctx,
                 struct error *err)
{
    zip_file_t *file = zip_fopen_index(a->zip, m->index, 0);
    if (file == NULL)
        return damaged(m, zip_strerror(a->zip), err);
    AUTO_FREE char *piece = xmalloc(PIECE_BYTES);
    uint64_t sum = 0;
    zip_int64_t got = 0;
    int result = 0;
    while (result == 0 && (got = zip_fread(file, piece, PIECE_BYTES)) > 0) {
        sum += (uint64_t)got;
        result = take(ctx, (struct text){piece, (size_t)got}, err);
    }
    if (result == 0 && got < 0)
        result = damaged(m, zip_file_strerror(file), err);
    else if (result == 0 && sum != m->size)
        result = damaged(m, "its size is not as the directory says", err);
    zip_fclose(file);
    return result;
}
