/*
 * sample_events.h - events as their senders write them, with names of your own in them.
 */
#ifndef ONPUT_SAMPLE_EVENTS_H
#define ONPUT_SAMPLE_EVENTS_H

#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

struct sample_request {
    struct text service; /* "s3", "sqs", "kinesis", "dynamodb", "apigw" */
    struct text event;   /* "put", ...; may be empty where a service has one only */
    struct text store;   /* of s3: "aws", "minio", "ceph", "rustfs" */
    struct text bucket;
    struct text key; /* as the S3 API takes it */
    struct text region;
};

/* One JSON object. ERROR_INVALID names what there is. Pure. */
MUST_CHECK int sample_event_write(const struct sample_request *request, struct buffer *out,
                                  struct error *err);
/* The services and their events, one line each. */
void sample_event_list(struct buffer *out);

#endif
