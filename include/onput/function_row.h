/*
 * function_row.h - a function in the form in which the Lambda API shows it: the
 * FunctionConfiguration that ROW_FUNCTION keeps (see catalog.h).
 *
 * What the configuration declares and what CreateFunction is given become rows in the same way:
 * members that were given are taken over, the others get Lambda's defaults, and all stand in the
 * order in which Lambda shows them. Nothing is checked here: a registry edit does that when it is
 * committed.
 */
#ifndef ONPUT_FUNCTION_ROW_H
#define ONPUT_FUNCTION_ROW_H

#include "onput/clock.h"
#include "onput/json.h"

#define FUNCTION_RUNTIME      "onput.builtin"
#define FUNCTION_IMPLIED_ROLE "onput-implied" /* a role name: may do what its triggers imply */

struct function_place {
    struct text name;
    struct text region;
    struct text account;
    int64_t now_ms; /* wall time */
};

/*
 * The row of a new $LATEST: State Active, LastUpdateStatus Successful, a new RevisionId. Of `given`
 * (borrowed; an object with the members of CreateFunction, or NULL) it takes Runtime, Role,
 * Handler, Description, Timeout, MemorySize, TracingConfig, PackageType, Architectures,
 * EphemeralStorage, SnapStart, LoggingConfig, Environment, DeadLetterConfig, VpcConfig, Layers,
 * KMSKeyArn, FileSystemConfigs and ImageConfig; everything else in it is ignored. The caller
 * releases the result.
 */
struct json_object *function_row_new(struct json_object *given, const struct function_place *place);

/*
 * The same for a change: the members of `row` that `given` has are replaced, the rest stays;
 * CodeSha256 follows Runtime and Handler, unless the row has a package ("_Package": true);
 * LastModified and RevisionId are new. In place.
 */
void function_row_update(struct json_object *row, struct json_object *given, int64_t now_ms);

/* A new revision: RevisionId and LastModified. In place. */
void function_row_touch(struct json_object *row, int64_t now_ms);

/* "2025-11-25T02:26:54.123+0000". Returns `out`. */
char *function_row_time(int64_t wall_ms, char out[TIME_TEXT_BYTES]);

#endif
