/*
 * A direct asynchronous invocation: one row about no object, answered when it is synced. Whether
 * the caller may was asked before.
 */
#include "intake_private.h"

#include <stdlib.h>

#include "onput/encoding.h"
#include "onput/memory.h"

/* Lives until its commit. */
struct direct {
    struct queue_submission queue; /* first: done() gets this one back */
    struct invocation row;
    enum queue_verdict verdict;
    struct arena arena; /* the row's texts */
    intake_invoked done;
    void *done_ctx;
};

static void direct_free(struct direct *d)
{
    arena_release(&d->arena);
    free(d);
}

static void on_committed(struct queue_submission *queue, const struct error *err)
{
    struct direct *d = (struct direct *)queue;
    d->done(d->done_ctx, err == NULL ? d->row.request_id : NULL, err);
    direct_free(d);
}

static struct direct *direct_new(struct text reference, struct text payload, intake_invoked done,
                                 void *ctx)
{
    struct direct *d = xcalloc(1, sizeof(*d));
    arena_init(&d->arena);
    d->row = (struct invocation){
        .state = INVOCATION_PENDING,
        .function = arena_text(&d->arena, reference),
        .store = TEXT(""),
        .bucket = TEXT(""),
        .key = TEXT(""),
        .reason = TEXT(""),
        .payload = arena_text(&d->arena, payload),
    };
    random_bytes(d->row.identity, sizeof(d->row.identity)); /* two equal calls are two calls */
    d->queue = (struct queue_submission){
        .rows = &d->row, .count = 1, .verdicts = &d->verdict, .done = on_committed};
    d->done = done;
    d->done_ctx = ctx;
    return d;
}

int intake_invoke(struct intake *in, struct text reference, struct text payload,
                  intake_invoked done, void *ctx, struct error *err)
{
    struct direct *d = direct_new(reference, payload, done, ctx);
    if (in->options.sink.submit(in->options.sink.ctx, &d->queue, err) == 0)
        return 0;
    direct_free(d);
    return -1;
}
