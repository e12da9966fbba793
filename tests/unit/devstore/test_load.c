/*
 * Starting over files that are not as they were left.
 */
#include "support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "devstore_private.h"

static void description_is_refused(const char *json)
{
    struct object *object = NULL;
    struct error err = {0};
    assert_int_equal(object_parse(text_of(json), &object, &err), -1);
    assert_null(object);
    assert_true(err.message[0] != '\0');
}

static void test_description__is_refused_when_it_is_not_whole(void **state)
{
    (void)state;
    description_is_refused("");
    description_is_refused("{}");
    description_is_refused(
        "{\"key\":\"k\",\"size\":-1,\"modified_ms\":0,\"etag\":\"e\","
        "\"sequencer\":\"0000000000000001\",\"user_agent\":\"\",\"headers\":{}}");
    description_is_refused(
        "{\"key\":\"\",\"size\":1,\"modified_ms\":0,\"etag\":\"e\","
        "\"sequencer\":\"0000000000000001\",\"user_agent\":\"\",\"headers\":{}}");
    description_is_refused("{\"key\":\"k\",\"size\":1,\"modified_ms\":0,\"etag\":\"e\","
                           "\"sequencer\":\"zz\",\"user_agent\":\"\",\"headers\":{}}");
    description_is_refused(
        "{\"key\":\"k\",\"size\":1,\"modified_ms\":0,\"etag\":\"e\","
        "\"sequencer\":\"0000000000000001\",\"user_agent\":\"\",\"headers\":[]}");
}

static void test_description__is_read(void **state)
{
    struct object *object;
    struct error err = {0};
    (void)state;
    assert_ok(
        object_parse(TEXT("{\"key\":\"k\\u00fc\",\"size\":5,\"modified_ms\":7,\"etag\":\"e-2\","
                          "\"sequencer\":\"00000000000000FF\",\"user_agent\":\"u\","
                          "\"headers\":{\"x-amz-meta-a\":\"b\"}}"),
                     &object, &err),
        &err);
    assert_text(object_key(object), "kü");
    assert_int_equal(object->size, 5);
    assert_int_equal(object->sequencer, 255);
    assert_string_equal(object->etag, "e-2");
    assert_text(object_header(object, "x-amz-meta-a"), "b");
    object_free(object);
}

static void write_file(const char *dir, const char *name, const char *content)
{
    char *path = test_path(dir, name);
    test_write_file(path, text_of(content));
    free(path);
}

static void test_store__leaves_out_what_is_broken_and_starts(void **state)
{
    const char *dir = *state;
    struct devstore *store = NULL;
    struct error err = {0};
    struct devstore_options options = {
        .directory = dir, .access_key = "access", .secret_key = "secret"};
    char *bucket = test_path(dir, "photos");
    assert_int_equal(mkdir(bucket, 0700), 0);
    write_file(bucket, "bucket.json", "{\"created_ms\":1,\"rules\":[]}");
    write_file(bucket, "1.tmp", "half an upload");
    write_file(bucket, "aa.json", "{\"key\":");
    write_file(bucket, "bb.json",
               "{\"key\":\"without data\",\"size\":5,\"modified_ms\":7,\"etag\":\"e\","
               "\"sequencer\":\"00000000000000FF\",\"user_agent\":\"u\",\"headers\":{}}");
    assert_ok(devstore_start(&options, &store, &err), &err);
    char *half = test_path(bucket, "1.tmp");
    assert_int_equal(access(half, F_OK), -1);
    assert_int_equal(store->buckets.count, 1);
    assert_int_equal(store->buckets.items[0]->object_count, 0);
    devstore_free(store);
    free(half);
    free(bucket);
}

static void test_store__does_not_start_over_a_broken_bucket(void **state)
{
    const char *dir = *state;
    struct devstore *store = NULL;
    struct error err = {0};
    struct devstore_options options = {
        .directory = dir, .access_key = "access", .secret_key = "secret"};
    char *bucket = test_path(dir, "photos");
    assert_int_equal(mkdir(bucket, 0700), 0);
    write_file(bucket, "bucket.json", "{\"created_ms\":1}");
    assert_int_equal(devstore_start(&options, &store, &err), -1);
    assert_contains(err.message, "photos");
    free(bucket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_description__is_refused_when_it_is_not_whole),
        cmocka_unit_test(test_description__is_read),
        cmocka_unit_test_setup_teardown(test_store__leaves_out_what_is_broken_and_starts,
                                        test_dir_setup, test_dir_teardown),
        cmocka_unit_test_setup_teardown(test_store__does_not_start_over_a_broken_bucket,
                                        test_dir_setup, test_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
