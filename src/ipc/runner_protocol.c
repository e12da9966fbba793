/*
 * runner_protocol.c - see onput/runner_protocol.h. The report's fields in the order of its struct,
 * through wire.c.
 */
#include "onput/runner_protocol.h"

#include "ipc_private.h"

enum { LAST_EXIT_STATUS = 255, LAST_SIGNAL = 64, LAST_ERRNO = 4095 };

/* The range of `code` for each end. */
static const struct code_row {
    uint32_t min;
    uint32_t max;
} codes[] = {
    [RUNNER_EXITED] = {0, LAST_EXIT_STATUS},
    [RUNNER_SIGNALED] = {1, LAST_SIGNAL},
    [RUNNER_NO_EXEC] = {1, LAST_ERRNO},
    [RUNNER_NO_START] = {0, LAST_ERRNO},
    [RUNNER_MEMORY] = {0, 0},
    [RUNNER_PIDS] = {0, 0},
};
_Static_assert(ARRAY_LEN(codes) == RUNNER_END_COUNT, "a row for each end");

void runner_report_write(const struct runner_report *report, struct buffer *out)
{
    wire_put_u32(out, report->end);
    wire_put_u32(out, (uint32_t)report->code);
    wire_put_u64(out, report->peak_bytes);
    wire_put_string(out, report->text, sizeof(report->text));
}

int runner_report_read(struct text message, struct runner_report *out, struct error *err)
{
    struct runner_report report = {0};
    struct wire_reader r;
    wire_reader_init(&r, message);
    report.end = wire_u32(&r, 0, RUNNER_END_COUNT - 1, "end");
    report.code = (int32_t)wire_u32(&r, codes[report.end].min, codes[report.end].max, "code");
    report.peak_bytes = wire_u64(&r, 0, UINT64_MAX, "peak_bytes");
    wire_string(&r, report.text, sizeof(report.text), "text");
    if (wire_finish(&r, "runner's report", err) != 0)
        return -1;
    *out = report;
    return 0;
}
