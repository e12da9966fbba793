/*
 * demo_private.h - the pieces of `onput demo`.
 */
#ifndef ONPUT_DEMO_PRIVATE_H
#define ONPUT_DEMO_PRIVATE_H

#include <pthread.h>

#include "cli_private.h"
#include "onput/daemon.h"
#include "onput/devstore.h"
#include "onput/storage.h"

enum { DEMO_MAX_PHOTOS = 500 };

/* One photo, and what became of it. */
struct demo_photo {
    const char *path;
    const char *key; /* the file's name */
    int64_t bytes;
    bool finished; /* an attempt ended it */
    bool failed;
    int attempts;
    const char *message; /* of a failure */
    struct json_object *report;
    int64_t queue_ms, fetch_ms, run_ms, store_ms;
    bool verified; /* every rendition was read back and decodes */
};

struct demo {
    const struct cli_args *args;
    struct arena arena;
    char *directory; /* store and state; removed at the end */
    char *results;   /* thumbnails as files; stays */
    const char *access_key, *secret_key, *token;
    struct demo_photo *photos;
    size_t photo_count;
    struct devstore *store;
    struct daemon *daemon;
    struct storage *storage;
    struct storage_session *session;
    struct credentials *credentials;
    pthread_mutex_t lock; /* over the photos' outcomes, which job threads write */
    pthread_cond_t finished;
};

/* demo_photos.c: files of `dir`, or of the photos that come with onput. */
MUST_CHECK int demo_find_photos(struct demo *d, const char *dir, struct error *err);

/* demo_start.c */
MUST_CHECK int demo_start(struct demo *d, struct error *err);
void demo_stop(struct demo *d);

/* demo_run.c */
MUST_CHECK int demo_upload(struct demo *d, struct error *err);
MUST_CHECK int demo_wait(struct demo *d, struct error *err);
void demo_on_attempt(void *ctx, const struct invocation *invocation, const struct outcome *outcome,
                     int64_t queue_ms);

/* demo_verify.c: reads every rendition back, has it decoded by a worker, and writes it to
 * d->results. */
MUST_CHECK int demo_verify(struct demo *d, struct error *err);

/* demo_table.c */
void demo_print(const struct demo *d);
void demo_print_how_to_go_on(const struct demo *d);

#endif
