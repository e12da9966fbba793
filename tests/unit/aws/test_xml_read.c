/*
 * The XML reader: what it keeps, and what it refuses.
 */
#include "support/test.h"

#include "onput/xml_read.h"

static const struct xml_element *read_ok(struct arena *arena, const char *document)
{
    const struct xml_element *root = NULL;
    struct error err = {0};
    assert_ok(xml_read(text_of(document), arena, &root, &err), &err);
    return root;
}

static void refuses(const char *document, enum error_code code)
{
    AUTO_ARENA struct arena arena = {0};
    const struct xml_element *root = NULL;
    struct error err = {0};
    assert_fails(xml_read(text_of(document), &arena, &root, &err), &err, code);
    assert_null(root);
}

static void test_xml_read__keeps_elements_and_their_text(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    (void)state;
    const struct xml_element *root =
        read_ok(&arena, "<?xml version=\"1.0\"?><a xmlns=\"urn:x\"><b>1</b><c/><b> x "
                        "&lt;&#65;&amp;<!-- no -->y</b></a>");
    assert_text(root->name, "a");
    assert_text(xml_child_text(root, "b"), "1");
    const struct xml_element *second = xml_next(xml_child(root, "b"));
    assert_text(second->text, " x <A&y");
    assert_null(xml_next(second));
    assert_text(xml_child_text(root, "c"), "");
    assert_null(xml_child(root, "d"));
    assert_null(xml_child(xml_child(root, "d"), "e"));
}

static void test_xml_read__cuts_namespace_prefixes(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    (void)state;
    const struct xml_element *root =
        read_ok(&arena, "<s:Error xmlns:s=\"u\"><s:Code>X</s:Code></s:Error>");
    assert_text(root->name, "Error");
    assert_text(xml_child_text(root, "Code"), "X");
}

static void test_xml_read__takes_cdata_as_text(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    (void)state;
    assert_text(read_ok(&arena, "<a><![CDATA[<b>&amp;]]></a>")->text, "<b>&amp;");
}

static void test_xml_read__refuses_a_doctype(void **state)
{
    (void)state;
    refuses("<!DOCTYPE a><a/>", ERROR_PROTOCOL);
    refuses("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", ERROR_PROTOCOL);
    refuses("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", ERROR_PROTOCOL);
}

static void test_xml_read__refuses_what_is_not_xml(void **state)
{
    static const char *const documents[] = {
        "",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "text",
        "<html><br></html>",
        "<a>&undefined;</a>",
        "<a>\xff</a>",
        "<a b=c/>",
        "{\"a\":1}",
        "<?xml version=\"1.0\" encoding=\"none\"?><a/>",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(documents); i++)
        refuses(documents[i], ERROR_PROTOCOL);
}

static void test_xml_read__limits_depth_and_names(void **state)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer document = {0};
    (void)state;
    buffer_init(&document, 4096);
    for (int i = 0; i < XML_MAX_DEPTH; i++)
        buffer_append_string(&document, "<a>");
    for (int i = 0; i < XML_MAX_DEPTH; i++)
        buffer_append_string(&document, "</a>");
    read_ok(&arena, document.data);
    buffer_reset(&document);
    for (int i = 0; i <= XML_MAX_DEPTH; i++)
        buffer_append_string(&document, "<a>");
    refuses(document.data, ERROR_LIMIT);
    buffer_reset(&document);
    buffer_append_char(&document, '<');
    for (int i = 0; i <= XML_MAX_NAME_BYTES; i++)
        buffer_append_char(&document, 'n');
    buffer_append_string(&document, "/>");
    refuses(document.data, ERROR_LIMIT);
}

static void test_xml_read__limits_the_number_of_elements(void **state)
{
    AUTO_BUFFER struct buffer document = {0};
    (void)state;
    buffer_init(&document, 1024 * 1024);
    buffer_append_string(&document, "<r>");
    for (int i = 0; i < XML_MAX_ELEMENTS; i++)
        buffer_append_string(&document, "<a/>");
    buffer_append_string(&document, "</r>");
    refuses(document.data, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_read__keeps_elements_and_their_text),
        cmocka_unit_test(test_xml_read__cuts_namespace_prefixes),
        cmocka_unit_test(test_xml_read__takes_cdata_as_text),
        cmocka_unit_test(test_xml_read__refuses_a_doctype),
        cmocka_unit_test(test_xml_read__refuses_what_is_not_xml),
        cmocka_unit_test(test_xml_read__limits_depth_and_names),
        cmocka_unit_test(test_xml_read__limits_the_number_of_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
