/*
 * test_json_write.c - tests of writing with onput/json.h.
 */
#include "support/test.h"

#include "onput/json.h"

static void test_json_writer__puts_commas_where_they_belong(void **state UNUSED)
{
    AUTO_BUFFER struct buffer b;
    struct json_writer w;

    buffer_init(&b, 1000);
    json_writer_init(&w, &b);
    json_object_begin(&w);
    json_pair_text(&w, "a", TEXT("x\"y"));
    json_pair_i64(&w, "b", -5);
    json_pair_bool(&w, "c", true);
    json_pair_string(&w, "d", NULL);
    json_key(&w, "e");
    json_array_begin(&w);
    json_put_i64(&w, 1);
    json_object_begin(&w);
    json_object_finish(&w);
    json_array_begin(&w);
    json_array_finish(&w);
    json_put_string(&w, "s");
    json_put_bool(&w, false);
    json_put_null(&w);
    json_put_raw(&w, TEXT("{\"raw\":1}"));
    json_array_finish(&w);
    json_pair_string(&w, "f\n", "g");
    json_object_finish(&w);
    assert_int_equal(w.depth, 0);
    assert_text(buffer_text(&b), "{\"a\":\"x\\\"y\",\"b\":-5,\"c\":true,\"d\":null,"
                                 "\"e\":[1,{},[],\"s\",false,null,{\"raw\":1}],\"f\\n\":\"g\"}");
}

static void test_json_writer__writes_what_the_reader_takes(void **state UNUSED)
{
    AUTO_JSON struct json_object *root = NULL;
    AUTO_BUFFER struct buffer b;
    struct error err = {0};
    struct json_writer w;
    struct text back;

    buffer_init(&b, 1000);
    json_writer_init(&w, &b);
    json_object_begin(&w);
    json_pair_text(&w, "key",
                   TEXT("Espa\xc3\xb1"
                        "a\0\x7f\xe2\x80\xa8"));
    json_object_finish(&w);
    assert_ok(json_parse(buffer_text(&b), &root, &err), &err);
    assert_ok(json_get_text(root, "key", &back, &err), &err);
    assert_text_equal(back, TEXT("Espa\xc3\xb1"
                                 "a\0\x7f\xe2\x80\xa8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_writer__puts_commas_where_they_belong),
        cmocka_unit_test(test_json_writer__writes_what_the_reader_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
