/*
 * fuzz_s3_xml.c - any bytes as an S3 answer: error, list page, notifications. What is accepted must
 * be within the limits that callers rely on.
 */
#include "../../src/storage/storage_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena arena = {0};
    struct text document = {(const char *)data, size};
    struct s3_failure failure = {0};
    struct storage_list_page page;
    struct storage_notification *rows;
    struct error err = {0};
    size_t count;

    s3_xml_error(document, &failure);
    BUG_ON(strlen(failure.code) >= sizeof(failure.code));
    if (s3_xml_list(document, &arena, &page, &err) == 0) {
        for (size_t i = 0; i < page.count; i++)
            BUG_ON(page.objects[i].key.len == 0 || page.objects[i].size < 0);
    }
    if (s3_xml_notifications(document, &arena, &rows, &count, &err) == 0) {
        for (size_t i = 0; i < count; i++)
            BUG_ON(rows[i].event_count > size || rows[i].prefix.len > size);
    }
    return 0;
}
