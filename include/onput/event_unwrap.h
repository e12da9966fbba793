/*
 * event_unwrap.h - which objects a function's event speaks of, whatever is wrapped around them.
 *
 * A function that works on objects is handed many shapes of event, by webhooks and by whoever
 * invokes it:
 *   - a notification of any sender that event_decode.h knows, with any number of records;
 *   - {"bucket":"b","key":"k"} with "store", "version_id" or "etag" where wanted; the key is taken
 *     as it is, not percent-encoded;
 *   - a notification inside an SNS message, as SNS POSTs it or as Lambda is handed it
 *     (Records[].Sns.Message), inside SQS messages (Records[].body), or one inside the other;
 *   - a JSON list of these.
 * A test event of S3 is nothing to do, wherever it stands. The order is kept.
 *
 * Only the caller's own event may use the short form: what travels inside a message was written by
 * somebody else, and can only be a notification.
 *
 * Errors: ERROR_INVALID, ERROR_LIMIT or ERROR_UNSUPPORTED with the path of what is wrong
 * ("Records[1].body: Records[0].s3: missing"); for an event of no known shape the message shows the
 * shapes. One bad part makes the whole bad. Pure: no I/O. Threads: any.
 *
 * Sources: Lambda developer guide, "Using Lambda with Amazon SNS", "... Amazon SQS".
 */
#ifndef ONPUT_EVENT_UNWRAP_H
#define ONPUT_EVENT_UNWRAP_H

#include <stddef.h>

#include "onput/arena.h"
#include "onput/error.h"
#include "onput/event.h"

enum { EVENT_MAX_WRAPPINGS = 4 }; /* messages and lists around an event */

struct event_request {
    struct event event; /* of the short form: ObjectCreated:Put */
    struct text store;  /* as the short form names it, else empty */
    bool is_direct;     /* the short form: version_id says which version to read */
};

struct event_requests {
    struct event_request *items;
    size_t count; /* at most EVENT_MAX_RECORDS */
    struct arena arena;
};

/* `payload` has at most EVENT_MAX_BODY_BYTES; it may go afterwards. */
MUST_CHECK int event_unwrap(struct text payload, struct event_requests *out, struct error *err);
void event_requests_release(struct event_requests *requests); /* safe on a zeroed struct */

#endif
