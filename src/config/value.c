/*
 * value.c - one value: text to struct member by the type of its row, and back for printing.
 * Messages say what was expected and, unless it is a secret, what was found; bind.c puts the place
 * in front.
 */
#include "config_private.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "onput/encoding.h"

enum { FOUND_MAX_BYTES = 48, SECRET_LINES_MAX = 16, EXPECTATION_MAX_BYTES = 256 };

void append_found(struct buffer *out, struct text t)
{
    buffer_append_char(out, '"');
    buffer_append_json_escaped(out, text_slice(t, 0, FOUND_MAX_BYTES));
    buffer_append_string(out, t.len > FOUND_MAX_BYTES ? "...\"" : "\"");
}

static bool is_name(struct text t, const char *signs)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && !(c >= '0' && c <= '9') && (c == '\0' || strchr(signs, c) == NULL))
            return false;
    }
    return t.len > 0 && t.len < RENDITION_NAME_BYTES;
}

bool name_is_plain(struct text t)
{
    return is_name(t, "-_");
}

bool name_is_dotted(struct text t)
{
    return is_name(t, "-_.");
}

static void append_choices(struct buffer *out, const char *choices)
{
    struct text rest = text_of(choices);

    while (rest.len > 0) {
        buffer_append_text(out, text_cut(&rest, '|'));
        if (rest.len > 0)
            buffer_append_string(out, text_find(rest, '|') == rest.len ? " or " : ", ");
    }
}

void value_expectation(const struct option *option, struct buffer *out)
{
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_TEXTS:
        buffer_appendf(out, "text of %" PRId64 " to %" PRId64 " bytes", option->min, option->max);
        return;
    case OPTION_SECRET:
    case OPTION_SECRETS:
        buffer_appendf(out, "%" PRId64 " to %" PRId64 " printable characters without spaces",
                       option->min, option->max);
        return;
    case OPTION_ADDRESS:
        buffer_append_string(out, "an IP address");
        return;
    case OPTION_NAME:
        buffer_append_string(out, "1 to 63 letters, digits, - and _");
        return;
    case OPTION_WORD:
    case OPTION_CHOICE:
        append_choices(out, option->choices);
        return;
    case OPTION_FLAGS:
        append_choices(out, option->choices);
        buffer_append_string(out, ", or a list of them");
        return;
    case OPTION_INT:
    case OPTION_UINT:
    case OPTION_PORT:
        buffer_appendf(out, "a whole number from %" PRId64 " to %" PRId64, option->min,
                       option->max);
        return;
    case OPTION_BYTES:
        buffer_append_string(out, "a size from ");
        quantity_append_bytes(out, option->min);
        buffer_append_string(out, " to ");
        quantity_append_bytes(out, option->max);
        return;
    case OPTION_DURATION:
        buffer_append_string(out, "a time from ");
        quantity_append_duration(out, option->min);
        buffer_append_string(out, " to ");
        quantity_append_duration(out, option->max);
        return;
    case OPTION_BOOL:
        buffer_append_string(out, "true or false");
        return;
    case OPTION_COLOUR:
        buffer_append_string(out, "a colour such as \"#ffffff\"");
        return;
    case OPTION_JSON:
        buffer_append_string(out, "a mapping");
        return;
    case OPTION_VARIABLES:
        buffer_append_string(out, "a mapping of names to texts, together up to ");
        quantity_append_bytes(out, option->max);
        return;
    case OPTION_TYPE_COUNT:
        break;
    }
    BUG_ON("an option without a type");
}

static int fail_value(const struct option *option, struct text t, const char *hint,
                      struct error *err)
{
    AUTO_BUFFER struct buffer message = {0};

    buffer_init(&message, 2 * ERROR_MESSAGE_BYTES);
    buffer_append_string(&message, "expected ");
    value_expectation(option, &message);
    if (option_is_secret(option)) {
        buffer_appendf(&message, ", found something else of %zu bytes", t.len);
    } else {
        buffer_append_string(&message, ", found ");
        append_found(&message, t);
    }
    buffer_append_string(&message, hint);
    return error_set(err, ERROR_INVALID, "%s", message.data);
}

static bool is_printable_text(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
            return false;
    return text_is_utf8(t);
}

static bool is_printable_secret(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] <= 0x20 || t.ptr[i] >= 0x7f)
            return false;
    return true;
}

int value_parse_entry(const struct option *option, struct text t, struct arena *a, const char **out,
                      struct error *err)
{
    bool is_token = option_is_secret(option) && option->min > 1;

    if (t.len < (size_t)option->min || t.len > (size_t)option->max)
        return fail_value(
            option, t, is_token && t.len > 0 ? "; hint: openssl rand -hex 32 makes a good one" : "",
            err);
    if (option_is_secret(option) && !is_printable_secret(t))
        return fail_value(option, t, "; hint: a space or a character beyond ASCII is in it", err);
    if (!option_is_secret(option) && !is_printable_text(t))
        return fail_value(option, t, "; hint: a character that cannot be printed is in it", err);
    *out = arena_strdup_text(a, t);
    return 0;
}

static int parse_address(const struct option *option, struct text t, struct arena *a, void *member,
                         struct error *err)
{
    const char *copy = arena_strdup_text(a, t);
    struct in6_addr address;

    if (inet_pton(AF_INET, copy, &address) != 1 && inet_pton(AF_INET6, copy, &address) != 1)
        return fail_value(option, t,
                          "; hint: 127.0.0.1, 0.0.0.0, ::1 or ::, without port and brackets", err);
    *(const char **)member = copy;
    return 0;
}

/* People write these as well. */
static struct text spelling(struct text word)
{
    if (text_is(word, "center"))
        return TEXT("centre");
    if (text_is(word, "jpg"))
        return TEXT("jpeg");
    return word;
}

static int parse_choice(const struct option *option, struct text t, void *member, struct error *err)
{
    int position = choice_find(option->choices, spelling(t));

    if (position < 0)
        return fail_value(option, t, "", err);
    memcpy(member, &position, sizeof(position));
    return 0;
}

static int parse_word(const struct option *option, struct text t, struct arena *a, void *member,
                      struct error *err)
{
    if (choice_find(option->choices, t) < 0)
        return fail_value(option, t, "", err);
    *(const char **)member = arena_strdup_text(a, t);
    return 0;
}

static int parse_name(const struct option *option, struct text t, void *member, struct error *err)
{
    if (!name_is_plain(t))
        return fail_value(option, t, "", err);
    memcpy(member, t.ptr, t.len);
    ((char *)member)[t.len] = '\0';
    return 0;
}

static int parse_number(const struct option *option, struct text t, int64_t *out, struct error *err)
{
    struct error ignored = {0};

    if (text_to_i64(t, option->min, option->max, option->key, out, &ignored) != 0)
        return fail_value(option, t, "", err);
    return 0;
}

static int parse_integer(const struct option *option, struct text t, void *member,
                         struct error *err)
{
    int64_t number;

    if (parse_number(option, t, &number, err) != 0)
        return -1;
    if (option->type == OPTION_PORT)
        *(uint16_t *)member = (uint16_t)number;
    else if (option->type == OPTION_UINT)
        *(uint32_t *)member = (uint32_t)number;
    else
        *(int64_t *)member = number;
    return 0;
}

static int parse_bool(const struct option *option, struct text t, void *member, struct error *err)
{
    bool is_true = text_is(t, "true") || text_is(t, "yes") || text_is(t, "on");

    if (!is_true && !text_is(t, "false") && !text_is(t, "no") && !text_is(t, "off"))
        return fail_value(option, t, "", err);
    *(bool *)member = is_true;
    return 0;
}

static int parse_colour(const struct option *option, struct text t, void *member, struct error *err)
{
    AUTO_BUFFER struct buffer rgb = {0};
    struct error ignored = {0};
    const unsigned char *bytes;

    buffer_init(&rgb, t.len);
    if (t.len != strlen("#rrggbb") || t.ptr[0] != '#' ||
        hex_decode(text_slice(t, 1, t.len), &rgb, &ignored) != 0)
        return fail_value(option, t, "; hint: it needs quotes, because # begins a comment", err);
    bytes = (const unsigned char *)rgb.data;
    *(uint32_t *)member = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    return 0;
}

/* Adds one flag; a list calls it again. */
static int parse_flag(const struct option *option, struct text t, void *member, struct error *err)
{
    int position = choice_find(option->choices, t);

    if (position < 0)
        return fail_value(option, t, "", err);
    *(uint32_t *)member |= UINT32_C(1) << position;
    return 0;
}

static void set_list(void *member, const char **list, size_t count)
{
    memcpy(member, &list, sizeof(list));
    memcpy((char *)member + sizeof(list), &count, sizeof(count));
}

static int parse_single(const struct option *option, struct text t, struct arena *a, void *member,
                        struct error *err)
{
    const char **list = ARENA_ARRAY(a, const char *, 2); /* ended by NULL */

    if (value_parse_entry(option, t, a, &list[0], err) != 0)
        return -1;
    set_list(member, list, 1);
    return 0;
}

int value_parse_lines(const struct option *option, struct text t, struct arena *a, void *member,
                      struct error *err)
{
    const char **list = ARENA_ARRAY(a, const char *, SECRET_LINES_MAX);
    size_t count = 0;

    while (t.len > 0) {
        struct text line = text_trim(text_cut(&t, '\n'));

        if (line.len == 0)
            continue;
        if (count == SECRET_LINES_MAX)
            return error_set(err, ERROR_LIMIT, "the file has more than %d lines", SECRET_LINES_MAX);
        if (value_parse_entry(option, line, a, &list[count++], err) != 0)
            return -1;
    }
    if (count == 0)
        return error_set(err, ERROR_INVALID, "the file is empty");
    set_list(member, list, count);
    return 0;
}

int value_parse(const struct option *option, struct text t, struct arena *a, void *member,
                struct error *err)
{
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        return value_parse_entry(option, t, a, member, err);
    case OPTION_TEXTS:
    case OPTION_SECRETS:
        return parse_single(option, t, a, member, err);
    case OPTION_ADDRESS:
        return parse_address(option, t, a, member, err);
    case OPTION_WORD:
        return parse_word(option, t, a, member, err);
    case OPTION_NAME:
        return parse_name(option, t, member, err);
    case OPTION_CHOICE:
        return parse_choice(option, t, member, err);
    case OPTION_FLAGS:
        return parse_flag(option, t, member, err);
    case OPTION_INT:
    case OPTION_UINT:
    case OPTION_PORT:
        return parse_integer(option, t, member, err);
    case OPTION_BYTES:
        return parse_bytes(t, option->min, option->max, member, err);
    case OPTION_DURATION:
        return parse_duration_ms(t, option->min, option->max, member, err);
    case OPTION_BOOL:
        return parse_bool(option, t, member, err);
    case OPTION_COLOUR:
        return parse_colour(option, t, member, err);
    case OPTION_JSON:
    case OPTION_VARIABLES:
    case OPTION_TYPE_COUNT:
        break;
    }
    return fail_value(option, t, "", err);
}

static void print_text(struct buffer *out, const char *string)
{
    struct text rest = text_of(string);

    buffer_append_char(out, '"');
    for (;;) {
        size_t len = text_find(rest, '$');

        buffer_append_json_escaped(out, text_slice(rest, 0, len));
        if (len == rest.len)
            break;
        buffer_append_string(out, "$$");
        rest = text_slice(rest, len + 1, rest.len);
    }
    buffer_append_char(out, '"');
}

/* JSON is YAML; only the dollar is special here. */
static void print_json(struct buffer *out, const char *json)
{
    for (; *json != '\0'; json++) {
        if (*json == '$')
            buffer_append_char(out, '$');
        buffer_append_char(out, *json);
    }
}

static void print_list(const struct option *option, const void *member, struct buffer *out)
{
    const char **list;
    size_t count;

    memcpy(&list, member, sizeof(list));
    memcpy(&count, (const char *)member + sizeof(list), sizeof(count));
    buffer_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(out, i == 0 ? "" : ", ");
        print_text(out, option_is_secret(option) ? "***" : list[i]);
    }
    buffer_append_char(out, ']');
}

/* Names only: what functions are told is often secret. */
static void print_variables(const void *member, struct buffer *out)
{
    const struct config_variable *list;
    size_t count;

    memcpy(&list, member, sizeof(list));
    memcpy(&count, (const char *)member + sizeof(list), sizeof(count));
    buffer_append_char(out, '{');
    for (size_t i = 0; i < count; i++)
        buffer_appendf(out, "%s%s: \"***\"", i == 0 ? "" : ", ", list[i].name);
    buffer_append_char(out, '}');
}

static void print_flags(const struct option *option, uint32_t flags, struct buffer *out)
{
    bool is_first = true;

    buffer_append_char(out, '[');
    for (size_t i = 0; i < 32; i++) {
        if ((flags & UINT32_C(1) << i) == 0)
            continue;
        buffer_append_string(out, is_first ? "" : ", ");
        buffer_append_text(out, choice_at(option->choices, i));
        is_first = false;
    }
    buffer_append_char(out, ']');
}

static void print_choice(const struct option *option, const void *member, struct buffer *out)
{
    unsigned position;

    memcpy(&position, member, sizeof(position));
    buffer_append_text(out, choice_at(option->choices, position));
}

void value_print(const struct option *option, const void *member, struct buffer *out)
{
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_ADDRESS:
        print_text(out, *(const char *const *)member);
        return;
    case OPTION_WORD:
        buffer_append_string(out, *(const char *const *)member);
        return;
    case OPTION_SECRET:
        print_text(out, "***");
        return;
    case OPTION_TEXTS:
    case OPTION_SECRETS:
        print_list(option, member, out);
        return;
    case OPTION_NAME:
        print_text(out, member);
        return;
    case OPTION_CHOICE:
        print_choice(option, member, out);
        return;
    case OPTION_FLAGS:
        print_flags(option, *(const uint32_t *)member, out);
        return;
    case OPTION_INT:
        buffer_append_i64(out, *(const int64_t *)member);
        return;
    case OPTION_UINT:
        buffer_append_u64(out, *(const uint32_t *)member);
        return;
    case OPTION_PORT:
        buffer_append_u64(out, *(const uint16_t *)member);
        return;
    case OPTION_BYTES:
        quantity_append_bytes(out, *(const int64_t *)member);
        return;
    case OPTION_DURATION:
        quantity_append_duration(out, *(const int64_t *)member);
        return;
    case OPTION_BOOL:
        buffer_append_string(out, *(const bool *)member ? "true" : "false");
        return;
    case OPTION_COLOUR:
        buffer_appendf(out, "\"#%06" PRIx32 "\"", *(const uint32_t *)member);
        return;
    case OPTION_JSON:
        print_json(out, *(const char *const *)member);
        return;
    case OPTION_VARIABLES:
        print_variables(member, out);
        return;
    case OPTION_TYPE_COUNT:
        break;
    }
    BUG_ON("an option without a type");
}
