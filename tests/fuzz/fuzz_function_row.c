/*
 * fuzz_function_row.c - any bytes as the rows of a function, one a line: kind (a digit), qualifier,
 * a blank, JSON. What makes a record resolves its qualifiers.
 */
#include <stdint.h>

#include "functions_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] = "stores: {s: {endpoint: 'http://127.0.0.1:9', webhook_auth: none, "
                           "notifications: [{bucket: b, function: f}]}}\n"
                           "functions: {f: {builtin: echo}}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct base *base;
    struct config *config = NULL;
    struct error err = {0};
    struct row_list rows = {0};
    struct function_record *record = NULL;
    if (base == NULL)
        BUG_ON(config_load_text(text_of(yaml), "fuzz", &(struct config_source){0}, &config, &err) ||
               base_new(config, clock_system(), NULL, &base, &err));
    struct text rest = {(const char *)data, size};
    while (rest.len > 0) {
        struct text line = text_cut(&rest, '\n');
        enum row_kind kind = line.len > 0 ? (unsigned char)line.ptr[0] % ROW_KIND_COUNT : 0;
        line = text_slice(line, 1, line.len);
        struct text qualifier = text_cut(&line, ' ');
        row_list_put(&rows, (struct row){kind, qualifier, line});
    }
    struct record_parts parts = {.name = TEXT("f"), .rows = &rows};
    if (record_new(base, &parts, &record, &err) == 0) {
        for (size_t i = 0; i < rows.count; i++)
            record_resolve(record, rows.rows[i].qualifier, size * UINT64_C(0x9e3779b97f4a7c15));
        record_unref(record);
    }
    row_list_release(&rows);
    return 0;
}
