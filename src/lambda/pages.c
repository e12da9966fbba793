/*
 * pages.c - what several families share: pages of lists, revisions, the commit of a change.
 */
#include "lambda_private.h"

#include <inttypes.h>

#include "onput/encoding.h"
#include "onput/log.h"

enum { MARKER_MAX_BYTES = 64, PAGE_CAP = 50 };

/* A marker is base64 of "from:" and the index that the page begins with. */
static bool marker_read(struct text marker, size_t *out)
{
    AUTO_BUFFER struct buffer plain;
    struct error err = {0};
    uint64_t from = 0;
    buffer_init(&plain, MARKER_MAX_BYTES);
    if (marker.len > MARKER_MAX_BYTES || base64_decode(marker, &plain, &err) != 0)
        return false;
    struct text t = buffer_text(&plain);
    if (!text_starts_with(t, TEXT("from:")) ||
        text_to_u64(text_slice(t, 5, t.len), INT32_MAX, "the marker", &from, &err) != 0)
        return false;
    *out = (size_t)from;
    return true;
}

static struct text marker_write(struct lambda_call *call, size_t from)
{
    AUTO_BUFFER struct buffer coded;
    struct text plain = call_printf(call, "from:%zu", from);
    buffer_init(&coded, 2 * MARKER_MAX_BYTES);
    buffer_append_base64(&coded, plain.ptr, plain.len);
    return arena_text(call->arena, buffer_text(&coded));
}

bool call_page(struct lambda_call *call, size_t count, size_t *out_from, size_t *out_to,
               struct text *out_marker)
{
    struct text marker = call_text_or(call, "Marker", "");
    int64_t wanted = call_i64_or(call, "MaxItems", PAGE_CAP);
    size_t from = 0;
    if (marker.len > 0 && !marker_read(marker, &from)) {
        call_fail(call, ERR_INVALID_PARAMETER, "The Marker is not one that this API has given.");
        return false;
    }
    size_t size = wanted < PAGE_CAP ? (size_t)wanted : PAGE_CAP;
    if (from > count)
        from = count; /* the list has become shorter */
    *out_from = from;
    *out_to = count - from > size ? from + size : count;
    *out_marker = *out_to < count ? marker_write(call, *out_to) : TEXT("");
    return true;
}

void call_answer_rows(struct lambda_call *call, const char *name, const struct row *rows,
                      size_t count,
                      struct json_object *(*show)(struct lambda_call *call, const struct row *row))
{
    size_t from, to;
    struct text marker;
    if (!call_page(call, count, &from, &to, &marker))
        return;
    AUTO_JSON struct json_object *answer = json_object_new_object();
    struct json_object *items = json_object_new_array();
    json_object_object_add(answer, name, items);
    for (size_t i = from; i < to; i++)
        json_object_array_add(items, show(call, &rows[i]));
    if (marker.len > 0)
        member_set_text(answer, "NextMarker", marker);
    call_answer(call, 200, call_json_text(call, answer));
}

bool call_revision_fits(struct lambda_call *call, struct text current, const char *api)
{
    struct text wanted;
    if (!call_text(call, "RevisionId", &wanted) || text_equal(wanted, current))
        return true;
    call_fail(call, ERR_PRECONDITION,
              "The Revision Id provided does not match the latest Revision Id. Call the %s API to "
              "retrieve the latest Revision Id",
              api);
    return false;
}

bool call_commit(struct lambda_call *call)
{
    struct registry_edit *edit = call->edit;
    struct error err = {0};
    call->edit = NULL;
    if (registry_edit_commit(edit, &err) == 0)
        return true;
    if (err.code == ERROR_INVALID || err.code == ERROR_LIMIT) {
        call_fail(call, ERR_INVALID_PARAMETER, "%s", err.message);
        return false;
    }
    LOG(LOG_LEVEL_ERROR, "a change was not stored", LOG_STRING("operation", call->operation->name),
        LOG_TEXT("function", call->id.name), LOG_ERROR_FIELD(&err));
    call_fail(call, ERR_SERVICE, "The change could not be stored.");
    return false;
}
