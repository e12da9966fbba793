/*
 * Uploading, and waiting until the notifications have done their work.
 */
#include "demo_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { DEMO_PATIENCE_S = 300 };

static int upload(struct demo *d, const struct demo_photo *photo, struct error *err)
{
    AUTO_CLOSE int fd = open(photo->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot open %s", photo->path);
    if (photo->bytes == 0)
        return error_set(err, ERROR_INVALID, "%s is empty", photo->path);
    void *map = mmap(NULL, (size_t)photo->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_set_errno(err, ERROR_IO, "cannot read %s", photo->path);
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct storage_object object = {TEXT("photos"), text_of(photo->key), TEXT("")};
    struct storage_put_options options = {.content_type = TEXT("application/octet-stream"),
                                          .cache_control = TEXT(""),
                                          .tagging = TEXT("")};
    int result = storage_put(d->session, d->credentials, &object,
                             (struct text){map, (size_t)photo->bytes}, &options, &arena, NULL, err);
    munmap(map, (size_t)photo->bytes);
    return result < 0 ? error_prefix(err, "upload of %s", photo->path) : 0;
}

int demo_upload(struct demo *d, struct error *err)
{
    for (size_t i = 0; i < d->photo_count; i++) {
        if (upload(d, &d->photos[i], err) < 0)
            return -1;
    }
    return 0;
}

static struct demo_photo *find_photo(struct demo *d, struct text key)
{
    for (size_t i = 0; i < d->photo_count; i++) {
        if (text_is(key, d->photos[i].key))
            return &d->photos[i];
    }
    return NULL;
}

/* The upload of one photo is one object of its event. */
static struct json_object *read_report(struct text result)
{
    AUTO_JSON struct json_object *returned = NULL;
    struct error err = {0};
    if (json_parse(result, &returned, &err) < 0)
        return NULL;
    return json_object_get(json_at(returned, "results[0]"));
}

static void note_outcome(struct demo *d, struct demo_photo *photo, const struct outcome *outcome,
                         int64_t queue_ms)
{
    photo->attempts++;
    photo->queue_ms = queue_ms;
    photo->fetch_ms = outcome->fetch_ms;
    photo->run_ms = outcome->run_ms;
    photo->store_ms = outcome->store_ms;
    photo->failed = outcome->status != OUTCOME_DONE;
    if (photo->failed)
        photo->message =
            arena_strdup(&d->arena, outcome->status == OUTCOME_FAILED ? outcome->error.message
                                                                      : outcome->detail);
    else if (photo->report == NULL)
        photo->failed = (photo->report = read_report(outcome->result)) == NULL;
    photo->finished = outcome->status != OUTCOME_FAILED || !outcome->error.retryable;
}

void demo_on_attempt(void *ctx, const struct invocation *invocation, const struct outcome *outcome,
                     int64_t queue_ms)
{
    struct demo *d = ctx;
    pthread_mutex_lock(&d->lock);
    struct demo_photo *photo = find_photo(d, invocation->key);
    if (photo != NULL && !photo->finished)
        note_outcome(d, photo, outcome, queue_ms);
    pthread_cond_signal(&d->finished);
    pthread_mutex_unlock(&d->lock);
}

static size_t count_unfinished(const struct demo *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->photo_count; i++)
        n += !d->photos[i].finished;
    return n;
}

int demo_wait(struct demo *d, struct error *err)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEMO_PATIENCE_S;
    pthread_mutex_lock(&d->lock);
    while (count_unfinished(d) > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&d->finished, &d->lock, &until);
    size_t left = count_unfinished(d);
    pthread_mutex_unlock(&d->lock);
    if (left > 0)
        return error_set(err, ERROR_TIMEOUT, "%zu photos were not finished within %d s", left,
                         DEMO_PATIENCE_S);
    return 0;
}
