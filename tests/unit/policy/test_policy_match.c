/*
 * test_policy_match.c - wildcards and ARN patterns, which other folders use too.
 */
#include "support/test.h"

#include "onput/clock.h"
#include "onput/policy.h"

struct row {
    const char *pattern;
    const char *value;
    bool matches;
};

static void check_rows(bool (*match)(struct text, struct text), const struct row *rows,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (match(text_of(rows[i].pattern), text_of(rows[i].value)) != rows[i].matches)
            fail_msg("\"%s\" and \"%s\" should %smatch", rows[i].pattern, rows[i].value,
                     rows[i].matches ? "" : "not ");
    }
}

static void test_policy_glob__knows_star_and_question_mark(UNUSED void **state)
{
    static const struct row rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "a/b:c", true},
        {"**", "", true},
        {"?", "", false},
        {"?", "a", true},
        {"?", "ab", false},
        {"a*", "a", true},
        {"a*", "ba", false},
        {"*a", "ba", true},
        {"*a", "ab", false},
        {"a*b*c", "aXbYc", true},
        {"a*b*c", "acb", false},
        {"a*b*c", "abcbc", true},
        {"*?", "", false},
        {"*?", "x", true},
        {"?*?", "x", false},
        {"a\\*", "a*", false},
        {"[ab]", "a", false},
        {"[ab]", "[ab]", true},
        {"*aab", "aaaab", true},
        {"a", "A", false},
        {"photo", "photos", false},
        {"*.jp?g", "x.jpeg", true},
        {"a*a", "a", false},
        {"\xc3*", "\xc3\xa4", true},
    };
    check_rows(policy_glob, rows, ARRAY_LEN(rows));
}

static void test_policy_glob__takes_nul_bytes_as_bytes(UNUSED void **state)
{
    assert_true(policy_glob(TEXT("a?b"), TEXT("a\0b")));
    assert_false(policy_glob(TEXT("a"), TEXT("a\0b")));
    assert_false(policy_glob(TEXT("a\0b"), TEXT("a\0c")));
}

static void test_policy_glob_nocase__folds_ascii_letters_only(UNUSED void **state)
{
    static const struct row rows[] = {
        {"lambda:Invoke*", "LAMBDA:invokeFUNCTION", true},
        {"ABC", "abc", true},
        {"abc", "ABD", false},
        {"\xc3\xa4", "\xc3\x84", false},
        {"@", "`", false},
        {"[", "{", false},
    };
    check_rows(policy_glob_nocase, rows, ARRAY_LEN(rows));
}

/* The slow way: every split of every star. Right by inspection, exponential, for short texts. */
static bool naive_glob(const char *p, const char *v)
{
    if (*p == '\0')
        return *v == '\0';
    if (*p == '*')
        return naive_glob(p + 1, v) || (*v != '\0' && naive_glob(p, v + 1));
    return *v != '\0' && (*p == '?' || *p == *v) && naive_glob(p + 1, v + 1);
}

static void spell(char *out, size_t len, unsigned number, const char *letters, unsigned count)
{
    for (size_t i = 0; i < len; i++, number /= count)
        out[i] = letters[number % count];
    out[len] = '\0';
}

static void test_policy_glob__agrees_with_trying_everything(UNUSED void **state)
{
    char pattern[6], value[8];
    for (unsigned p = 0; p < 1024; p++) {
        spell(pattern, 5, p, "ab*?", 4);
        for (unsigned v = 0; v < 128; v++) {
            for (size_t len = 0; len < 8; len++) {
                spell(value, len, v, "ab", 2);
                if (policy_glob(text_of(pattern), text_of(value)) != naive_glob(pattern, value))
                    fail_msg("\"%s\" on \"%s\" is wrong", pattern, value);
            }
        }
    }
}

static void test_policy_glob__has_no_exponential_pattern(UNUSED void **state)
{
    char pattern[201], value[4001];
    for (size_t i = 0; i < sizeof(pattern) - 1; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[sizeof(pattern) - 1] = '\0';
    memset(value, 'a', sizeof(value) - 1);
    value[sizeof(value) - 2] = 'b';
    value[sizeof(value) - 1] = '\0';
    int64_t start = clock_now_ns();
    assert_false(policy_glob(text_of(pattern), text_of(value)));
    assert_true(clock_now_ns() - start < 2000000000);
}

static void test_policy_arn_like__matches_part_by_part(UNUSED void **state)
{
    static const struct row rows[] = {
        {"arn:aws:s3:::photos", "arn:aws:s3:::photos", true},
        {"arn:aws:s3:::my-*", "arn:aws:s3:::my-bucket", true},
        {"arn:aws:s3:::my-*", "arn:aws:s3:::our-bucket", false},
        {"arn:aws:*", "arn:aws:s3:::photos", false},
        {"*", "arn:aws:s3:::photos", false},
        {"*:*:*:*:*:*", "arn:aws:s3:::photos", true},
        {"*:*:*:*:*:*", "x:aws:s3:::photos", false},
        {"arn:*:::photos", "arn:aws:s3:::photos", false},
        {"arn:aws:s*:::photos", "arn:aws:s3:eu::photos", false},
        {"arn:aws:events:*:*:rule/*", "arn:aws:events:eu-west-1:1:rule/a:b", true},
        {"arn:aws:sns:eu-west-?:1:t", "arn:aws:sns:eu-west-1:1:t", true},
        {"arn:aws:sns:eu-west-?:1:t", "arn:aws:sns:eu-west-10:1:t", false},
        {"arn:aws:s3:::photos", "arn:aws:s3:::Photos", false},
        {"arn:aws:s3:::*", "arn:aws:s3:::", true},
        {"arn:aws:s3:::*", "arn:aws:s3::", false},
        {"arn:aws:s3:::*", "", false},
        {"", "", false},
    };
    check_rows(policy_arn_like, rows, ARRAY_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_glob__knows_star_and_question_mark),
        cmocka_unit_test(test_policy_glob__takes_nul_bytes_as_bytes),
        cmocka_unit_test(test_policy_glob_nocase__folds_ascii_letters_only),
        cmocka_unit_test(test_policy_glob__agrees_with_trying_everything),
        cmocka_unit_test(test_policy_glob__has_no_exponential_pattern),
        cmocka_unit_test(test_policy_arn_like__matches_part_by_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
