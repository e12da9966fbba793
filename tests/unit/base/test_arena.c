/*
 * test_arena.c - tests of onput/arena.h.
 */
#include "support/test.h"

#include "onput/arena.h"

static bool is_zero(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void test_arena_alloc__is_zeroed_aligned_and_apart(void **state UNUSED)
{
    AUTO_ARENA struct arena a;
    unsigned char *pieces[300];

    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        size_t size = i * 37 % 5000;

        pieces[i] = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        assert_true(is_zero(pieces[i], size));
        memset(pieces[i], (int)(i % 251) + 1, size);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        for (size_t at = 0; at < i * 37 % 5000; at++)
            assert_int_equal(pieces[i][at], i % 251 + 1);
}

static void test_arena_alloc__keeps_the_room_beside_a_big_piece(void **state UNUSED)
{
    AUTO_ARENA struct arena a;
    struct arena_chunk *head;

    arena_init(&a);
    arena_alloc(&a, 1);
    head = a.head;
    assert_true(is_zero(arena_alloc(&a, 1000000), 1000000));
    assert_ptr_equal(a.head, head);
}

static void test_arena_strings__are_copies_with_nul(void **state UNUSED)
{
    AUTO_ARENA struct arena a;
    char long_text[1000];
    struct text copied;

    arena_init(&a);
    memset(long_text, 'y', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_string_equal(arena_strdup(&a, "abc"), "abc");
    assert_memory_equal(arena_strdup_text(&a, TEXT("a\0b")), "a\0b", 4);
    copied = arena_text(&a, TEXT("xyz"));
    assert_text(copied, "xyz");
    assert_int_equal(copied.ptr[3], 0);
    assert_string_equal(arena_printf(&a, "%s-%d", "n", 3), "n-3");
    assert_string_equal(arena_printf(&a, "%s", long_text), long_text);
}

static void test_arena_release__is_safe_on_zero_and_twice(void **state UNUSED)
{
    struct arena a = {0};

    arena_release(&a);
    arena_alloc(&a, 10);
    arena_release(&a);
    arena_release(&a);
    assert_null(a.head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_alloc__is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_arena_alloc__keeps_the_room_beside_a_big_piece),
        cmocka_unit_test(test_arena_strings__are_copies_with_nul),
        cmocka_unit_test(test_arena_release__is_safe_on_zero_and_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
