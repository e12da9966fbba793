/*
 * fuzz_runner_report.c - any bytes as a runner's report; what is taken must be written the same
 * again.
 */
#include <stdint.h>
#include <string.h>

#include "onput/runner_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_BUFFER struct buffer again;
    struct runner_report report;
    struct error err = {0};
    buffer_init(&again, RUNNER_REPORT_MAX_BYTES);
    if (runner_report_read((struct text){(const char *)data, size}, &report, &err) != 0)
        return 0;
    BUG_ON(report.end >= RUNNER_END_COUNT || strlen(report.text) >= sizeof(report.text));
    runner_report_write(&report, &again);
    BUG_ON(again.len != size || memcmp(again.data, data, size) != 0);
    return 0;
}
