/*
 * registry.h - functions that can be changed while the daemon runs: durable rows, one writer.
 *
 * The registry keeps the rows of catalog.h in <state>/registry.db and publishes a new catalog after
 * every change. All changes run one after the other on its thread, as jobs; reading needs no job,
 * only the current catalog.
 *
 * Declared functions: at start and on reload the configuration's functions are written over what
 * the registry has of them: settings, permissions, concurrency. What the API added to them stays:
 * statements with other ids, versions, aliases, URLs, tags. Where both speak of the same thing the
 * configuration wins, and a log line says what was replaced. A declared function that the
 * configuration names no more is removed with everything that belongs to it, with a log line.
 *
 * A declared function whose command cannot be started is an error of the configuration. A stored
 * function that cannot be used any more (its role left the configuration, its package or program is
 * gone, a row of it cannot be read) is logged and left out of the catalog. Its rows stay, and an
 * edit finds them. So do versions and aliases that cannot be used; the function runs without them.
 *
 * Calling sequence: registry_open() builds the first catalog; registry_submit() as often as wanted;
 * registry_close() runs what was submitted and ends the thread.
 *
 * Durability: registry_edit_commit() returns after the sync. An I/O error is final, as in queue.h.
 */
#ifndef ONPUT_REGISTRY_H
#define ONPUT_REGISTRY_H

#include "onput/catalog.h"

struct registry;

struct registry_options {
    const char *directory; /* state directory; made when missing */
    const char *vfs;       /* NULL: the system's */
    const struct clock *clock;
    struct metrics *metrics;
    /* Called on the registry's thread after a change or a reload was published; may be NULL. */
    void (*on_change)(void *ctx);
    void *on_change_ctx;
    /* The first I/O error, on the registry's thread; may be NULL. */
    void (*on_fatal)(void *ctx, const struct error *err);
    void *on_fatal_ctx;
};

/* Takes *config over, also on failure. */
MUST_CHECK int registry_open(struct config *config, const struct registry_options *options,
                             struct registry **out, struct error *err);
/* Runs what was submitted and ends the thread; the catalogs stay. NULL-safe. */
void registry_drain(struct registry *r);
void registry_close(struct registry *r); /* NULL-safe; drains when not drained */
struct catalog_holder *registry_catalogs(struct registry *r); /* belongs to the registry */
bool registry_has_failed(struct registry *r);
/* Another configuration: everything is resolved anew; on failure the old one stays. Waits. Takes
 * *config over, also on failure. */
MUST_CHECK int registry_reload(struct registry *r, struct config *config, struct error *err);

/* A piece of work for the registry's thread. Belongs to the caller until run() is called. */
struct registry_job {
    void (*run)(struct registry_job *job);
    struct registry_job *next; /* the registry's own */
};

/* Never blocks; in order. False when the registry is closing: run() will not be called. */
bool registry_submit(struct registry *r, struct registry_job *job);

/* ---- changes, on the registry's thread only ---- */

/* Shows every row of every function, usable or not. False: some rows could not be read. */
bool registry_each_row(struct registry *r, void (*show)(void *ctx, const struct row *row),
                       void *ctx);

/* The rows of one function while they are changed. Texts live as long as the edit, pointers to rows
 * until its next change. */
struct registry_edit;

/* `name` need not exist yet. */
struct registry_edit *registry_edit_begin(struct registry *r, struct text name);
bool registry_edit_exists(const struct registry_edit *edit); /* has a $LATEST row */
const struct row *registry_edit_row(const struct registry_edit *edit, enum row_kind kind,
                                    struct text qualifier); /* or NULL */
size_t registry_edit_rows(const struct registry_edit *edit, enum row_kind kind,
                          const struct row **out);
void registry_edit_put(struct registry_edit *edit, enum row_kind kind, struct text qualifier,
                       struct text json); /* copied */
void registry_edit_remove(struct registry_edit *edit, enum row_kind kind, struct text qualifier);
void registry_edit_remove_all(struct registry_edit *edit); /* the function is deleted */
/*
 * Resolves, stores, syncs, publishes; the edit is used up either way. ERROR_INVALID or ERROR_LIMIT:
 * the rows make no function, and the message says why; nothing was changed.
 */
MUST_CHECK int registry_edit_commit(struct registry_edit *edit, struct error *err);
void registry_edit_abandon(struct registry_edit *edit); /* NULL-safe */

#endif
