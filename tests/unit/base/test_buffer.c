/*
 * test_buffer.c - tests of onput/buffer.h.
 */
#include "support/test.h"

static void test_buffer__is_an_empty_string_at_birth(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 10);
    assert_string_equal(b.data, "");
    assert_text(buffer_text(&b), "");
    buffer_append(&b, NULL, 0);
    buffer_truncate(&b, 0);
    buffer_reset(&b);
    assert_false(buffer_failed(&b));
}

static void test_buffer__release_is_safe_on_zero_and_twice(void **state UNUSED)
{
    struct buffer b = {0};

    assert_text(buffer_text(&b), "");
    buffer_release(&b);
    buffer_release(&b);
    buffer_init(&b, 100);
    buffer_append_string(&b, "x");
    buffer_release(&b);
    buffer_release(&b);
    assert_int_equal(b.len, 0);
}

static void test_buffer__appends_every_kind(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 1000);
    buffer_append_string(&b, "a");
    buffer_append_char(&b, '-');
    buffer_append_text(&b, TEXT("b\0c"));
    buffer_append_i64(&b, INT64_MIN);
    buffer_append_i64(&b, 0);
    buffer_append_u64(&b, UINT64_MAX);
    buffer_appendf(&b, "%s=%d", "n", 5);
    assert_text_equal(buffer_text(&b), TEXT("a-b\0c-9223372036854775808018446744073709551615n=5"));
    assert_int_equal(b.data[b.len], 0);
}

static void test_buffer__grows_through_all_sizes(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, SIZE_MAX);
    for (int i = 0; i < 100000; i++) {
        buffer_append_char(&b, (char)('a' + i % 26));
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
}

static void test_buffer__fails_beyond_max_and_keeps_what_it_has(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 5);
    buffer_append_string(&b, "abcde");
    assert_false(buffer_failed(&b));
    buffer_append_char(&b, 'f');
    assert_true(buffer_failed(&b));
    assert_string_equal(b.data, "abcde");
    buffer_truncate(&b, 1);
    buffer_append_char(&b, 'g');
    assert_string_equal(b.data, "a");
    buffer_reset(&b);
    assert_false(buffer_failed(&b));
    buffer_append_string(&b, "new");
    assert_string_equal(b.data, "new");
}

static void test_buffer__refuses_a_part_as_a_whole(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 5);
    buffer_append_string(&b, "ab");
    buffer_append_string(&b, "cdef");
    assert_true(buffer_failed(&b));
    assert_string_equal(b.data, "ab");
    buffer_reset(&b);
    buffer_append_string(&b, "ab");
    buffer_appendf(&b, "%s", "cdef");
    assert_true(buffer_failed(&b));
    assert_string_equal(b.data, "ab");
}

static void test_buffer__with_max_zero_takes_nothing(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    buffer_init(&b, 0);
    buffer_append_string(&b, "");
    buffer_appendf(&b, "%s", "");
    assert_false(buffer_failed(&b));
    buffer_append_char(&b, 'a');
    assert_true(buffer_failed(&b));
    assert_string_equal(b.data, "");
}

static void test_buffer_appendf__fits_exactly(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;

    for (int len = 120; len < 135; len++) {
        buffer_init(&b, 200);
        buffer_append_char(&b, '>');
        buffer_appendf(&b, "%0*d", len, 7);
        assert_int_equal(b.len, len + 1);
        assert_int_equal(strlen(b.data), len + 1);
        assert_int_equal(b.data[len], '7');
        buffer_release(&b);
    }
}

static void test_buffer_reserve__gives_room_to_read_into(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    char *room;

    buffer_init(&b, 8);
    buffer_append_string(&b, "ab");
    room = buffer_reserve(&b, 6);
    assert_non_null(room);
    memcpy(room, "cdxxxx", 6);
    buffer_commit(&b, 2);
    assert_string_equal(b.data, "abcd");
    assert_null(buffer_reserve(&b, 5));
    assert_true(buffer_failed(&b));
}

static void test_buffer_take__leaves_an_empty_buffer(void **state UNUSED)
{
    struct buffer b;
    size_t len;
    char *taken;

    buffer_init(&b, 8);
    buffer_append_string(&b, "abc");
    taken = buffer_take(&b, &len);
    assert_string_equal(taken, "abc");
    assert_int_equal(len, 3);
    free(taken);
    assert_int_equal(b.len, 0);
    taken = buffer_take(&b, NULL);
    assert_string_equal(taken, "");
    free(taken);
    buffer_append_string(&b, "again");
    assert_string_equal(b.data, "again");
    buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer__is_an_empty_string_at_birth),
        cmocka_unit_test(test_buffer__release_is_safe_on_zero_and_twice),
        cmocka_unit_test(test_buffer__appends_every_kind),
        cmocka_unit_test(test_buffer__grows_through_all_sizes),
        cmocka_unit_test(test_buffer__fails_beyond_max_and_keeps_what_it_has),
        cmocka_unit_test(test_buffer__refuses_a_part_as_a_whole),
        cmocka_unit_test(test_buffer__with_max_zero_takes_nothing),
        cmocka_unit_test(test_buffer_appendf__fits_exactly),
        cmocka_unit_test(test_buffer_reserve__gives_room_to_read_into),
        cmocka_unit_test(test_buffer_take__leaves_an_empty_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
