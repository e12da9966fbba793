/*
 * test_wire.c - little-endian fields: what is written, and when a reader stops.
 */
#include "support/test.h"

#include "ipc_private.h"

static void test_wire_put__writes_the_lowest_byte_first(void **state)
{
    AUTO_BUFFER struct buffer out;
    (void)state;
    buffer_init(&out, 64);
    wire_put_u16(&out, 0x0102);
    wire_put_u32(&out, 0x03040506);
    wire_put_u64(&out, 0x0708090a0b0c0d0e);
    wire_put_bool(&out, true);
    assert_text(buffer_text(&out), "\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x01");
}

static void check_string(const char *given, const char *expected)
{
    AUTO_BUFFER struct buffer out;
    struct wire_reader r;
    struct error err = {0};
    char back[8];
    buffer_init(&out, 64);
    wire_put_string(&out, given, sizeof(back));
    assert_int_equal(out.len, sizeof(back));
    wire_reader_init(&r, buffer_text(&out));
    wire_string(&r, back, sizeof(back), "name");
    assert_ok(wire_finish(&r, "TEST", &err), &err);
    assert_string_equal(back, expected);
}

static void test_wire_put_string__writes_only_what_is_read_back(void **state)
{
    (void)state;
    check_string("", "");
    check_string("gr\xc3\xbcn", "gr\xc3\xbcn");
    check_string("1234567", "1234567");
    check_string("12345678", "1234567");
    check_string("a\nb\x7f", "a?b?");
    check_string("123456\xc3\xbc", "123456?"); /* cut within a character */
    check_string("\xff\xfe", "??");
}

static void test_wire_u32__refuses_what_is_out_of_range(void **state)
{
    struct wire_reader r;
    struct error err = {0};
    (void)state;
    wire_reader_init(&r, TEXT("\x05\0\0\0\x06\0\0\0"));
    assert_int_equal(wire_u32(&r, 5, 5, "first"), 5);
    assert_int_equal(wire_u32(&r, 0, 5, "second"), 0);
    assert_fails(wire_finish(&r, "TEST", &err), &err, ERROR_PROTOCOL);
    assert_contains(err.message, "second");
}

static void test_wire_reader__names_the_first_fault_and_yields_zeros_behind_it(void **state)
{
    struct wire_reader r;
    struct error err = {0};
    (void)state;
    wire_reader_init(&r, TEXT("\x02\x01\x01\x01\x01"));
    wire_bool(&r, "flag");
    assert_int_equal(wire_u16(&r, "later"), 0);
    assert_int_equal(wire_u64(&r, 1, 2, "last"), 0);
    assert_fails(wire_finish(&r, "TEST", &err), &err, ERROR_PROTOCOL);
    assert_contains(err.message, "flag");
}

static void test_wire_finish__refuses_bytes_that_are_left(void **state)
{
    struct wire_reader r;
    struct error err = {0};
    (void)state;
    wire_reader_init(&r, TEXT("\x01\0\0"));
    assert_int_equal(wire_u16(&r, "number"), 1);
    assert_fails(wire_finish(&r, "TEST", &err), &err, ERROR_PROTOCOL);
    assert_contains(err.message, "1 bytes behind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_put__writes_the_lowest_byte_first),
        cmocka_unit_test(test_wire_put_string__writes_only_what_is_read_back),
        cmocka_unit_test(test_wire_u32__refuses_what_is_out_of_range),
        cmocka_unit_test(test_wire_reader__names_the_first_fault_and_yields_zeros_behind_it),
        cmocka_unit_test(test_wire_finish__refuses_bytes_that_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
