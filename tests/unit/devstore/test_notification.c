/*
 * Notification rules from XML, and what they cover.
 */
#include "support/test.h"

#include "devstore_private.h"

static const char rule_xml[] =
    "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<QueueConfiguration><Id>one</Id><Queue>arn:q</Queue><Event>s3:ObjectCreated:*</Event>"
    "<Event>s3:ObjectRemoved:Delete</Event><Filter><S3Key>"
    "<FilterRule><Name>Prefix</Name><Value>in/ </Value></FilterRule>"
    "<FilterRule><Name>suffix</Name><Value>.jpg</Value></FilterRule></S3Key></Filter>"
    "</QueueConfiguration>"
    "<CloudFunctionConfiguration><CloudFunction>arn:f</CloudFunction>"
    "<Event>s3:ObjectCreated:Put</Event></CloudFunctionConfiguration>"
    "</NotificationConfiguration>";

static void test_rules__are_read(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct rule *rules;
    size_t count;
    (void)state;
    assert_ok(rules_parse(text_of(rule_xml), &arena, &rules, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_int_equal(rules[0].kind, RULE_QUEUE);
    assert_string_equal(rules[0].id, "one");
    assert_string_equal(rules[0].arn, "arn:q");
    assert_int_equal(rules[0].event_count, 2);
    assert_string_equal(rules[0].events[1], "s3:ObjectRemoved:Delete");
    assert_string_equal(rules[0].prefix, "in/ ");
    assert_string_equal(rules[0].suffix, ".jpg");
    assert_int_equal(rules[1].kind, RULE_FUNCTION);
    assert_string_equal(rules[1].id, "rule-2");
    assert_string_equal(rules[1].prefix, "");
    rules_free(rules, count);
}

static void test_rules__may_be_none(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct rule *rules;
    size_t count;
    (void)state;
    assert_ok(rules_parse(TEXT("<NotificationConfiguration/>"), &arena, &rules, &count, &err),
              &err);
    assert_int_equal(count, 0);
    rules_free(rules, count);
}

static void is_refused(const char *inside, enum error_code code)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err = {0};
    struct rule *rules;
    size_t count;
    const char *xml =
        arena_printf(&arena, "<NotificationConfiguration>%s</NotificationConfiguration>", inside);
    assert_fails(rules_parse(text_of(xml), &arena, &rules, &count, &err), &err, code);
}

static void test_rules__are_refused_with_a_reason(void **state)
{
    (void)state;
    is_refused("<QueueConfiguration><Queue>a</Queue></QueueConfiguration>", ERROR_INVALID);
    is_refused(
        "<QueueConfiguration><Queue>a</Queue><Event>s3:Nonsense</Event></QueueConfiguration>",
        ERROR_INVALID);
    is_refused("<EventBridgeConfiguration/>", ERROR_INVALID);
    is_refused(
        "<QueueConfiguration><Queue>a</Queue><Event>s3:ObjectCreated:*</Event><Filter><S3Key>"
        "<FilterRule><Name>prefix</Name><Value>a</Value></FilterRule>"
        "<FilterRule><Name>prefix</Name><Value>b</Value></FilterRule>"
        "</S3Key></Filter></QueueConfiguration>",
        ERROR_INVALID);
    is_refused("<QueueConfiguration>", ERROR_PROTOCOL);
}

static void test_rules__have_a_limit(void **state)
{
    AUTO_BUFFER struct buffer inside;
    (void)state;
    buffer_init(&inside, 1 << 20);
    for (int i = 0; i <= MAX_RULES; i++)
        buffer_append_string(&inside, "<TopicConfiguration><Topic>a</Topic>"
                                      "<Event>s3:ObjectCreated:*</Event></TopicConfiguration>");
    is_refused(inside.data, ERROR_LIMIT);
}

static void test_pattern__covers_events(void **state)
{
    (void)state;
    assert_true(event_pattern_covers("s3:ObjectCreated:*", "ObjectCreated:Put"));
    assert_true(event_pattern_covers("s3:ObjectCreated:Put", "ObjectCreated:Put"));
    assert_false(event_pattern_covers("s3:ObjectCreated:Put", "ObjectCreated:Copy"));
    assert_false(event_pattern_covers("s3:ObjectRemoved:*", "ObjectCreated:Put"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules__are_read),
        cmocka_unit_test(test_rules__may_be_none),
        cmocka_unit_test(test_rules__are_refused_with_a_reason),
        cmocka_unit_test(test_rules__have_a_limit),
        cmocka_unit_test(test_pattern__covers_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
