/*
 * The container-credentials endpoint: the keys of a function's role for the SDKs in its process,
 * who ask again before they end. api.c has its route.
 *
 * A server thread answers with keys that are there; when STS has to be asked, the request waits for
 * the one thread of this file, which starts when it is needed first. A request that waits holds its
 * catalog, so that the provider stays; it needs nothing else of its process.
 *
 * botocore and the SDK for JavaScript want all four members, so keys without an end get a far one,
 * and keys without a token an empty one.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
 */
#include <stdlib.h>

#include "onput/hash.h"
#include "onput/http_client.h"
#include "onput/json.h"
#include "onput/log.h"
#include "onput/memory.h"
#include "runtime_private.h"

enum {
    WAITING_MAX = 64,
    ANSWER_BYTES = 16 * 1024,
    FAR_MS = 12 * 3600 * 1000,
    /* After a failure nobody asks STS again for so long, however often a process asks us. */
    PAUSE_MS = 1000,
};

struct job {
    struct job *next;
    struct http_request *request;
    struct catalog *catalog; /* a reference; of `credentials` */
    struct credentials *credentials;
    struct text function;
};

struct lending {
    const struct clock *clock;
    atomic_bool stopping;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread;
    struct job *jobs, **last;
    int job_count;
    const struct credentials *failed; /* never followed */
    int64_t failed_ms;
};

struct lending *lending_new(const struct clock *clock)
{
    struct lending *l = xcalloc(1, sizeof(*l));
    l->clock = clock;
    l->last = &l->jobs;
    BUG_ON(pthread_mutex_init(&l->lock, NULL) != 0);
    BUG_ON(pthread_cond_init(&l->changed, NULL) != 0);
    return l;
}

/* ---- answers ---- */

static void refuse(struct http_request *r, int status, const char *code, const char *message)
{
    AUTO_BUFFER struct buffer json;
    struct json_writer w;
    buffer_init(&json, ANSWER_BYTES);
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_pair_string(&w, "code", code);
    json_pair_string(&w, "message", message);
    json_object_finish(&w);
    http_respond_json(r, status, buffer_text(&json));
}

static void refuse_for_now(struct http_request *r)
{
    refuse(r, 503, "Unavailable", "The role's keys cannot be fetched at the moment.");
}

/* To the second: not every SDK reads fractions. */
static char *expiration(int64_t expires_ms, int64_t now_ms, char out[TIME_TEXT_BYTES])
{
    struct text t =
        text_of(time_format_rfc3339(expires_ms == INT64_MAX ? now_ms + FAR_MS : expires_ms, out));
    size_t end = text_find(t, '.');
    if (end + 1 < TIME_TEXT_BYTES) {
        out[end] = 'Z';
        out[end + 1] = '\0';
    }
    return out;
}

static void lend(const struct lending *l, struct http_request *r, const struct sigv4_key *key,
                 int64_t expires_ms)
{
    AUTO_BUFFER struct buffer json;
    struct json_writer w;
    char end[TIME_TEXT_BYTES];
    struct http_header no_store = {TEXT("Cache-Control"), TEXT("no-store")};
    buffer_init(&json, ANSWER_BYTES);
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_pair_text(&w, "AccessKeyId", key->access_key);
    json_pair_text(&w, "SecretAccessKey", key->secret_key);
    json_pair_text(&w, "Token", key->session_token);
    json_pair_string(&w, "Expiration", expiration(expires_ms, clock_wall_ms(l->clock), end));
    json_object_finish(&w);
    http_respond(r, &(struct http_response){.status = 200,
                                            .content_type = "application/json",
                                            .headers = &no_store,
                                            .header_count = 1,
                                            .body = buffer_text(&json)});
    explicit_bzero(json.data, json.len);
}

/* ---- the thread ---- */

static struct job *next_job(struct lending *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->jobs == NULL && !atomic_load(&l->stopping))
        (void)pthread_cond_wait(&l->changed, &l->lock);
    struct job *job = l->jobs;
    if (job != NULL) {
        l->jobs = job->next;
        l->job_count--;
        if (l->jobs == NULL)
            l->last = &l->jobs;
    }
    pthread_mutex_unlock(&l->lock);
    return job;
}

static bool failed_just_now(struct lending *l, const struct credentials *credentials)
{
    pthread_mutex_lock(&l->lock);
    bool result = l->failed == credentials && clock_mono_ms(l->clock) - l->failed_ms < PAUSE_MS;
    pthread_mutex_unlock(&l->lock);
    return result;
}

static void note_failure(struct lending *l, const struct job *job, const struct error *err)
{
    LOG(LOG_LEVEL_WARN, "a function's keys cannot be fetched", LOG_TEXT("function", job->function),
        LOG_ERROR_FIELD(err));
    pthread_mutex_lock(&l->lock);
    l->failed = job->credentials;
    l->failed_ms = clock_mono_ms(l->clock);
    pthread_mutex_unlock(&l->lock);
}

static void fetch(struct lending *l, const struct job *job, struct http_client *client)
{
    AUTO_ARENA struct arena arena = {0};
    struct sigv4_key ignored;
    struct error err = {0};
    if (atomic_load(&l->stopping) || failed_just_now(l, job->credentials))
        return;
    if (credentials_get(job->credentials, client, &arena, &ignored, &err) < 0 &&
        !atomic_load(&l->stopping))
        note_failure(l, job, &err);
}

static void do_job(struct lending *l, struct job *job, struct http_client *client)
{
    AUTO_ARENA struct arena arena = {0};
    struct sigv4_key key;
    int64_t expires_ms;
    fetch(l, job, client);
    if (credentials_peek(job->credentials, &arena, &key, &expires_ms) != CREDENTIALS_NONE)
        lend(l, job->request, &key, expires_ms);
    else
        refuse_for_now(job->request);
    catalog_unref(job->catalog);
    free(job);
}

static void *thread_main(void *arg)
{
    struct lending *l = arg;
    struct http_client *client = NULL;
    struct http_client_options options = {.canceled = &l->stopping};
    struct error err = {0};
    struct job *job;
    if (http_client_new(&options, &client, &err) < 0)
        LOG(LOG_LEVEL_WARN, "functions get no keys from STS", LOG_ERROR_FIELD(&err));
    while ((job = next_job(l)) != NULL)
        do_job(l, job, client);
    http_client_free(client);
    return NULL;
}

static bool submit(struct lending *l, struct job *job)
{
    pthread_mutex_lock(&l->lock);
    if (!l->has_thread)
        l->has_thread = pthread_create(&l->thread, NULL, thread_main, l) == 0;
    bool is_taken = l->has_thread && l->job_count < WAITING_MAX;
    if (is_taken) {
        *l->last = job;
        l->last = &job->next;
        l->job_count++;
        pthread_cond_signal(&l->changed);
    }
    pthread_mutex_unlock(&l->lock);
    return is_taken;
}

void lending_free(struct lending *l)
{
    if (l == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    atomic_store(&l->stopping, true);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    if (l->has_thread)
        (void)pthread_join(l->thread, NULL);
    (void)pthread_cond_destroy(&l->changed);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- the route ---- */

static bool knows_token(const struct http_request *r, const struct instance *i)
{
    struct text token = text_of(i->token);
    bool in_path = secret_equal(http_request_capture(r, "token"), token);
    bool in_header = secret_equal(http_request_header(r, "Authorization"), token);
    return in_path && in_header;
}

static void fetch_later(struct lending *l, struct http_request *r, const struct instance *i,
                        struct credentials *credentials)
{
    struct job *job = xcalloc(1, sizeof(*job));
    job->request = r;
    job->catalog = catalog_ref(i->catalog);
    job->credentials = credentials;
    job->function = i->function->name;
    if (submit(l, job))
        return;
    catalog_unref(job->catalog);
    free(job);
    refuse_for_now(r);
}

static struct credentials *credentials_of(const struct instance *i)
{
    const struct store *store = catalog_function_store(i->catalog, i->function);
    return store != NULL ? catalog_lent_credentials(i->catalog, i->function, store) : NULL;
}

void lending_handle(void *ctx UNUSED, struct http_request *r)
{
    struct instance *i = http_request_owner(r);
    struct lending *l = i->runtime->lending;
    AUTO_ARENA struct arena arena = {0};
    struct sigv4_key key;
    int64_t expires_ms;
    if (!knows_token(r, i)) {
        refuse(r, 403, "AccessDenied", "That is not the token of this process.");
        return;
    }
    struct credentials *credentials = credentials_of(i);
    if (credentials == NULL)
        refuse(r, 404, "NotFound", "The function's role has no keys.");
    else if (credentials_peek(credentials, &arena, &key, &expires_ms) == CREDENTIALS_FRESH)
        lend(l, r, &key, expires_ms);
    else
        fetch_later(l, r, i, credentials);
}
