/* pictures.c - see pictures.h. */
#include "pictures.h"

#include "onput/fd.h"
#include "support/test.h"

enum { PICTURE_MAX_BYTES = 16 << 20, PATH_BYTES = 512 };

struct text picture_read(const char *path)
{
    char full[PATH_BYTES];
    struct buffer content;
    struct error err = {0};
    snprintf(full, sizeof(full), "%s/images/%s", ONPUT_FIXTURES, path);
    buffer_init(&content, PICTURE_MAX_BYTES);
    assert_ok(file_read(full, &content, &err), &err);
    char *exact = xmalloc(content.len > 0 ? content.len : 1);
    memcpy(exact, content.data, content.len);
    struct text bytes = {exact, content.len};
    buffer_release(&content);
    return bytes;
}

void picture_free(struct text bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}

struct json_object *expectations_read(const char *path)
{
    struct json_object *expectations = NULL;
    struct error err = {0};
    struct text json = picture_read(path);
    assert_ok(json_parse(json, &expectations, &err), &err);
    picture_free(json);
    return expectations;
}

static bool reason_means(struct text reason, enum error_code code)
{
    switch (code) {
    case ERROR_UNSUPPORTED:
        return text_is(reason, "unsupported");
    case ERROR_LIMIT:
        return text_is(reason, "too_large") || text_is(reason, "too_many_frames");
    case ERROR_INVALID:
        return text_is(reason, "corrupt") || text_is(reason, "truncated");
    default:
        return false;
    }
}

bool expectation_allows(struct json_object *expected, enum error_code code)
{
    struct json_object *also = json_at(expected, "also");
    bool allowed = reason_means(json_text(json_at(expected, "reason")), code);
    for (size_t i = 0; also && i < json_object_array_length(also); i++)
        allowed |= reason_means(json_text(json_object_array_get_idx(also, i)), code);
    return allowed;
}

enum image_format expectation_format(struct json_object *expected)
{
    enum image_format format;
    struct text name = json_text(json_at(expected, "format"));
    if (text_is(name, "heif"))
        name = TEXT("heic");
    assert_true(image_format_parse(name, &format));
    return format;
}

int64_t expectation_number(struct json_object *expected, const char *key)
{
    int64_t value = 0;
    struct error err = {0};
    assert_ok(json_get_i64(expected, key, &value, &err), &err);
    return value;
}
