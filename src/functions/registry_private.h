/*
 * registry_private.h - the registry's parts.
 *
 *   registry.c          open, reload, close; what a new configuration makes of the stored rows
 *   registry_thread.c   jobs, one after the other
 *   registry_db.c       the table: load it, write what changed
 *   registry_edit.c     one function's rows while they are changed
 */
#ifndef ONPUT_REGISTRY_PRIVATE_H
#define ONPUT_REGISTRY_PRIVATE_H

#include <pthread.h>

#include "functions_private.h"
#include "onput/db.h"
#include "onput/registry.h"

enum registry_statement {
    REGISTRY_BEGIN,
    REGISTRY_COMMIT,
    REGISTRY_LOAD,
    REGISTRY_PUT,
    REGISTRY_REMOVE,
    REGISTRY_REMOVE_ALL,
    REGISTRY_STATEMENT_COUNT
};

struct registry {
    struct registry_options options;
    char *directory;
    struct catalog_holder *catalogs;

    /* of the registry's thread; before it is there, of registry_open() */
    struct db db;
    sqlite3_stmt *statements[REGISTRY_STATEMENT_COUNT];
    int wal_pages;
    struct base *base;
    struct record_list records; /* usable or not: every function that the table has */

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct registry_job *jobs, **jobs_tail;
    bool closing;
    bool failed;
    struct error fatal;
};

/* registry_thread.c */
void registry_thread_init(struct registry *r);
MUST_CHECK int registry_thread_start(struct registry *r, struct error *err);
void registry_thread_stop(struct registry *r);
void registry_thread_release(struct registry *r);

/* registry_db.c */
/* Rows of one function before and after; either may be NULL for none. */
struct registry_change {
    const struct function_record *before;
    const struct function_record *after;
    bool is_wiped; /* nothing of what is stored stays, readable or not */
};

MUST_CHECK int registry_db_open(struct registry *r, struct error *err);
void registry_db_close(struct registry *r);
/* Adds every function of the table to r->records, none of them usable yet. */
MUST_CHECK int registry_db_load(struct registry *r, struct error *err);
/* One transaction, synced; none when nothing differs. An error is final. */
MUST_CHECK int registry_db_write(struct registry *r, const struct registry_change *changes,
                                 size_t count, struct error *err);
/* Copies the log into the database when it has grown; to be called when nobody waits. */
void registry_db_checkpoint(struct registry *r);
const struct db_migration *registry_migrations(int *out_count);

/* registry.c: the records and the base are taken; the catalog of them is the current one from now
 * on. */
void registry_publish(struct registry *r, struct base *base, struct record_list *records);

#endif
