/*
 * fuzz_notification_rules.c - any bytes as a notification configuration sent to the development
 * store: what is accepted has a destination's kind and known events.
 */
#include <stdint.h>

#include "../../src/devstore/devstore_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct rule *rules;
    size_t count;

    if (rules_parse((struct text){(const char *)data, size}, &arena, &rules, &count, &err) != 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        BUG_ON(rules[i].kind >= RULE_KIND_COUNT || rules[i].event_count == 0);
        for (size_t j = 0; j < rules[i].event_count; j++)
            BUG_ON(!event_name_is_known(text_of(rules[i].events[j])));
    }
    rules_free(rules, count);
    return 0;
}
