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

/* The tree goes away before the message in it is read, so what is kept of it is copied. */
static int copy_member(struct event_batch *batch, const char *name, struct text *out,
                       struct error *err)
{
    struct record envelope = {.json = batch->tree, .is_body = true};
    struct text value = TEXT_INIT("");

    if (record_text(&envelope, batch->tree, name, &value, err) < 0)
        return -1;
    *out = arena_text(&batch->arena, value);
    return 0;
}

int sns_read_envelope(struct event_batch *batch, struct text *out_message, struct error *err)
{
    struct text type = TEXT_INIT(""), message = TEXT_INIT("");

    if (copy_member(batch, "Type", &type, err) < 0 || find_kind(type, &batch->kind, err) < 0 ||
        copy_member(batch, "TopicArn", &batch->sns_topic_arn, err) < 0)
        return -1;
    if (batch->kind == EVENT_BATCH_RECORDS) {
        if (copy_member(batch, "Message", &message, err) < 0)
            return -1;
    } else if (copy_member(batch, "SubscribeURL", &batch->subscribe_url, err) < 0) {
        return -1;
    }
    *out_message = message;
    return 0;
}
