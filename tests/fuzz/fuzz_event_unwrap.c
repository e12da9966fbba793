/*
 * fuzz_event_unwrap.c - any event of a function; what it asks for is within the limits, and what
 * event_decode() reads as records is read here to the same events.
 */
#include <stdint.h>

#include "../unit/events/event_check.h"
#include "onput/event_unwrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text payload = {(const char *)data, size};
    struct event_requests requests = {0};
    struct error err = {0};

    if (event_unwrap(payload, &requests, &err) == 0) {
        BUG_ON(requests.count > EVENT_MAX_RECORDS);
        for (size_t i = 0; i < requests.count; i++) {
            const struct event *event = &requests.items[i].event;
            BUG_ON(event->bucket.len == 0 || event->bucket.len > EVENT_MAX_BUCKET_BYTES);
            BUG_ON(event->key.len == 0 || event->key.len > EVENT_MAX_KEY_BYTES);
            BUG_ON(text_find(event->key, '\0') != event->key.len || event->name.len == 0);
        }
    }
    check_unwrap(payload, &requests);
    event_requests_release(&requests);
    return 0;
}
