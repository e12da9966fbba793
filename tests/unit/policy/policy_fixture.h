/*
 * policy_fixture.h - policies and requests of the tests in this folder, from fixtures and from
 * JSON.
 */
#ifndef ONPUT_TESTS_UNIT_POLICY_FIXTURE_H
#define ONPUT_TESTS_UNIT_POLICY_FIXTURE_H

#include "support/test.h"

#include "onput/arena.h"
#include "onput/json.h"
#include "onput/policy.h"

/* Must parse, or the test fails. The caller frees it with policy_free(). */
struct policy *policy_of(const char *json, enum policy_kind kind);

/*
 * {"principal": {"type", "name", "account"}, "action", "resource", "context": {key: [values]}};
 * what is missing is the S3 service, lambda:InvokeFunction and an empty context. The request
 * borrows from `json` and from the arena.
 */
struct policy_request request_from(struct json_object *json, struct arena *arena);

/* "allow", "implicit_deny", "explicit_deny" */
const char *effect_name(enum policy_effect effect);

#endif
