/*
 * sns_envelope.c - the JSON that Amazon SNS POSTs around an S3 notification, and its questions
 * whether a subscription shall begin or end. Whether the signature is genuine is checked elsewhere.
 */
#include "events_private.h"
#include "onput/json.h"

struct envelope_row {
    const char *type;
    enum event_batch_kind kind;
};

static const struct envelope_row ENVELOPES[] = {
    {"Notification", EVENT_BATCH_RECORDS},
    {"SubscriptionConfirmation", EVENT_BATCH_SUBSCRIPTION_CONFIRM},
    {"UnsubscribeConfirmation", EVENT_BATCH_UNSUBSCRIBE_CONFIRM},
};

bool sns_is_envelope(struct json_object *root)
{
    return json_member(root, "Type") != NULL && json_member(root, "TopicArn") != NULL;
}

static int find_kind(struct text type, enum event_batch_kind *out, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(ENVELOPES); i++) {
        if (text_is(type, ENVELOPES[i].type)) {
            *out = ENVELOPES[i].kind;
            return 0;
        }
    }
    return error_set(err, ERROR_UNSUPPORTED, "Type: \"%.64s\" is not a type of SNS message",
                     type.ptr);
}

static int read_member(struct event_batch *batch, const char *name, struct text *out,
                       struct error *err)
{
    struct record envelope = {.json = batch->tree, .arena = &batch->arena, .is_body = true};

    return record_text(&envelope, batch->tree, name, out, err);
}

int sns_read_envelope(struct event_batch *batch, struct text *out_message, struct error *err)
{
    struct text type = TEXT_INIT(""), message = TEXT_INIT("");

    if (read_member(batch, "Type", &type, err) < 0 || find_kind(type, &batch->kind, err) < 0 ||
        read_member(batch, "TopicArn", &batch->sns_topic_arn, err) < 0)
        return -1;
    if (batch->kind == EVENT_BATCH_RECORDS) {
        if (read_member(batch, "Message", &message, err) < 0)
            return -1;
    } else if (read_member(batch, "SubscribeURL", &batch->subscribe_url, err) < 0) {
        return -1;
    }
    *out_message = message;
    return 0;
}
