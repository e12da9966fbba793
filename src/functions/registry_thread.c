/*
 * The registry's thread: runs jobs in the order in which they came.
 */
#include "registry_private.h"

#include <errno.h>

void registry_thread_init(struct registry *r)
{
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->work, NULL);
    r->jobs_tail = &r->jobs;
}

bool registry_submit(struct registry *r, struct registry_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&r->lock);
    bool is_open = !r->closing;
    if (is_open) {
        *r->jobs_tail = job;
        r->jobs_tail = &job->next;
        pthread_cond_signal(&r->work);
    }
    pthread_mutex_unlock(&r->lock);
    return is_open;
}

/* All that waits; NULL when there is nothing and nothing will come. */
static struct registry_job *take_jobs(struct registry *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->jobs == NULL && !r->closing)
        pthread_cond_wait(&r->work, &r->lock);
    struct registry_job *jobs = r->jobs;
    r->jobs = NULL;
    r->jobs_tail = &r->jobs;
    pthread_mutex_unlock(&r->lock);
    return jobs;
}

static void *thread_main(void *ctx)
{
    struct registry *r = ctx;
    (void)pthread_setname_np(pthread_self(), "onput-registry");
    struct registry_job *jobs;
    while ((jobs = take_jobs(r)) != NULL) {
        while (jobs != NULL) {
            struct registry_job *next = jobs->next; /* the job may be gone after run() */
            jobs->run(jobs);
            jobs = next;
        }
        registry_db_checkpoint(r);
    }
    return NULL;
}

int registry_thread_start(struct registry *r, struct error *err)
{
    r->started = true; /* before the thread, which looks at it */
    int rc = pthread_create(&r->thread, NULL, thread_main, r);
    if (rc == 0)
        return 0;
    r->started = false;
    errno = rc;
    return error_set_errno(err, ERROR_INTERNAL, "cannot start the registry's thread");
}

void registry_thread_stop(struct registry *r)
{
    if (!r->started)
        return;
    pthread_mutex_lock(&r->lock);
    r->closing = true;
    pthread_cond_signal(&r->work);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    r->started = false;
}

void registry_thread_release(struct registry *r)
{
    pthread_cond_destroy(&r->work);
    pthread_mutex_destroy(&r->lock);
}
