#include "support/test.h"

#include "packages_private.h"

static const struct {
    const char *name;
    const char *target;
    bool stays;
} links[] = {
    {"l", "f", true},
    {"l", "a/b/c", true},
    {"l", ".", true},
    {"l", "./f", true},
    {"l", "a//b/", true},
    {"a/l", "..", true},
    {"a/l", "../", true},
    {"a/l", "./../f", true},
    {"a/b/l", "../../f", true},
    {"./a/./l", "../f", true},
    {"l", "...", true},
    {"l", "..", false},
    {"l", "../f", false},
    {"a/l", "../..", false},
    {"./a/./l", "../../f", false},
    {"a/b/l", "../../../f", false},
    {"a/b/l", "c/../f", false}, /* c could be a link to somewhere less deep */
    {"a/b/l", "../c/../f", false},
    {"l", "/", false},
    {"l", "/etc/passwd", false},
    {"l", "", false},
    {"l", "a\nb", false},
};

static void test_link_target_check__lets_no_link_lead_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        struct error err = {0};
        int result = link_target_check(text_of(links[i].name), text_of(links[i].target), &err);
        if ((result == 0) != links[i].stays)
            fail_msg("%s -> %s: %s", links[i].name, links[i].target, err.message);
        if (result != 0)
            assert_int_equal(err.code, ERROR_UNSUPPORTED);
    }
}

static void test_name_next__leaves_out_what_means_nothing(void **state)
{
    struct text rest = TEXT("/a//./b/."), part;
    (void)state;
    assert_true(name_next(&rest, &part));
    assert_text(part, "a");
    assert_true(name_next(&rest, &part));
    assert_text(part, "b");
    assert_false(name_next(&rest, &part));
}

static void test_member_name_check__refuses_every_control_byte(void **state)
{
    struct error err = {0};
    (void)state;
    for (unsigned char c = 1; c < 128; c++) {
        char name[] = {'a', (char)c, 'b'};
        bool is_control = c < 0x20 || c == 0x7f;
        int result = member_name_check((struct text){name, sizeof(name)}, &err);
        assert_int_equal(result, is_control || c == '\\' ? -1 : 0);
    }
}

static void test_member_name_check__refuses_what_is_not_utf8(void **state)
{
    struct error err = {0};
    (void)state;
    assert_fails(member_name_check(TEXT("a\xff"), &err), &err, ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_target_check__lets_no_link_lead_out),
        cmocka_unit_test(test_name_next__leaves_out_what_means_nothing),
        cmocka_unit_test(test_member_name_check__refuses_every_control_byte),
        cmocka_unit_test(test_member_name_check__refuses_what_is_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
