/*
 * fuzz_lambda_input.c - a line that chooses an operation, and any bytes as its members: checked
 * without a crash, with bounded messages, and what is accepted is accepted again.
 */
#include <stdint.h>

#include "../../src/lambda/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct operation *choose(struct text line)
{
    const struct operation *ops = NULL;
    size_t count = lambda_operations(&ops), sum = 0;
    for (size_t i = 0; i < line.len; i++)
        sum += (unsigned char)line.ptr[i];
    for (size_t i = 0; i < count; i++) {
        if (text_is(line, ops[i].name))
            return &ops[i];
    }
    return &ops[sum % count];
}

/* All members come from the body; the same tables are behind path, query and headers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    const struct operation *op = choose(text_cut(&rest, '\n'));
    AUTO_JSON struct json_object *input = json_object_new_object();
    AUTO_JSON struct json_object *all = NULL;
    AUTO_ARENA struct arena arena;
    struct shape_fault fault = {0};
    struct error err = {0};
    arena_init(&arena);
    (void)shape_read_body(op, rest, input, &arena, &fault);
    bool is_json = json_parse(rest, &all, &err) == 0 && json_object_is_type(all, json_type_object);
    if (is_json && shape_check(op, all, &arena, &fault))
        BUG_ON(!shape_check(op, all, &arena, &fault));
    BUG_ON(fault.message && strlen(fault.message) > 65 * 1024);
    return 0;
}
