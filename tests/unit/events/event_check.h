/*
 * event_check.h - when two decoded events are equal. For the unit tests and the fuzz targets, which
 * state that the document of a record decodes to the record, and that a function sees the same
 * events as the door.
 */
#ifndef ONPUT_TESTS_EVENT_CHECK_H
#define ONPUT_TESTS_EVENT_CHECK_H

#include <stdbool.h>
#include <stdlib.h>

#include "onput/event_decode.h"
#include "onput/event_unwrap.h"

static inline bool events_equal(const struct event *a, const struct event *b)
{
    return a->dialect == b->dialect && a->kind == b->kind && text_equal(a->name, b->name) &&
           text_equal(a->bucket, b->bucket) && text_equal(a->key, b->key) &&
           text_equal(a->version_id, b->version_id) && text_equal(a->etag, b->etag) &&
           a->size == b->size && a->time_ms == b->time_ms && text_equal(a->order, b->order) &&
           text_equal(a->sequencer, b->sequencer) && text_equal(a->user_agent, b->user_agent) &&
           text_equal(a->principal, b->principal) && a->made_by_onput == b->made_by_onput &&
           text_equal(a->opaque_data, b->opaque_data);
}

/* Aborts, as a fuzz target wants it, when the stored document of a record is not the record. */
static inline void check_round_trip(const struct event_record *record)
{
    struct event_batch again = {0};
    struct error err = {0};
    bool ok = event_decode(record->document, &again, &err) == 0 &&
              again.kind == EVENT_BATCH_RECORDS && again.count == 1 &&
              events_equal(&again.records[0].event, &record->event) &&
              text_equal(again.records[0].document, record->document);

    if (!ok)
        abort();
    event_batch_release(&again);
}

/* Aborts when a body of records is something else to a function; other bodies say nothing. */
static inline void check_unwrap(struct text body, const struct event_requests *requests)
{
    struct event_batch batch = {0};
    struct error err = {0};

    if (event_decode(body, &batch, &err) == 0 && batch.kind == EVENT_BATCH_RECORDS) {
        if (requests->count != batch.count)
            abort();
        for (size_t i = 0; i < batch.count; i++)
            if (!events_equal(&requests->items[i].event, &batch.records[i].event) ||
                requests->items[i].is_direct)
                abort();
    }
    event_batch_release(&batch);
}

#endif
