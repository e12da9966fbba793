/*
 * quantity.c - sizes ("64MiB") and times ("15m"), read and written.
 */
#include "config_private.h"

#include <inttypes.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Those that are printed stand first in each table, largest first. */
static const struct unit byte_units[] = {
    {"TiB", 1LL << 40},    {"GiB", 1LL << 30}, {"MiB", 1LL << 20},
    {"KiB", 1LL << 10},    {"B", 1},           {"", 1},
    {"TB", 1000000000000}, {"GB", 1000000000}, {"MB", 1000000},
    {"KB", 1000},          {"kB", 1000},
};
enum { PRINTED_BYTE_UNITS = 4 };

static const struct unit time_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

static void append_in(struct buffer *out, int64_t value, const struct unit *units, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (value != 0 && value % units[i].factor == 0) {
            buffer_appendf(out, "%" PRId64 "%s", value / units[i].factor, units[i].name);
            return;
        }
    buffer_append_i64(out, value);
}

void quantity_append_bytes(struct buffer *out, int64_t bytes)
{
    append_in(out, bytes, byte_units, PRINTED_BYTE_UNITS);
}

void quantity_append_duration(struct buffer *out, int64_t ms)
{
    append_in(out, ms, time_units, ARRAY_LEN(time_units));
}

static const struct unit *find_unit(const struct unit *units, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(name, units[i].name))
            return &units[i];
    return NULL;
}

/* Digits, room for blanks, unit. False when it is none, or beyond 64 bits. */
static bool parse_in(struct text t, const struct unit *units, size_t count, int64_t *out)
{
    struct error ignored = {0};
    const struct unit *unit;
    size_t digits = 0;
    int64_t number;

    while (digits < t.len && t.ptr[digits] >= '0' && t.ptr[digits] <= '9')
        digits++;
    if (digits == 0 ||
        text_to_i64(text_slice(t, 0, digits), 0, INT64_MAX, "", &number, &ignored) != 0)
        return false;
    unit = find_unit(units, count, text_trim(text_slice(t, digits, t.len)));
    if (unit == NULL)
        return false;
    return !__builtin_mul_overflow(number, unit->factor, out);
}

int parse_bytes(struct text t, int64_t min, int64_t max, int64_t *out, struct error *err)
{
    AUTO_BUFFER struct buffer message = {0};
    int64_t value;

    if (parse_in(t, byte_units, ARRAY_LEN(byte_units), &value) && value >= min && value <= max) {
        *out = value;
        return 0;
    }
    buffer_init(&message, ERROR_MESSAGE_BYTES);
    buffer_append_string(&message, "expected a size from ");
    quantity_append_bytes(&message, min);
    buffer_append_string(&message, " to ");
    quantity_append_bytes(&message, max);
    buffer_append_string(&message, ", found ");
    append_found(&message, t);
    buffer_append_string(&message, "; hint: write 512KiB, 64MiB, 2GB or a number of bytes");
    return error_set(err, ERROR_INVALID, "%s", message.data);
}

int parse_duration_ms(struct text t, int64_t min, int64_t max, int64_t *out, struct error *err)
{
    AUTO_BUFFER struct buffer message = {0};
    int64_t value;

    if (text_is(t, "0"))
        t = TEXT("0ms");
    if (parse_in(t, time_units, ARRAY_LEN(time_units), &value) && value >= min && value <= max) {
        *out = value;
        return 0;
    }
    buffer_init(&message, ERROR_MESSAGE_BYTES);
    buffer_append_string(&message, "expected a time from ");
    quantity_append_duration(&message, min);
    buffer_append_string(&message, " to ");
    quantity_append_duration(&message, max);
    buffer_append_string(&message, ", found ");
    append_found(&message, t);
    buffer_append_string(&message, "; hint: write 500ms, 30s, 5m, 2h or 7d");
    return error_set(err, ERROR_INVALID, "%s", message.data);
}
