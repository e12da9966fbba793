/*
 * json_expect.h - an answer's JSON against what it should be: the same members, no more and no
 * fewer, in any order. Values that change from run to run have holes:
 *
 *   "<uuid>"    a random UUID
 *   "<iso>"     "2025-11-25T02:26:54.123+0000"
 *   "<epoch>"   a number of seconds with at most three digits behind the point
 *   "<url>"     "http://<32 small letters and digits>.<anything>/"
 */
#ifndef ONPUT_TESTS_JSON_EXPECT_H
#define ONPUT_TESTS_JSON_EXPECT_H

#include "onput/text.h"

/* Fails the test with both texts when they differ; `what` says where. An empty `expected` wants an
 * empty text. */
void expect_json(const char *what, struct text actual, const char *expected);

#endif
