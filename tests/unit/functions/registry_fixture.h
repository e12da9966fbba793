/*
 * registry_fixture.h - a registry on a disk in memory, and changes in a few words.
 */
#ifndef ONPUT_TESTS_REGISTRY_FIXTURE_H
#define ONPUT_TESTS_REGISTRY_FIXTURE_H

#include "catalog_fixture.h"
#include "support/crash_vfs.h"

#include "onput/registry.h"

#define ROLE "arn:aws:iam::000000000000:role/onput-implied"
/* ROW_FUNCTION of a function that gives its event back. */
#define ECHO_ROW                                                                                   \
    "{\"Runtime\":\"onput.builtin\",\"Handler\":\"echo\",\"Role\":\"" ROLE "\",\"Timeout\":3}"
/* One statement that lets S3 in for a bucket, as AddPermission writes it. */
#define STATEMENT(function, sid, bucket)                                                           \
    "{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},"  \
    "\"Action\":\"lambda:InvokeFunction\",\"Resource\":"                                           \
    "\"arn:aws:lambda:us-east-1:000000000000:function:" function                                   \
    "\",\"Condition\":{\"ArnLike\":{\"AWS:SourceArn\":\"arn:aws:s3:::" bucket "\"}}}"

struct registry_fixture {
    char *dir;
    struct crash_vfs *vfs;
    struct registry *registry; /* NULL while it is closed */
    struct registry_options options;
    int changes; /* calls of on_change */
    int fatals;
};

/* Empty disk, closed registry; the folder only has a name. */
void registry_fixture_init(struct registry_fixture *f, uint64_t seed);
void registry_fixture_release(struct registry_fixture *f);
/* For cmocka: an open registry as *state, and its end. */
int registry_fixture_setup(void **state);
int registry_fixture_teardown(void **state);

/* Opens with the configuration; a registry that is open is closed before. */
int registry_fixture_try_open(struct registry_fixture *f, const struct catalog_parts *parts,
                              struct error *err);
void registry_fixture_open(struct registry_fixture *f, const struct catalog_parts *parts);
void registry_fixture_close(struct registry_fixture *f);
int registry_fixture_reload(struct registry_fixture *f, const struct catalog_parts *parts,
                            struct error *err);

/* One row to put, or with json NULL to remove. Kind ROW_KIND_COUNT removes the whole function. */
struct step {
    enum row_kind kind;
    const char *qualifier;
    const char *json;
};
enum { STEPS_MAX = 8 };
/* One edit on the registry's thread; steps end with a qualifier of NULL. */
int registry_fixture_edit(struct registry_fixture *f, const char *function,
                          const struct step steps[STEPS_MAX], struct error *err);
#define EDIT(f, function, ...)                                                                     \
    do {                                                                                           \
        struct error edit_err = {0};                                                               \
        assert_ok(registry_fixture_edit((f), (function),                                           \
                                        (const struct step[STEPS_MAX]){__VA_ARGS__}, &edit_err),   \
                  &edit_err);                                                                      \
    } while (0)
#define EDIT_FAILS(f, function, code, words, ...)                                                  \
    do {                                                                                           \
        struct error edit_err = {0};                                                               \
        assert_fails(registry_fixture_edit(                                                        \
                         (f), (function), (const struct step[STEPS_MAX]){__VA_ARGS__}, &edit_err), \
                     &edit_err, (code));                                                           \
        assert_contains(edit_err.message, (words));                                                \
    } while (0)

/* The JSON of a row in the current catalog; NULL when it is not there. The caller frees it. */
char *registry_fixture_row(struct registry_fixture *f, const char *function, enum row_kind kind,
                           const char *qualifier);
bool registry_fixture_has(struct registry_fixture *f, const char *function);

/* SQL on the closed registry's database; the caller frees the first column of the first row. */
char *registry_fixture_sql(struct registry_fixture *f, const char *sql);

#endif
