/*
 * test_event.c - names, kinds, and which notification configurations cover an event.
 */
#include "support/test.h"

#include "event_names.h"
#include "onput/event_decode.h"

/* Decodes a minimal body with this name, so that the kind is the decoder's and not the test's. */
static struct event_batch batch_named(const char *name)
{
    AUTO_FREE char *body =
        xasprintf("{\"Records\":[{\"eventSource\":\"minio:s3\",\"eventName\":\"%s\","
                  "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}",
                  name);
    struct event_batch batch = {0};
    struct error err = {0};

    assert_ok(event_decode(text_of(body), &batch, &err), &err);
    assert_int_equal(batch.count, 1);
    return batch;
}

static bool covers(const char *pattern, const char *name)
{
    struct event_batch batch = batch_named(name);
    bool result = event_name_matches(text_of(pattern), &batch.records[0].event);

    event_batch_release(&batch);
    return result;
}

static void test_kind__of_every_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(EVENT_NAMES); i++) {
        struct event_batch batch = batch_named(EVENT_NAMES[i].name);
        if (batch.records[0].event.kind != EVENT_NAMES[i].kind)
            fail_msg("%s is of kind %s", EVENT_NAMES[i].name,
                     event_kind_name(batch.records[0].event.kind));
        assert_text(batch.records[0].event.name, EVENT_NAMES[i].name + strlen("s3:"));
        event_batch_release(&batch);
    }
}

static void test_name_matches__every_name_covers_itself_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(EVENT_NAMES); i++) {
        /* Two names end in a literal star, which a configuration cannot tell from a wildcard. */
        bool is_wildcard = strchr(EVENT_NAMES[i].name, '*') != NULL;
        for (size_t k = 0; k < ARRAY_LEN(EVENT_NAMES); k++)
            if (covers(EVENT_NAMES[i].name, EVENT_NAMES[k].name) != (i == k) && !is_wildcard)
                fail_msg("%s against %s", EVENT_NAMES[i].name, EVENT_NAMES[k].name);
        assert_true(covers(EVENT_NAMES[i].name, EVENT_NAMES[i].name));
        assert_true(covers(EVENT_NAMES[i].name + strlen("s3:"), EVENT_NAMES[i].name));
    }
}

static size_t count_covered(const char *pattern)
{
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(EVENT_NAMES); i++)
        count += covers(pattern, EVENT_NAMES[i].name);
    return count;
}

static void test_name_matches__wildcards_cover_their_group(void **state)
{
    (void)state;
    assert_int_equal(count_covered("s3:ObjectCreated:*"), 4);
    assert_int_equal(count_covered("ObjectCreated:*"), 4);
    assert_int_equal(count_covered("s3:ObjectRemoved:*"), 4);
    assert_int_equal(count_covered("s3:ObjectAccessed:*"), 5);
    assert_int_equal(count_covered("s3:Replication:*"), 5);
    assert_int_equal(count_covered("s3:ObjectRestore:*"), 3);
    assert_int_equal(count_covered("s3:ObjectTransition:*"), 2);
    assert_int_equal(count_covered("s3:Scanner:*"), 3);
    assert_int_equal(count_covered("s3:LifecycleExpiration:*"), 2);
    assert_int_equal(count_covered("s3:ObjectLifecycle:Expiration:*"), 4);
    assert_int_equal(count_covered("s3:ObjectLifecycle:*"), 6);
    assert_int_equal(count_covered("s3:ObjectTagging:*"), 2);
    assert_int_equal(count_covered("s3:ObjectSynced:*"), 2);
}

static void test_name_matches__tag_writes_do_not_count_as_created(void **state)
{
    (void)state;
    assert_false(covers("s3:ObjectCreated:*", "s3:ObjectCreated:PutTagging"));
    assert_false(covers("s3:ObjectCreated:*", "s3:ObjectCreated:DeleteTagging"));
    assert_false(covers("s3:ObjectCreated:*", "s3:ObjectCreated:PutRetention"));
    assert_false(covers("s3:ObjectCreated:*", "s3:ObjectCreated:PutLegalHold"));
    assert_false(covers("s3:ObjectCreated:*", "s3:ObjectCreated:SomethingNew"));
    assert_true(covers("s3:ObjectCreated:PutTagging", "s3:ObjectCreated:PutTagging"));
}

static void test_name_matches__refuses_what_is_no_pattern(void **state)
{
    (void)state;
    assert_false(covers("", "s3:ObjectCreated:Put"));
    assert_false(covers("s3:", "s3:ObjectCreated:Put"));
    assert_false(covers("*", "s3:ObjectCreated:Put"));
    assert_false(covers("ObjectCreated", "s3:ObjectCreated:Put"));
    assert_false(covers("ObjectCreated:", "s3:ObjectCreated:Put"));
    assert_false(covers("ObjectCreated:P*", "s3:ObjectCreated:Put"));
    assert_false(covers("objectcreated:put", "s3:ObjectCreated:Put"));
    assert_false(covers("s3:s3:ObjectCreated:Put", "s3:ObjectCreated:Put"));
    assert_false(covers("Object:*", "s3:ObjectCreated:Put"));
}

static void test_names__of_dialects_and_kinds(void **state)
{
    (void)state;
    assert_string_equal(event_dialect_name(EVENT_DIALECT_MINIO), "minio");
    assert_string_equal(event_dialect_name(EVENT_DIALECT_CEPH_RGW), "ceph_rgw");
    assert_string_equal(event_dialect_name(EVENT_DIALECT_DEVSTORE), "devstore");
    assert_string_equal(event_kind_name(EVENT_KIND_CREATED), "created");
    assert_string_equal(event_kind_name(EVENT_KIND_OTHER), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind__of_every_name),
        cmocka_unit_test(test_name_matches__every_name_covers_itself_and_no_other),
        cmocka_unit_test(test_name_matches__wildcards_cover_their_group),
        cmocka_unit_test(test_name_matches__tag_writes_do_not_count_as_created),
        cmocka_unit_test(test_name_matches__refuses_what_is_no_pattern),
        cmocka_unit_test(test_names__of_dialects_and_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
