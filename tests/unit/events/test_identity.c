/*
 * test_identity.c - what makes two notifications the same event, and what does not.
 */
#include "support/test.h"

#include "onput/encoding.h"
#include "onput/event_decode.h"

struct identity {
    unsigned char bytes[EVENT_IDENTITY_BYTES];
};

static struct event photo(void)
{
    return (struct event){
        .dialect = EVENT_DIALECT_MINIO,
        .name = TEXT_INIT("ObjectCreated:Put"),
        .bucket = TEXT_INIT("photos"),
        .key = TEXT_INIT("dir/a.jpg"),
        .version_id = TEXT_INIT(""),
        .etag = TEXT_INIT("dcc91063"),
        .sequencer = TEXT_INIT("18EA2B6635E1F37B"),
        .order = TEXT_INIT(""),
        .user_agent = TEXT_INIT(""),
        .principal = TEXT_INIT(""),
        .opaque_data = TEXT_INIT(""),
    };
}

static struct identity identity_of(const struct event *event, const char *store,
                                   const char *function)
{
    struct identity id;

    event_identity(event, text_of(store), text_of(function), id.bytes);
    return id;
}

static void assert_same(struct event a, struct event b)
{
    struct identity x = identity_of(&a, "minio", "thumbnails");
    struct identity y = identity_of(&b, "minio", "thumbnails");

    assert_memory_equal(x.bytes, y.bytes, EVENT_IDENTITY_BYTES);
}

static void assert_other(struct event a, struct event b)
{
    struct identity x = identity_of(&a, "minio", "thumbnails");
    struct identity y = identity_of(&b, "minio", "thumbnails");

    assert_memory_not_equal(x.bytes, y.bytes, EVENT_IDENTITY_BYTES);
}

/* Rows that are on disk carry these bytes: they may not change from one release to the next. The
   expected digest is SHA-256 of the eight fields with 8-byte little-endian lengths, cut to 16
   bytes. */
static void test_identity__is_stable(void **state)
{
    struct event event = photo();
    struct identity id = identity_of(&event, "minio", "thumbnails");
    char hex[2 * EVENT_IDENTITY_BYTES + 1];

    (void)state;
    hex_encode(id.bytes, sizeof(id.bytes), hex);
    assert_string_equal(hex, "8544ce113bbbdf1fd70095171b40afa3");
}

static void test_identity__ignores_what_a_repeated_delivery_may_change(void **state)
{
    struct event again = photo();

    (void)state;
    again.time_ms = 5;
    again.size = 10;
    again.user_agent = TEXT("curl/8");
    again.principal = TEXT("somebody");
    again.made_by_onput = true;
    assert_same(photo(), again);
}

static void test_identity__depends_on_each_part(void **state)
{
    struct event other;

    (void)state;
    other = photo(), other.bucket = TEXT("photos2");
    assert_other(photo(), other);
    other = photo(), other.key = TEXT("dir/b.jpg");
    assert_other(photo(), other);
    other = photo(), other.etag = TEXT("6e9d9c28");
    assert_other(photo(), other);
    other = photo(), other.version_id = TEXT("v1");
    assert_other(photo(), other);
    other = photo(), other.sequencer = TEXT("18EA2B6635E1F37C");
    assert_other(photo(), other);
    other = photo(), other.name = TEXT("ObjectCreated:Copy");
    assert_other(photo(), other);
}

static void test_identity__depends_on_store_and_function(void **state)
{
    struct event event = photo();
    struct identity id = identity_of(&event, "minio", "thumbnails");
    struct identity other_store = identity_of(&event, "ceph", "thumbnails");
    struct identity other_function = identity_of(&event, "minio", "resize");

    (void)state;
    assert_memory_not_equal(id.bytes, other_store.bytes, EVENT_IDENTITY_BYTES);
    assert_memory_not_equal(id.bytes, other_function.bytes, EVENT_IDENTITY_BYTES);
}

static void test_identity__takes_the_version_before_the_etag(void **state)
{
    struct event a = photo(), b = photo();

    (void)state;
    a.version_id = b.version_id = TEXT("v1");
    b.etag = TEXT("6e9d9c28");
    assert_same(a, b);
    /* and a version is not mistaken for an eTag with the same text */
    a = photo(), b = photo();
    b.version_id = a.etag;
    assert_other(a, b);
}

static void test_identity__fields_do_not_run_together(void **state)
{
    struct event a = photo(), b = photo();

    (void)state;
    a.bucket = TEXT("ab"), a.key = TEXT("c");
    b.bucket = TEXT("a"), b.key = TEXT("bc");
    assert_other(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity__is_stable),
        cmocka_unit_test(test_identity__ignores_what_a_repeated_delivery_may_change),
        cmocka_unit_test(test_identity__depends_on_each_part),
        cmocka_unit_test(test_identity__depends_on_store_and_function),
        cmocka_unit_test(test_identity__takes_the_version_before_the_etag),
        cmocka_unit_test(test_identity__fields_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
