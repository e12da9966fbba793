/*
 * config_table.c - the rows of config_table.def as arrays, and finding a row by name. A member
 * whose type does not suit its row's type does not compile.
 */
#include "config_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Known by its address: no default has this text, which clang would put at the same place. */
const char config_required[] = "(required)";

#define NONE     NULL
#define REQUIRED config_required

#define SECTION(id, tag, title) [SECTION_##id] = {title, sizeof(struct tag)},
const struct section config_sections[SECTION_COUNT] = {
#include "config_table.def"
};

#define CHILD_PLACE_OBJECT(tag, member, count) 0, 0
#define CHILD_PLACE_LIST(tag, member, count)                                                       \
    offsetof(struct tag, member), offsetof(struct tag, count)
#define CHILD_PLACE_MAP(tag, member, count)                                                        \
    offsetof(struct tag, member), offsetof(struct tag, count)
#define CHILD(parent, key, shape, id, tag, member, count, max, help)                               \
    {SECTION_##parent,                                                                             \
     #key,                                                                                         \
     SHAPE_##shape,                                                                                \
     SECTION_##id,                                                                                 \
     CHILD_PLACE_##shape(tag, member, count),                                                      \
     max,                                                                                          \
     help},
const struct child config_children[] = {
#include "config_table.def"
};
const size_t config_child_count = ARRAY_LEN(config_children);

#define OPTION(section, key, type, tag, member, fallback, min, max, choices, help)                 \
    {SECTION_##section, #key, OPTION_##type, offsetof(struct tag, member), fallback, min, max,     \
     choices,           help},
const struct option config_options[] = {
#include "config_table.def"
};
const size_t config_option_count = ARRAY_LEN(config_options);

#define IS(value, type)        __builtin_types_compatible_p(__typeof__(value), type)
#define SUITS_TEXT(value)      IS(value, const char *)
#define SUITS_TEXTS(value)     IS(value, const char **)
#define SUITS_SECRET(value)    IS(value, const char *)
#define SUITS_SECRETS(value)   IS(value, const char **)
#define SUITS_ADDRESS(value)   IS(value, const char *)
#define SUITS_WORD(value)      IS(value, const char *)
#define SUITS_NAME(value)      IS(value, char[RENDITION_NAME_BYTES])
#define SUITS_CHOICE(value)    (sizeof(value) == sizeof(int) && !IS(value, uint32_t *))
#define SUITS_FLAGS(value)     IS(value, uint32_t)
#define SUITS_INT(value)       IS(value, int64_t)
#define SUITS_UINT(value)      IS(value, uint32_t)
#define SUITS_PORT(value)      IS(value, uint16_t)
#define SUITS_BYTES(value)     IS(value, int64_t)
#define SUITS_DURATION(value)  IS(value, int64_t)
#define SUITS_BOOL(value)      IS(value, bool)
#define SUITS_COLOUR(value)    IS(value, uint32_t)
#define SUITS_JSON(value)      IS(value, const char *)
#define SUITS_VARIABLES(value) IS(value, struct config_variable *)
#define OPTION(section, key, type, tag, member, ...)                                               \
    _Static_assert(SUITS_##type(((struct tag *)NULL)->member),                                     \
                   #section "." #key ": the member's type does not suit the row's");
#include "config_table.def"

/* A list's count stands behind it, see value.c. */
#define COUNT_FOLLOWS(tag, list, count)                                                            \
    _Static_assert(offsetof(struct tag, count) == offsetof(struct tag, list) + sizeof(char **),    \
                   "the count must follow " #list)
COUNT_FOLLOWS(config_notification, events, event_count);
COUNT_FOLLOWS(config_store, webhook_tokens, webhook_token_count);
COUNT_FOLLOWS(config_function, command, command_count);
COUNT_FOLLOWS(config_function, environment, environment_count);
COUNT_FOLLOWS(config_runtime, command, command_count);

/* A member of MAP has its key as first member, see bind.c. */
_Static_assert(offsetof(struct config_store, name) == 0, "name first");
_Static_assert(offsetof(struct config_function, name) == 0, "name first");
_Static_assert(offsetof(struct config_role, name) == 0, "name first");
_Static_assert(offsetof(struct config_runtime, name) == 0, "name first");
_Static_assert(offsetof(struct config_user, name) == 0, "name first");

bool option_is_secret(const struct option *option)
{
    return option->type == OPTION_SECRET || option->type == OPTION_SECRETS;
}

const struct option *option_find(enum section_id section, struct text key)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (config_options[i].section == section && text_is(key, config_options[i].key))
            return &config_options[i];
    return NULL;
}

const struct child *child_find(enum section_id section, struct text key)
{
    for (size_t i = 0; i < config_child_count; i++)
        if (config_children[i].parent == section && text_is(key, config_children[i].key))
            return &config_children[i];
    return NULL;
}

const struct option *option_find_file(enum section_id section, struct text key)
{
    const struct option *option;

    if (!text_ends_with(key, TEXT("_file")))
        return NULL;
    option = option_find(section, text_slice(key, 0, key.len - strlen("_file")));
    return option != NULL && option_is_secret(option) ? option : NULL;
}

static const struct child *parent_of(enum section_id section)
{
    for (size_t i = 0; i < config_child_count; i++)
        if (config_children[i].section == section)
            return &config_children[i];
    return NULL;
}

bool option_variable(const struct option *option, char *out, size_t size)
{
    const struct child *child = parent_of(option->section);

    if (child == NULL || child->parent != SECTION_ROOT || child->shape != SHAPE_OBJECT)
        return false;
    snprintf(out, size, "ONPUT_%s_%s", child->key, option->key);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return true;
}

int choice_find(const char *choices, struct text word)
{
    struct text rest = text_of(choices);

    for (int i = 0; rest.len > 0; i++)
        if (text_equal(text_cut(&rest, '|'), word))
            return i;
    return -1;
}

struct text choice_at(const char *choices, size_t index)
{
    struct text rest = text_of(choices);
    struct text word = text_cut(&rest, '|');

    while (index-- > 0)
        word = text_cut(&rest, '|');
    return word;
}
