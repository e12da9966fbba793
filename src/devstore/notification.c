/*
 * notification.c - a bucket's notification rules: XML to rules, and which event a rule covers.
 */
#include "devstore_private.h"

#include <string.h>

#include "onput/memory.h"

static const struct {
    const char *element;
    const char *arn_element;
} kinds[] = {
    [RULE_QUEUE] = {"QueueConfiguration", "Queue"},
    [RULE_TOPIC] = {"TopicConfiguration", "Topic"},
    [RULE_FUNCTION] = {"CloudFunctionConfiguration", "CloudFunction"},
};
_Static_assert(ARRAY_LEN(kinds) == RULE_KIND_COUNT, "a row per kind");

static const char *const known_events[] = {
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
};

bool event_name_is_known(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(known_events); i++) {
        if (text_is(name, known_events[i]))
            return true;
    }
    return false;
}

bool event_pattern_covers(const char *pattern, const char *event_name)
{
    struct text p = text_of(pattern);
    struct text e = text_of(event_name);
    if (text_starts_with(p, TEXT("s3:")))
        p = text_slice(p, 3, p.len);
    if (text_ends_with(p, TEXT("*")))
        return text_starts_with(e, text_slice(p, 0, p.len - 1));
    return text_equal(p, e);
}

static int read_events(const struct xml_element *e, struct rule *rule, struct error *err)
{
    size_t count = 0;
    const struct xml_element *first = xml_child(e, "Event");
    for (const struct xml_element *i = first; i; i = xml_next(i))
        count++;
    if (count == 0 || count > ARRAY_LEN(known_events))
        return error_set(err, ERROR_INVALID, "A configuration names 1 to %zu events.",
                         ARRAY_LEN(known_events));
    rule->events = xcalloc(count, sizeof(char *));
    for (const struct xml_element *i = first; i; i = xml_next(i)) {
        struct text name = text_trim(i->text);
        if (!event_name_is_known(name))
            return error_set(err, ERROR_INVALID, "The event \"%.*s\" is not supported here.",
                             TEXT_ARGS(name));
        rule->events[rule->event_count++] = xmemdup_text(name);
    }
    return 0;
}

static int read_filter(const struct xml_element *e, struct rule *rule, struct error *err)
{
    const struct xml_element *first =
        xml_child(xml_child(xml_child(e, "Filter"), "S3Key"), "FilterRule");
    for (const struct xml_element *i = first; i; i = xml_next(i)) {
        struct text name = xml_child_text(i, "Name");
        const struct xml_element *value = xml_child(i, "Value");
        char **where = text_equal_nocase(name, TEXT("prefix"))   ? &rule->prefix
                       : text_equal_nocase(name, TEXT("suffix")) ? &rule->suffix
                                                                 : NULL;
        if (!where || **where != '\0')
            return error_set(err, ERROR_INVALID, "A filter has at most one prefix and one suffix.");
        free(*where);
        *where = xmemdup_text(value ? value->text : TEXT(""));
    }
    return 0;
}

static int read_rule(const struct xml_element *e, enum rule_kind kind, size_t number,
                     struct rule *rule, struct error *err)
{
    struct text id = xml_child_text(e, "Id");
    rule->kind = kind;
    rule->id = id.len > 0 ? xmemdup_text(id) : xasprintf("rule-%zu", number);
    rule->arn = xmemdup_text(xml_child_text(e, kinds[kind].arn_element));
    rule->prefix = xstrdup("");
    rule->suffix = xstrdup("");
    return read_events(e, rule, err) || read_filter(e, rule, err) ? -1 : 0;
}

static int read_rules(const struct xml_element *root, struct rule *rules, size_t *count,
                      struct error *err)
{
    for (const struct xml_element *e = root->first_child; e; e = e->next) {
        enum rule_kind kind = 0;
        while (kind < RULE_KIND_COUNT && !text_is(e->name, kinds[kind].element))
            kind++;
        if (kind == RULE_KIND_COUNT)
            return error_set(err, ERROR_INVALID, "%.*s is not supported here.", TEXT_ARGS(e->name));
        if (*count == MAX_RULES)
            return error_set(err, ERROR_LIMIT, "A bucket has at most %d configurations.",
                             MAX_RULES);
        size_t i = (*count)++; /* counted first, so that a half-read rule is freed */
        if (read_rule(e, kind, i + 1, &rules[i], err) != 0)
            return -1;
    }
    return 0;
}

int rules_parse(struct text xml, struct arena *arena, struct rule **out, size_t *out_count,
                struct error *err)
{
    const struct xml_element *root;
    size_t count = 0;
    if (xml_read(xml, arena, &root, err) != 0)
        return -1;
    if (!text_is(root->name, "NotificationConfiguration"))
        return error_set(err, ERROR_PROTOCOL, "The document is not a NotificationConfiguration.");
    struct rule *rules = xcalloc(MAX_RULES, sizeof(*rules));
    if (read_rules(root, rules, &count, err) != 0) {
        rules_free(rules, count);
        return -1;
    }
    *out = rules;
    *out_count = count;
    return 0;
}
