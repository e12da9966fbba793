/*
 * print.c - the effective configuration as YAML: replays the records of bind.c, each value with
 * where it comes from. What it prints can be read again, apart from the secrets.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"

struct printer {
    const struct config_origins *origins;
    struct buffer *out;
    unsigned depth;
    bool begins_item; /* the next line gets the "- " of its list's entry */
};

static void begin_line(struct printer *p)
{
    for (unsigned i = p->begins_item ? 1 : 0; i < p->depth; i++)
        buffer_append_string(p->out, "  ");
    if (p->begins_item)
        buffer_append_string(p->out, "- ");
    p->begins_item = false;
}

static void print_origin(struct printer *p, struct origin origin)
{
    buffer_append_string(p->out, "  # ");
    switch (origin.kind) {
    case ORIGIN_DEFAULT:
        buffer_append_string(p->out, "default");
        break;
    case ORIGIN_FILE:
        buffer_append_json_escaped(p->out, text_of(p->origins->name));
        buffer_appendf(p->out, ":%u", origin.line);
        break;
    case ORIGIN_ENVIRONMENT:
        buffer_appendf(p->out, "environment %s", origin.variable);
        break;
    case ORIGIN_FLAG:
        buffer_append_string(p->out, "--set");
        break;
    }
    buffer_append_char(p->out, '\n');
}

static void print_open(struct printer *p, const struct record *record)
{
    if (record->place->key == NULL) {
        p->begins_item = true;
    } else {
        begin_line(p);
        buffer_appendf(p->out, "%s:\n", record->place->key);
    }
    p->depth++;
}

/* A default that means nothing beside what else is given; check_function.c took it away. */
static bool is_taken_away(const struct record *record)
{
    if (record->option->type == OPTION_BYTES)
        return *(const int64_t *)record->address < record->option->min;
    return record->option->type == OPTION_TEXT && *(const char *const *)record->address == NULL;
}

static void print_option(struct printer *p, const struct record *record)
{
    if (is_taken_away(record))
        return;
    begin_line(p);
    buffer_appendf(p->out, "%s: ", record->option->key);
    value_print(record->option, record->address, p->out);
    print_origin(p, record->place->origin);
}

/* The end of the section that begins at `i` when nothing of it is printed, else `i`. */
static size_t skip_empty(const struct config_origins *origins, size_t i)
{
    size_t end = i;

    if (origins->records[i].kind != RECORD_OPEN)
        return i;
    do
        end++;
    while (origins->records[end].kind == RECORD_OPTION && is_taken_away(&origins->records[end]));
    return origins->records[end].kind == RECORD_CLOSE ? end + 1 : i;
}

void config_print(const struct config *config, struct buffer *out)
{
    struct printer p = {.origins = config->origins, .out = out};

    for (size_t i = 0; i < config->origins->count; i++) {
        size_t next = skip_empty(config->origins, i);
        const struct record *record = &config->origins->records[i];

        if (next > i) {
            i = next - 1;
            continue;
        }
        switch (record->kind) {
        case RECORD_OPEN:
            print_open(&p, record);
            break;
        case RECORD_CLOSE:
            p.depth--;
            break;
        case RECORD_OPTION:
            print_option(&p, record);
            break;
        }
    }
}
