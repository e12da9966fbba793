/*
 * deliver.c - one thread per target: POSTs bodies in order, each until the receiver takes it.
 */
#include "devstore_private.h"

#include <errno.h>
#include <string.h>

#include "onput/http_client.h"
#include "onput/log.h"
#include "onput/memory.h"

enum {
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 5000,
    MAX_ANSWER_BYTES = 64 * 1024,
    TIMEOUT_MS = 30000,
};

struct letter {
    struct letter *next;
    char *body;
    size_t len;
};

struct target {
    struct target *next;
    char *arn;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    char *url;
    char *authorization; /* or NULL */
    struct letter *first;
    struct letter *last;
    size_t count;
    bool stopping;
    atomic_bool canceled;
};

static void letter_free(struct letter *letter)
{
    free(letter->body);
    free(letter);
}

/* The address may change while the target waits, so each attempt takes it anew. */
static bool deliver_once(struct target *target, struct http_client *client,
                         const struct letter *letter)
{
    AUTO_ARENA struct arena arena = {0};
    struct http_header headers[2] = {{TEXT("Content-Type"), TEXT("application/json")}};
    size_t count = 1;
    pthread_mutex_lock(&target->lock);
    const char *url = arena_strdup(&arena, target->url);
    if (target->authorization)
        headers[count++] = (struct http_header){
            TEXT("Authorization"), text_of(arena_strdup(&arena, target->authorization))};
    pthread_mutex_unlock(&target->lock);
    struct http_call call = {.method = "POST",
                             .url = url,
                             .headers = headers,
                             .header_count = count,
                             .body = {letter->body, letter->len},
                             .max_body_bytes = MAX_ANSWER_BYTES,
                             .timeout_ms = TIMEOUT_MS};
    struct http_reply reply = {0};
    struct error err = {0};
    if (http_client_perform(client, &call, &reply, &err) != 0) {
        LOG(LOG_LEVEL_DEBUG, "notification not delivered", LOG_STRING("target", target->arn),
            LOG_ERROR_FIELD(&err));
        return false;
    }
    bool taken = reply.status >= 200 && reply.status < 300;
    if (!taken)
        LOG(LOG_LEVEL_DEBUG, "notification refused", LOG_STRING("target", target->arn),
            LOG_I64("status", reply.status));
    http_reply_release(&reply);
    return taken;
}

/* With the lock held. False when the target ends meanwhile. */
static bool pause_for(struct target *target, int64_t ms)
{
    struct timespec until = clock_deadline(ms);
    while (!target->stopping &&
           pthread_cond_timedwait(&target->changed, &target->lock, &until) != ETIMEDOUT) {
    }
    return !target->stopping;
}

/* With the lock held, but for the calls. */
static void deliver_first(struct target *target, struct http_client *client)
{
    struct letter *letter = target->first;
    int64_t pause_ms = FIRST_PAUSE_MS;
    for (;;) {
        pthread_mutex_unlock(&target->lock);
        bool taken = deliver_once(target, client, letter);
        pthread_mutex_lock(&target->lock);
        if (taken)
            break;
        if (!pause_for(target, pause_ms))
            return;
        pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
    }
    target->first = letter->next;
    if (!target->first)
        target->last = NULL;
    target->count--;
    letter_free(letter);
}

static void *target_main(void *arg)
{
    struct target *target = arg;
    struct http_client *client = NULL;
    struct http_client_options options = {.user_agent = "onput-devstore/" ONPUT_VERSION,
                                          .canceled = &target->canceled};
    struct error err = {0};
    if (http_client_new(&options, &client, &err) != 0) {
        LOG(LOG_LEVEL_ERROR, "development store cannot notify", LOG_ERROR_FIELD(&err));
        return NULL;
    }
    pthread_mutex_lock(&target->lock);
    while (!target->stopping) {
        if (target->first)
            deliver_first(target, client);
        else
            pthread_cond_wait(&target->changed, &target->lock);
    }
    pthread_mutex_unlock(&target->lock);
    http_client_free(client);
    return NULL;
}

static void set_address(struct target *target, const struct devstore_target *options)
{
    pthread_mutex_lock(&target->lock);
    free(target->url);
    free_secret(target->authorization);
    target->url = xstrdup(options->url);
    target->authorization =
        options->bearer_token ? xasprintf("Bearer %s", options->bearer_token) : NULL;
    pthread_mutex_unlock(&target->lock);
}

struct target *target_find(struct target *list, const char *arn)
{
    while (list && strcmp(list->arn, arn) != 0)
        list = list->next;
    return list;
}

struct target *target_add(struct target **list, const struct devstore_target *options)
{
    struct target *target = target_find(*list, options->arn);
    if (target) {
        set_address(target, options);
        return target;
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    target = xcalloc(1, sizeof(*target));
    target->arn = xstrdup(options->arn);
    pthread_mutex_init(&target->lock, NULL);
    pthread_cond_init(&target->changed, &attr);
    pthread_condattr_destroy(&attr);
    set_address(target, options);
    BUG_ON(pthread_create(&target->thread, NULL, target_main, target) != 0);
    target->next = *list;
    *list = target;
    return target;
}

void target_post(struct target *target, struct text body)
{
    struct letter *letter = xcalloc(1, sizeof(*letter));
    letter->body = xmemdup_text(body);
    letter->len = body.len;
    pthread_mutex_lock(&target->lock);
    if (target->last)
        target->last->next = letter;
    else
        target->first = letter;
    target->last = letter;
    target->count++;
    pthread_cond_signal(&target->changed);
    pthread_mutex_unlock(&target->lock);
}

size_t targets_undelivered(struct target *list)
{
    size_t count = 0;
    for (struct target *t = list; t; t = t->next) {
        pthread_mutex_lock(&t->lock);
        count += t->count;
        pthread_mutex_unlock(&t->lock);
    }
    return count;
}

static void target_free(struct target *target)
{
    pthread_mutex_lock(&target->lock);
    target->stopping = true;
    atomic_store(&target->canceled, true);
    pthread_cond_broadcast(&target->changed);
    pthread_mutex_unlock(&target->lock);
    pthread_join(target->thread, NULL);
    for (struct letter *letter = target->first; letter;) {
        struct letter *next = letter->next;
        letter_free(letter);
        letter = next;
    }
    pthread_cond_destroy(&target->changed);
    pthread_mutex_destroy(&target->lock);
    free(target->arn);
    free(target->url);
    free_secret(target->authorization);
    free(target);
}

void targets_free(struct target *list)
{
    while (list) {
        struct target *next = list->next;
        target_free(list);
        list = next;
    }
}
