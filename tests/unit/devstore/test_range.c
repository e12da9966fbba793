/*
 * Range headers.
 */
#include "support/test.h"

#include "devstore_private.h"

static void check(const char *header, int64_t size, enum range_result result, int64_t first,
                  int64_t len)
{
    int64_t actual_first = -1;
    int64_t actual_len = -1;
    enum range_result actual = range_parse(text_of(header), size, &actual_first, &actual_len);
    if (actual != result || (result == RANGE_PART && (actual_first != first || actual_len != len)))
        fail_msg("%s of %lld: result %d, first %lld, length %lld", header, (long long)size, actual,
                 (long long)actual_first, (long long)actual_len);
}

static void test_range__is_a_part_of_the_object(void **state)
{
    (void)state;
    check("bytes=0-0", 10, RANGE_PART, 0, 1);
    check("bytes=3-", 10, RANGE_PART, 3, 7);
    check("bytes=3-5", 10, RANGE_PART, 3, 3);
    check("bytes=3-99", 10, RANGE_PART, 3, 7);
    check("bytes=-4", 10, RANGE_PART, 6, 4);
    check("bytes=-40", 10, RANGE_PART, 0, 10);
}

static void test_range__beyond_the_end_cannot_be_satisfied(void **state)
{
    (void)state;
    check("bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0);
    check("bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 0);
    check("bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0);
    check("bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0);
    check("bytes=-1", 0, RANGE_UNSATISFIABLE, 0, 0);
}

static void test_range__that_is_malformed_counts_as_none(void **state)
{
    (void)state;
    check("", 10, RANGE_NONE, 0, 0);
    check("bytes=", 10, RANGE_NONE, 0, 0);
    check("bytes=5", 10, RANGE_NONE, 0, 0);
    check("bytes=-", 10, RANGE_NONE, 0, 0);
    check("bytes=5-3", 10, RANGE_NONE, 0, 0);
    check("bytes=a-b", 10, RANGE_NONE, 0, 0);
    check("bytes=1-2,3-4", 10, RANGE_NONE, 0, 0);
    check("bytes=99999999999999999999-", 10, RANGE_NONE, 0, 0);
    check("lines=1-2", 10, RANGE_NONE, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range__is_a_part_of_the_object),
        cmocka_unit_test(test_range__beyond_the_end_cannot_be_satisfied),
        cmocka_unit_test(test_range__that_is_malformed_counts_as_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
