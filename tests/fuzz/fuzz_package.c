/*
 * fuzz_package.c - any bytes as a deployment package: members that keep our rules, or a refusal.
 * Nothing is written; what a member unpacks to is read up to a megabyte.
 */
#include "packages_private.h"

enum { READ_MAX = 1 << 20, MEMBERS_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, struct text piece, struct error *err)
{
    size_t *left = ctx;
    if (piece.len > *left)
        return error_set(err, ERROR_LIMIT, "enough");
    *left -= piece.len;
    return 0;
}

static void look_at(struct archive *a, size_t index, size_t *left)
{
    struct member m;
    struct error err = {0};
    struct text rest, part;
    if (archive_member(a, index, &m, &err) != 0)
        return;
    BUG_ON(m.name.len == 0 || m.name.len > MEMBER_NAME_MAX || m.name.ptr[0] == '/');
    for (rest = m.name; name_next(&rest, &part);)
        BUG_ON(text_is(part, "..") || part.len > COMPONENT_MAX);
    if (archive_read(a, &m, count, left, &err) != 0)
        BUG_ON(err.code != ERROR_INVALID && err.code != ERROR_LIMIT);
    if (link_target_check(m.name, m.name, &err) != 0)
        BUG_ON(err.code != ERROR_UNSUPPORTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct archive *a = NULL;
    struct error err = {0};
    size_t left = READ_MAX;
    if (archive_open((struct text){(const char *)data, size}, &a, &err) != 0) {
        BUG_ON(err.code != ERROR_INVALID && err.code != ERROR_UNSUPPORTED);
        return 0;
    }
    for (size_t i = 0; i < archive_members(a) && i < MEMBERS_MAX; i++)
        look_at(a, i, &left);
    archive_close(a);
    return 0;
}
