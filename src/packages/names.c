/*
 * names.c - names of members and targets of links. Pure: what a name means is decided by its bytes
 * alone, and folder.c never follows a link.
 */
#include "packages_private.h"

bool name_next(struct text *rest, struct text *out)
{
    while (rest->len > 0) {
        *out = text_cut(rest, '/');
        if (out->len > 0 && !text_is(*out, "."))
            return true;
    }
    return false;
}

bool name_has_control_byte(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
            return true;
    return false;
}

int member_name_check(struct text name, struct error *err)
{
    struct text rest = name, part;
    int depth = 0;
    if (name.len == 0)
        return refuse_member(name, "has no name", err);
    if (name_has_control_byte(name))
        return error_set(err, ERROR_UNSUPPORTED, "a member has a control byte in its name");
    if (name.len > MEMBER_NAME_MAX)
        return refuse_member(name, "has a name of more than 4096 bytes", err);
    if (!text_is_utf8(name))
        return error_set(err, ERROR_UNSUPPORTED, "a member's name is not UTF-8");
    if (name.ptr[0] == '/')
        return refuse_member(name, "has an absolute name", err);
    if (text_find(name, '\\') < name.len)
        return refuse_member(name, "has a backslash in its name; folders end with \"/\"", err);
    while (name_next(&rest, &part)) {
        if (text_is(part, ".."))
            return refuse_member(name, "leads out of its folder", err);
        if (part.len > COMPONENT_MAX)
            return refuse_member(name, "has a part of more than 255 bytes in its name", err);
        if (++depth > DEPTH_MAX)
            return refuse_member(name, "lies in more than 48 folders", err);
    }
    return 0;
}

static int depth_of(struct text name)
{
    struct text part;
    int depth = 0;
    while (name_next(&name, &part))
        depth++;
    return depth;
}

/*
 * The folders above a link are real ones, so leading ".." are what they seem. Behind them it only
 * goes down, perhaps through other links, for which the same holds: no chain of links leads out.
 * ".." further on could step out of where another link leads.
 */
int link_target_check(struct text name, struct text target, struct error *err)
{
    struct text rest = target, part;
    int up = 0;
    bool down = false;
    if (target.len == 0 || target.len > LINK_TARGET_MAX || name_has_control_byte(target))
        return refuse_member(name, "is a link to no possible name", err);
    if (target.ptr[0] == '/')
        return refuse_member(name, "is a link with an absolute target", err);
    while (name_next(&rest, &part)) {
        if (!text_is(part, "..")) {
            down = true;
        } else if (down || ++up >= depth_of(name)) {
            return refuse_member(name, "is a link that leads out of the package, or might", err);
        }
    }
    return 0;
}
