/*
 * Versions: copies of $LATEST that never change. A version remembers a fingerprint of what it was
 * made from, so that publishing the same again gives the same version.
 */
#include "function_shape.h"

#include <string.h>

#include "onput/hash.h"

#define LAST_VERSION "_LastVersion" /* of $LATEST: the highest number ever given */
#define FINGERPRINT  "_Fingerprint" /* of a version: of $LATEST when it was published */

/* Changes of these make no other function. */
static bool is_passing(const char *name)
{
    static const char *const passing[] = {"FunctionArn", "LastModified", "RevisionId",
                                          "Version",     LAST_VERSION,   FINGERPRINT};
    for (size_t i = 0; i < ARRAY_LEN(passing); i++)
        if (strcmp(name, passing[i]) == 0)
            return true;
    return false;
}

static struct text fingerprint(struct lambda_call *call, struct json_object *latest)
{
    AUTO_JSON struct json_object *lasting = json_object_new_object();
    char hex[SHA256_HEX_BYTES];
    json_object_object_foreach(latest, name, value)
    {
        if (!is_passing(name))
            json_object_object_add(lasting, name, json_object_get(value));
    }
    struct text bytes = call_json_text(call, lasting);
    return arena_text(call->arena, text_of(sha256_hex(bytes.ptr, bytes.len, hex)));
}

static int64_t last_version(struct lambda_call *call, struct json_object *latest)
{
    const struct row *rows;
    int64_t last = member_i64(latest, LAST_VERSION);
    size_t count = registry_edit_rows(call->edit, ROW_FUNCTION, &rows);
    for (size_t i = 0; i < count; i++) {
        struct error err = {0};
        int64_t number;
        if (text_to_i64(rows[i].qualifier, 1, INT64_MAX - 1, "version", &number, &err) == 0 &&
            number > last)
            last = number;
    }
    return last;
}

static bool find_unchanged(struct lambda_call *call, int64_t last, struct text print,
                           struct published *out)
{
    struct text qualifier = call_printf(call, "%lld", (long long)last);
    const struct row *row = registry_edit_row(call->edit, ROW_FUNCTION, qualifier);
    if (row == NULL)
        return false;
    *out = (struct published){.row = row_parse_all(row), .qualifier = qualifier};
    if (text_equal(member_text(out->row, FINGERPRINT), print))
        return true;
    json_release(&out->row);
    return false;
}

static struct json_object *copy_of(struct json_object *row)
{
    struct json_object *copy = NULL;
    BUG_ON(json_object_deep_copy(row, &copy, NULL) != 0);
    return copy;
}

void version_publish(struct lambda_call *call, struct json_object *latest, struct text description,
                     struct published *out)
{
    int64_t last = last_version(call, latest);
    struct text print = fingerprint(call, latest);
    if (last > 0 && find_unchanged(call, last, print, out))
        return;
    *out = (struct published){.row = copy_of(latest),
                              .qualifier = call_printf(call, "%lld", (long long)last + 1),
                              .is_new = true};
    json_object_object_del(out->row, LAST_VERSION);
    member_set_text(out->row, "FunctionArn", function_arn(call, call->id.name, out->qualifier));
    member_set_text(out->row, "Version", out->qualifier);
    member_set_text(out->row, "Description", description);
    member_set_text(out->row, "RevisionId", call_uuid(call));
    member_set_text(out->row, FINGERPRINT, print);
    member_set_i64(latest, LAST_VERSION, last + 1);
    edited_put(call, ROW_FUNCTION, out->qualifier, out->row);
}

/* ---- operations ---- */

static bool check_hash(struct lambda_call *call, struct json_object *latest)
{
    struct text expected;
    struct text current = member_text(latest, "CodeSha256");
    if (!call_text(call, "CodeSha256", &expected) || expected.len == 0 ||
        text_equal(expected, current))
        return true;
    call_fail(call, ERR_INVALID_PARAMETER,
              "CodeSHA256 (%.*s) is different from current CodeSHA256 in $LATEST (%.*s). Please "
              "try again with the CodeSHA256 in $LATEST.",
              TEXT_ARGS(expected), TEXT_ARGS(current));
    return false;
}

/* Publishing is a change of the function, too: it has another revision afterwards. */
static bool store(struct lambda_call *call, struct json_object *latest)
{
    member_set_text(latest, "RevisionId", call_uuid(call));
    edited_put(call, ROW_FUNCTION, TEXT(LATEST), latest);
    return call_commit(call);
}

void run_publish_version(struct lambda_call *call)
{
    struct published version;
    struct text description;
    if (!call_names_function(call))
        return;
    AUTO_JSON struct json_object *latest = edited_latest(call);
    if (latest == NULL || !check_hash(call, latest) ||
        !call_revision_fits(call, member_text(latest, "RevisionId"), ITS_REVISION_OF))
        return;
    if (!call_text(call, "Description", &description))
        description = member_text(latest, "Description");
    version_publish(call, latest, description, &version);
    struct text answer = function_show_text(
        call, version.row, function_arn(call, call->id.name, version.qualifier), VIEW_STORED);
    json_release(&version.row);
    if (!version.is_new || store(call, latest))
        call_answer(call, 201, answer);
}

static struct json_object *show_row(struct lambda_call *call, const struct row *row)
{
    AUTO_JSON struct json_object *version = row_parse_all(row);
    struct text arn = function_arn(call, call->id.name, row->qualifier);
    return function_show(call, version, arn, VIEW_LISTED);
}

void run_list_versions(struct lambda_call *call)
{
    const struct function_record *record = call_record(call);
    const struct row *rows;
    if (record == NULL) {
        call_no_function(call, call->id.arn);
        return;
    }
    size_t count = record_rows(record, ROW_FUNCTION, &rows);
    call_answer_rows(call, "Versions", rows, count, show_row);
}
