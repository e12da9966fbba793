/*
 * deploy.c - the thread for code. Fetching, checking and unpacking a package takes seconds: too
 * long for the threads of the server and for the registry's, on which the changes of all functions
 * wait. Calls about code come here first, one after the other, and go on to the registry; the next
 * one begins when that is done, so that here the functions stand still.
 *
 * Between two calls, packages that nobody uses are removed: package_sweep.c.
 */
#include "deploy_private.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "onput/encoding.h"
#include "onput/memory.h"

/* What may wait: calls, and bytes of their bodies. */
enum { WAITING_MAX = 64 };
static const size_t WAITING_MAX_BYTES = 256 * 1024 * 1024;

struct deployer {
    struct lambda_api *api;
    uint8_t key[PACKAGE_KEY_BYTES];
    atomic_bool canceled;
    struct package_sweep *sweep; /* of the thread */

    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    pthread_cond_t job_done;
    struct lambda_call *first, **tail;
    size_t waiting;
    size_t waiting_bytes; /* the one that runs counts, too */
    bool job_is_done;
    bool closing;
};

/* ---- the registry's thread and back ---- */

struct hop {
    struct registry_job job; /* first */
    struct deployer *deployer;
    void (*work)(void *ctx);
    void *ctx;
};

static void run_hop(struct registry_job *job)
{
    struct hop *hop = (struct hop *)job;
    struct deployer *d = hop->deployer;
    hop->work(hop->ctx);
    pthread_mutex_lock(&d->lock);
    d->job_is_done = true;
    pthread_cond_signal(&d->job_done);
    pthread_mutex_unlock(&d->lock);
}

bool deployer_on_registry(struct deployer *d, void (*work)(void *ctx), void *ctx)
{
    struct hop hop = {.job = {.run = run_hop}, .deployer = d, .work = work, .ctx = ctx};
    pthread_mutex_lock(&d->lock);
    d->job_is_done = false;
    pthread_mutex_unlock(&d->lock);
    if (!registry_submit(d->api->registry, &hop.job))
        return false;
    pthread_mutex_lock(&d->lock);
    while (!d->job_is_done)
        pthread_cond_wait(&d->job_done, &d->lock);
    pthread_mutex_unlock(&d->lock);
    return true;
}

/* ---- a call ---- */

static void run_edit(void *call)
{
    call_run_edit(call);
}

/* With the functions as they are now. */
static void deploy(struct deployer *d, struct lambda_call *call)
{
    catalog_unref(call->catalog);
    call->catalog = catalog_holder_get(registry_catalogs(d->api->registry));
    if (call->operation->prepare(call) && !deployer_on_registry(d, run_edit, call))
        call_fail(call, ERR_SERVICE, "The service is shutting down.");
}

static size_t body_bytes(const struct lambda_call *call)
{
    return http_request_body(call->http).len;
}

void deployer_submit(struct deployer *d, struct lambda_call *call)
{
    BUG_ON(d == NULL);
    size_t bytes = body_bytes(call);
    pthread_mutex_lock(&d->lock);
    bool closing = d->closing;
    bool fits = d->waiting < WAITING_MAX && bytes <= WAITING_MAX_BYTES - d->waiting_bytes;
    if (!closing && fits) {
        call->next = NULL;
        *d->tail = call;
        d->tail = &call->next;
        d->waiting++;
        d->waiting_bytes += bytes;
        pthread_cond_signal(&d->work);
    }
    pthread_mutex_unlock(&d->lock);
    if (closing)
        call_fail(call, ERR_SERVICE, "The service is shutting down.");
    else if (!fits)
        call_throttle(call, "CallerRateLimitExceeded");
}

/* ---- the thread ---- */

static struct timespec sweep_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += PACKAGE_SWEEP_SECONDS;
    return t;
}

/* The next call, or NULL: it is time for a sweep or for the end. */
static struct lambda_call *take_call(struct deployer *d, const struct timespec *until)
{
    int result = 0;
    pthread_mutex_lock(&d->lock);
    while (d->first == NULL && !d->closing && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&d->work, &d->lock, until);
    struct lambda_call *call = d->first;
    if (call != NULL) {
        d->first = call->next;
        if (d->first == NULL)
            d->tail = &d->first;
    }
    pthread_mutex_unlock(&d->lock);
    return call;
}

static bool is_closing(struct deployer *d)
{
    pthread_mutex_lock(&d->lock);
    bool closing = d->closing;
    pthread_mutex_unlock(&d->lock);
    return closing;
}

static void run_call(struct deployer *d, struct lambda_call *call)
{
    size_t bytes = body_bytes(call); /* the call ends with its answer */
    if (is_closing(d))
        call_fail(call, ERR_SERVICE, "The service is shutting down.");
    else
        deploy(d, call);
    pthread_mutex_lock(&d->lock);
    d->waiting--;
    d->waiting_bytes -= bytes;
    pthread_mutex_unlock(&d->lock);
}

static void *run(void *arg)
{
    struct deployer *d = arg;
    struct timespec next_sweep = sweep_time();
    package_sweep_run(d->sweep, PACKAGE_SWEEP_START);
    for (;;) {
        struct lambda_call *call = take_call(d, &next_sweep);
        if (call != NULL) {
            run_call(d, call);
        } else if (is_closing(d)) {
            return NULL;
        } else {
            package_sweep_run(d->sweep, PACKAGE_SWEEP_LATER);
            next_sweep = sweep_time();
        }
    }
}

/* ---- life ---- */

static void init_conditions(struct deployer *d)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->work, &monotonic);
    pthread_cond_init(&d->job_done, NULL);
    pthread_condattr_destroy(&monotonic);
}

static void deployer_free(struct deployer *d)
{
    package_sweep_free(d->sweep);
    pthread_cond_destroy(&d->job_done);
    pthread_cond_destroy(&d->work);
    pthread_mutex_destroy(&d->lock);
    explicit_bzero(d->key, sizeof(d->key));
    free(d);
}

int lambda_open(struct lambda_api *api, struct error *err)
{
    struct deployer *d = xcalloc(1, sizeof(*d));
    d->api = api;
    d->tail = &d->first;
    d->sweep = package_sweep_new(api, d);
    random_bytes(d->key, sizeof(d->key));
    init_conditions(d);
    errno = pthread_create(&d->thread, NULL, run, d);
    if (errno != 0) {
        error_set_errno(err, ERROR_UNAVAILABLE, "cannot start the deployment thread");
        deployer_free(d);
        return -1;
    }
    api->deployer = d;
    return 0;
}

void lambda_close(struct lambda_api *api)
{
    struct deployer *d = api->deployer;
    if (d == NULL)
        return;
    atomic_store(&d->canceled, true);
    pthread_mutex_lock(&d->lock);
    d->closing = true;
    pthread_cond_signal(&d->work);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    deployer_free(d);
    api->deployer = NULL;
}

const atomic_bool *deployer_canceled(const struct deployer *d)
{
    return &d->canceled;
}

const uint8_t *deployer_key(const struct deployer *d)
{
    return d->key;
}
