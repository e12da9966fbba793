/*
 * op_notification.c - Put and GetBucketNotificationConfiguration.
 */
#include "devstore_private.h"

enum { MAX_ANSWER_BYTES = 1024 * 1024 };

static bool arns_are_known(struct exchange *x, const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (target_find(x->store->targets, rules[i].arn))
            continue;
        answer_error(x, S3_INVALID_ARGUMENT, "The destination \"%s\" does not exist.",
                     rules[i].arn);
        return false;
    }
    return true;
}

void op_put_notification(struct exchange *x)
{
    struct rule *rules;
    size_t count;
    struct error err = {0};
    int failed = 0;
    if (rules_parse(x->body, x->arena, &rules, &count, &err) != 0) {
        answer_error(x, err.code == ERROR_PROTOCOL ? S3_MALFORMED_XML : S3_INVALID_ARGUMENT, "%s",
                     err.message);
        return;
    }
    pthread_mutex_lock(&x->store->lock);
    struct bucket *bucket = need_bucket(x);
    if (bucket && arns_are_known(x, rules, count)) {
        rules_free(bucket->rules, bucket->rule_count);
        bucket->rules = rules;
        bucket->rule_count = count;
        failed = bucket_save(x->store, bucket, &err);
    } else {
        rules_free(rules, count);
    }
    pthread_mutex_unlock(&x->store->lock);
    if (failed)
        answer_internal(x, &err);
    else if (!x->answered)
        answer_empty(x, 200, NULL, 0);
}

static void put_filter(struct buffer *xml, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    buffer_appendf(xml, "<FilterRule><Name>%s</Name>", name);
    xml_tag(xml, "Value", text_of(value));
    buffer_append_string(xml, "</FilterRule>");
}

static void put_rule(struct buffer *xml, const struct rule *rule)
{
    static const char *const tags[] = {
        [RULE_QUEUE] = "Queue", [RULE_TOPIC] = "Topic", [RULE_FUNCTION] = "CloudFunction"};
    buffer_appendf(xml, "<%sConfiguration>", tags[rule->kind]);
    xml_tag(xml, "Id", text_of(rule->id));
    xml_tag(xml, tags[rule->kind], text_of(rule->arn));
    for (size_t i = 0; i < rule->event_count; i++)
        xml_tag(xml, "Event", text_of(rule->events[i]));
    if (*rule->prefix || *rule->suffix) {
        buffer_append_string(xml, "<Filter><S3Key>");
        put_filter(xml, "prefix", rule->prefix);
        put_filter(xml, "suffix", rule->suffix);
        buffer_append_string(xml, "</S3Key></Filter>");
    }
    buffer_appendf(xml, "</%sConfiguration>", tags[rule->kind]);
}

void op_get_notification(struct exchange *x)
{
    AUTO_BUFFER struct buffer xml;
    buffer_init(&xml, MAX_ANSWER_BYTES);
    xml_begin(&xml, "NotificationConfiguration");
    pthread_mutex_lock(&x->store->lock);
    const struct bucket *bucket = need_bucket(x);
    for (size_t i = 0; bucket && i < bucket->rule_count; i++)
        put_rule(&xml, &bucket->rules[i]);
    pthread_mutex_unlock(&x->store->lock);
    buffer_append_string(&xml, "</NotificationConfiguration>");
    if (bucket)
        answer_xml(x, &xml);
}
