/*
 * package_steps.h - functions with a package of fixtures/packages.
 *
 * `package` is the name of a folder there: "good/function".
 */
#ifndef ONPUT_TESTS_PACKAGE_STEPS_H
#define ONPUT_TESTS_PACKAGE_STEPS_H

#include "lambda_fixture.h"

#include "onput/hash.h"

#define FUNCTION_PACKAGE "good/function" /* has a bootstrap */
#define OTHER_PACKAGE    "other"         /* the same with a comment */

/* As a string of JSON, in "; the caller frees it. */
char *package_base64(const char *package);
void package_hash(const char *package, uint8_t out[SHA256_BYTES]);
/* The same as CodeSha256 has it; the caller frees it. */
char *package_code_sha256(const char *package);

/* The body of CreateFunction for the runtime provided.al2023; `more` begins with ",". The caller
 * frees it. */
char *package_create_body(const char *name, const char *package, const char *more);
/* Creates it: 201. */
void package_create(struct lambda_fixture *f, const char *name, const char *package);
/* UpdateFunctionCode: 200. The caller releases the answer. */
struct json_object *package_update(struct lambda_fixture *f, const char *name, const char *package,
                                   const char *more);
bool package_is_there(struct lambda_fixture *f, const char *package);

#endif
