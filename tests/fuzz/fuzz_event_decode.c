/*
 * fuzz_event_decode.c - any body; each record of what decodes must keep the contract: its document
 * decodes to an equal event, and bucket and key are within their limits.
 */
#include <stdint.h>

#include "../unit/events/event_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_batch batch = {0};
    struct error err = {0};

    if (event_decode((struct text){(const char *)data, size}, &batch, &err) < 0)
        return 0;
    BUG_ON((batch.kind == EVENT_BATCH_RECORDS) != (batch.count > 0));
    for (size_t i = 0; i < batch.count; i++) {
        const struct event *event = &batch.records[i].event;
        BUG_ON(event->bucket.len == 0 || event->bucket.len > EVENT_MAX_BUCKET_BYTES);
        BUG_ON(event->key.len == 0 || event->key.len > EVENT_MAX_KEY_BYTES);
        BUG_ON(text_find(event->key, '\0') != event->key.len || event->name.len == 0);
        check_round_trip(&batch.records[i]);
    }
    event_batch_release(&batch);
    return 0;
}
