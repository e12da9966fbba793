/*
 * crash_vfs.c - see crash_vfs.h. One lock around everything; files are found by name.
 */
#include "support/crash_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"
#include "onput/text.h"

enum { SECTOR = 512, MAX_FILES = 16 };

struct image {
    unsigned char *bytes;
    size_t size, capacity;
};

struct disk_file {
    char *name;           /* NULL: a free slot */
    struct image seen;    /* what the program reads */
    struct image platter; /* what survives for certain */
    bool exists, exists_on_platter;
};

struct crash_vfs {
    sqlite3_vfs vfs;
    char name[32];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct disk_file files[MAX_FILES];
    uint64_t random;
    uint64_t changes, syncs;
    uint64_t cut_at, fail_at; /* counted in `changes`; 0: never */
    bool off, failed, reads_fail;
    const char *ignored_suffix;
    bool holding;
    int held;
};

struct open_file {
    sqlite3_file base;
    struct crash_vfs *vfs;
    struct disk_file *file;
    bool delete_on_close;
    bool sync_folder; /* with the first sync, as the system's VFS does for a new journal */
};

static uint64_t next_random(struct crash_vfs *v)
{
    v->random ^= v->random << 13;
    v->random ^= v->random >> 7;
    v->random ^= v->random << 17;
    return v->random;
}

static void image_resize(struct image *image, size_t size)
{
    if (size > image->capacity) {
        size_t capacity = size * 2;
        image->bytes = xrealloc_array(image->bytes, capacity, 1);
        image->capacity = capacity;
    }
    if (size > image->size)
        memset(image->bytes + image->size, 0, size - image->size);
    image->size = size;
}

static void image_copy(struct image *to, const struct image *from)
{
    image_resize(to, from->size);
    if (from->size > 0)
        memcpy(to->bytes, from->bytes, from->size);
}

static bool sector_differs(const struct image *a, const struct image *b, size_t at, size_t end)
{
    if (end > a->size || end > b->size)
        return true;
    return memcmp(a->bytes + at, b->bytes + at, end - at) != 0;
}

/* Half of the sectors that differ reach the platter, and the new length or the old one. */
static void settle_content(struct crash_vfs *v, struct disk_file *f)
{
    bool shrinks = f->seen.size < f->platter.size;
    size_t old_size = f->platter.size, reached = f->platter.size;
    if (f->seen.size > f->platter.size)
        image_resize(&f->platter, f->seen.size);
    for (size_t at = 0; at < f->seen.size; at += SECTOR) {
        size_t end = at + SECTOR < f->seen.size ? at + SECTOR : f->seen.size;
        bool is_new = end > old_size;
        if (!is_new && !sector_differs(&f->seen, &f->platter, at, end))
            continue;
        if (next_random(v) % 2 == 0)
            continue;
        memcpy(f->platter.bytes + at, f->seen.bytes + at, end - at);
        if (end > reached)
            reached = end;
    }
    if (shrinks && next_random(v) % 2 == 0)
        reached = f->seen.size;
    f->platter.size = reached;
}

static void cut(struct crash_vfs *v)
{
    v->off = true;
    for (size_t i = 0; i < MAX_FILES; i++) {
        struct disk_file *f = &v->files[i];
        if (f->name == NULL)
            continue;
        if (f->exists)
            settle_content(v, f);
        if (f->exists != f->exists_on_platter && next_random(v) % 2 == 0)
            f->exists_on_platter = f->exists;
    }
}

/* Counts one change. SQLITE_OK: go on. Called with the lock held. */
static int begin_change(struct crash_vfs *v)
{
    if (v->off)
        return SQLITE_IOERR;
    v->changes++;
    if (v->changes == v->fail_at) {
        v->failed = true;
        return SQLITE_IOERR;
    }
    return SQLITE_OK;
}

/* After the change took effect in memory: the power may go while it is on its way to the platter.
 */
static int end_change(struct crash_vfs *v)
{
    if (v->changes != v->cut_at)
        return SQLITE_OK;
    cut(v);
    return SQLITE_IOERR;
}

static int answer(struct crash_vfs *v, int rc)
{
    pthread_mutex_unlock(&v->lock);
    return rc;
}

static int file_read(sqlite3_file *base, void *out, int len, sqlite3_int64 offset)
{
    struct open_file *o = (struct open_file *)base;
    struct image *image = &o->file->seen;
    pthread_mutex_lock(&o->vfs->lock);
    if (o->vfs->off || o->vfs->reads_fail)
        return answer(o->vfs, SQLITE_IOERR_READ);
    size_t at = (size_t)offset, wanted = (size_t)len;
    size_t there = at >= image->size ? 0 : image->size - at;
    if (there > wanted)
        there = wanted;
    if (there > 0)
        memcpy(out, image->bytes + at, there);
    memset((char *)out + there, 0, wanted - there);
    return answer(o->vfs, there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
}

static int file_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 offset)
{
    struct open_file *o = (struct open_file *)base;
    struct image *image = &o->file->seen;
    pthread_mutex_lock(&o->vfs->lock);
    if (begin_change(o->vfs) != SQLITE_OK)
        return answer(o->vfs, SQLITE_IOERR_WRITE);
    size_t end = (size_t)offset + (size_t)len;
    if (end > image->size)
        image_resize(image, end);
    memcpy(image->bytes + offset, bytes, (size_t)len);
    return answer(o->vfs, end_change(o->vfs) == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct open_file *o = (struct open_file *)base;
    pthread_mutex_lock(&o->vfs->lock);
    if (begin_change(o->vfs) != SQLITE_OK)
        return answer(o->vfs, SQLITE_IOERR_TRUNCATE);
    image_resize(&o->file->seen, (size_t)size);
    return answer(o->vfs, end_change(o->vfs) == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_TRUNCATE);
}

static void wait_while_held(struct crash_vfs *v)
{
    v->held++;
    pthread_cond_broadcast(&v->changed);
    while (v->holding)
        pthread_cond_wait(&v->changed, &v->lock);
    v->held--;
}

static void sync_folder(struct crash_vfs *v)
{
    for (size_t i = 0; i < MAX_FILES; i++) {
        struct disk_file *f = &v->files[i];
        if (f->name != NULL && !f->exists)
            f->platter.size = 0;
        f->exists_on_platter = f->exists;
    }
}

static int file_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct open_file *o = (struct open_file *)base;
    struct crash_vfs *v = o->vfs;
    pthread_mutex_lock(&v->lock);
    wait_while_held(v);
    if (begin_change(v) != SQLITE_OK)
        return answer(v, SQLITE_IOERR_FSYNC);
    v->syncs++;
    bool ignored = v->ignored_suffix != NULL &&
                   text_ends_with(text_of(o->file->name), text_of(v->ignored_suffix));
    if (end_change(v) != SQLITE_OK)
        return answer(v, SQLITE_IOERR_FSYNC);
    if (ignored)
        return answer(v, SQLITE_OK);
    image_copy(&o->file->platter, &o->file->seen);
    o->file->exists_on_platter = true;
    if (o->sync_folder)
        sync_folder(v);
    o->sync_folder = false;
    return answer(v, SQLITE_OK);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    struct open_file *o = (struct open_file *)base;
    pthread_mutex_lock(&o->vfs->lock);
    *out = (sqlite3_int64)o->file->seen.size;
    return answer(o->vfs, SQLITE_OK);
}

static int file_close(sqlite3_file *base)
{
    struct open_file *o = (struct open_file *)base;
    pthread_mutex_lock(&o->vfs->lock);
    if (o->delete_on_close)
        o->file->exists = o->file->exists_on_platter = false;
    return answer(o->vfs, SQLITE_OK);
}

static int file_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int file_is_reserved(sqlite3_file *base, int *out)
{
    (void)base;
    *out = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    (void)base;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

static struct disk_file *find(struct crash_vfs *v, const char *name)
{
    for (size_t i = 0; i < MAX_FILES; i++) {
        if (v->files[i].name != NULL && strcmp(v->files[i].name, name) == 0)
            return &v->files[i];
    }
    return NULL;
}

static struct disk_file *find_or_make(struct crash_vfs *v, const char *name)
{
    struct disk_file *f = find(v, name);
    if (f != NULL)
        return f;
    size_t i = 0;
    while (i < MAX_FILES && v->files[i].name != NULL)
        i++;
    BUG_ON(i == MAX_FILES);
    v->files[i].name = xstrdup(name);
    return &v->files[i];
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
    struct crash_vfs *v = vfs->pAppData;
    struct open_file *o = (struct open_file *)base;
    *o = (struct open_file){.vfs = v};
    pthread_mutex_lock(&v->lock);
    if (v->off)
        return answer(v, SQLITE_CANTOPEN);
    struct disk_file *f = find_or_make(v, name != NULL ? name : "(temporary)");
    if (!f->exists) {
        if ((flags & SQLITE_OPEN_CREATE) == 0)
            return answer(v, SQLITE_CANTOPEN);
        f->exists = true; /* a new file: nothing of a deleted one may come through */
        f->exists_on_platter = false;
        f->seen.size = f->platter.size = 0;
        o->sync_folder = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    }
    o->file = f;
    o->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    o->base.pMethods = &file_methods;
    if (out != NULL)
        *out = flags;
    return answer(v, SQLITE_OK);
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int and_sync)
{
    struct crash_vfs *v = vfs->pAppData;
    pthread_mutex_lock(&v->lock);
    if (begin_change(v) != SQLITE_OK)
        return answer(v, SQLITE_IOERR_DELETE);
    struct disk_file *f = find(v, name);
    if (f == NULL || !f->exists)
        return answer(v, SQLITE_IOERR_DELETE_NOENT);
    f->exists = false;
    f->seen.size = 0;
    if (end_change(v) != SQLITE_OK)
        return answer(v, SQLITE_IOERR_DELETE);
    if (and_sync) {
        f->exists_on_platter = false;
        f->platter.size = 0;
    }
    return answer(v, SQLITE_OK);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)flags;
    struct crash_vfs *v = vfs->pAppData;
    pthread_mutex_lock(&v->lock);
    struct disk_file *f = find(v, name);
    *out = f != NULL && f->exists && (flags != SQLITE_ACCESS_EXISTS || f->seen.size > 0);
    return answer(v, v->off ? SQLITE_IOERR_ACCESS : SQLITE_OK);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int len, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)len, "%s", name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    struct crash_vfs *v = vfs->pAppData;
    for (int i = 0; i < len; i++)
        out[i] = (char)crash_vfs_random(v, 256);
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2460000.5;
    return SQLITE_OK;
}

struct crash_vfs *crash_vfs_new(uint64_t seed)
{
    static atomic_uint made;
    struct crash_vfs *v = xcalloc(1, sizeof(*v));
    snprintf(v->name, sizeof(v->name), "crash-%u", atomic_fetch_add(&made, 1));
    v->random = (seed + 1) * 0x9e3779b97f4a7c15u | 1;
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->changed, NULL);
    v->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct open_file),
        .mxPathname = 512,
        .zName = v->name,
        .pAppData = v,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
    };
    BUG_ON(sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK);
    return v;
}

void crash_vfs_free(struct crash_vfs *v)
{
    sqlite3_vfs_unregister(&v->vfs);
    for (size_t i = 0; i < MAX_FILES; i++) {
        free(v->files[i].name);
        free(v->files[i].seen.bytes);
        free(v->files[i].platter.bytes);
    }
    pthread_cond_destroy(&v->changed);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

const char *crash_vfs_name(const struct crash_vfs *v)
{
    return v->name;
}

uint64_t crash_vfs_random(struct crash_vfs *v, uint64_t bound)
{
    pthread_mutex_lock(&v->lock);
    uint64_t number = (next_random(v) >> 16) % bound;
    pthread_mutex_unlock(&v->lock);
    return number;
}

void crash_vfs_cut_at(struct crash_vfs *v, uint64_t n)
{
    pthread_mutex_lock(&v->lock);
    v->cut_at = v->changes + n;
    pthread_mutex_unlock(&v->lock);
}

void crash_vfs_cut(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    if (!v->off)
        cut(v);
    pthread_mutex_unlock(&v->lock);
}

bool crash_vfs_is_off(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    bool off = v->off;
    pthread_mutex_unlock(&v->lock);
    return off;
}

void crash_vfs_power_on(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    for (size_t i = 0; i < MAX_FILES; i++) {
        struct disk_file *f = &v->files[i];
        f->exists = f->exists_on_platter;
        if (!f->exists)
            f->platter.size = 0;
        image_copy(&f->seen, &f->platter);
    }
    v->off = v->failed = v->reads_fail = false;
    v->cut_at = v->fail_at = 0;
    pthread_mutex_unlock(&v->lock);
}

void crash_vfs_fail_at(struct crash_vfs *v, uint64_t n)
{
    pthread_mutex_lock(&v->lock);
    v->fail_at = n == 0 ? 0 : v->changes + n;
    v->failed = false;
    pthread_mutex_unlock(&v->lock);
}

bool crash_vfs_has_failed(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    bool failed = v->failed;
    pthread_mutex_unlock(&v->lock);
    return failed;
}

void crash_vfs_fail_reads(struct crash_vfs *v, bool fail)
{
    pthread_mutex_lock(&v->lock);
    v->reads_fail = fail;
    pthread_mutex_unlock(&v->lock);
}

void crash_vfs_ignore_syncs(struct crash_vfs *v, const char *suffix)
{
    pthread_mutex_lock(&v->lock);
    v->ignored_suffix = suffix;
    pthread_mutex_unlock(&v->lock);
}

void crash_vfs_hold_syncs(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    v->holding = true;
    pthread_mutex_unlock(&v->lock);
}

void crash_vfs_release_syncs(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    v->holding = false;
    pthread_cond_broadcast(&v->changed);
    pthread_mutex_unlock(&v->lock);
}

void crash_vfs_await_held_sync(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    while (v->held == 0)
        pthread_cond_wait(&v->changed, &v->lock);
    pthread_mutex_unlock(&v->lock);
}

uint64_t crash_vfs_changes(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    uint64_t changes = v->changes;
    pthread_mutex_unlock(&v->lock);
    return changes;
}

uint64_t crash_vfs_syncs(struct crash_vfs *v)
{
    pthread_mutex_lock(&v->lock);
    uint64_t syncs = v->syncs;
    pthread_mutex_unlock(&v->lock);
    return syncs;
}
