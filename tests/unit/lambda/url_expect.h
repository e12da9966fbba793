/*
 * url_expect.h - what a function URL sends against response.json of a fixture.
 */
#ifndef ONPUT_TESTS_UNIT_LAMBDA_URL_EXPECT_H
#define ONPUT_TESTS_UNIT_LAMBDA_URL_EXPECT_H

#include "support/test.h"

#include "url_private.h"

/* `expected` is a list of [name, value], in the same order. */
static inline void assert_headers(const struct url_response *r, struct json_object *expected)
{
    assert_int_equal(r->header_count, json_object_array_length(expected));
    for (size_t i = 0; i < r->header_count; i++) {
        struct json_object *pair = json_object_array_get_idx(expected, i);
        assert_text_equal(r->headers[i].name, json_text(json_object_array_get_idx(pair, 0)));
        assert_text_equal(r->headers[i].value, json_text(json_object_array_get_idx(pair, 1)));
    }
}

#endif
