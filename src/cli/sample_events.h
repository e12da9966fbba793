/*
 * sample_events.h - events as their senders write them, with values of your own in them.
 *
 * Services, events and names of values are those of the SAM CLI's `local generate-event`, and some
 * shorter ones: apigw, http-api, and an event may be left out where "s3" is not the service.
 */
#ifndef ONPUT_SAMPLE_EVENTS_H
#define ONPUT_SAMPLE_EVENTS_H

#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

/* Values that any event may be given, whether it has a place for them or not. */
#define SAMPLE_COMMON_VALUES "region account-id partition dns-suffix"

struct sample_value {
    const char *name; /* of its flag: "queue-name" */
    struct text value;
};

struct sample_request {
    struct text service; /* "s3", "sqs", ... */
    struct text event;   /* "put", ...; may be empty */
    struct text store;   /* of s3: "aws", "minio", "ceph", "rustfs" */
    const struct sample_value *values;
    size_t value_count;
};

/*
 * One JSON object. ERROR_NOT_FOUND: there is no such event; ERROR_INVALID: it has no place for one
 * of the values; ERROR_LIMIT: it got longer than `out` may be. Pure.
 */
MUST_CHECK int sample_event_write(const struct sample_request *request, struct buffer *out,
                                  struct error *err);
/* The services and their events with their values, one line each. */
void sample_event_list(struct buffer *out);

#endif
