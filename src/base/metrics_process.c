/*
 * metrics_process.c - the process_* values of the exposition, read from /proc; see metrics.c.
 *
 * A value that cannot be read is left out: that is how the format says "unknown".
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base_private.h"
#include "onput/attributes.h"
#include "onput/clock.h"
#include "onput/fd.h"
#include "onput/text.h"

enum { PROC_FILE_BYTES = 4096, STAT_FIELD_AFTER_NAME = 2, STAT_FIELD_START = 21 };

static void append(struct buffer *out, const char *name, const char *type, const char *help,
                   double value)
{
    buffer_appendf(out, "# HELP %s %s\n# TYPE %s %s\n%s ", name, help, name, type, name);
    metrics_append_number(out, value);
    buffer_append_char(out, '\n');
}

/* Word `index` of a file of /proc as a number; text up to the last `after` is skipped. */
static bool proc_number(const char *path, char after, size_t index, uint64_t *out)
{
    AUTO_BUFFER struct buffer content;
    struct error ignored = {0};
    struct text rest;
    size_t from;

    buffer_init(&content, PROC_FILE_BYTES);
    if (file_read(path, &content, &ignored) != 0)
        return false;
    rest = buffer_text(&content);
    for (from = rest.len; after != '\0' && from > 0 && rest.ptr[from - 1] != after; from--)
        ;
    rest = text_trim(text_slice(rest, after == '\0' ? 0 : from, rest.len));
    for (size_t i = 0; i < index; i++)
        text_cut(&rest, ' ');
    return text_to_u64(text_cut(&rest, ' '), UINT64_MAX, path, out, &ignored) == 0;
}

static bool count_open_fds(uint64_t *out)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;
    struct dirent *entry;

    if (dir == NULL)
        return false;
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    *out = count > 0 ? count - 1 : 0; /* the folder's own descriptor was open, too */
    return true;
}

static double seconds_of(clockid_t id)
{
    struct timespec now;

    BUG_ON(clock_gettime(id, &now) != 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Field 22 of stat counts clock ticks since the boot; the name in field 2 may hold spaces. */
double metrics_process_start_time(void)
{
    uint64_t ticks;
    double age;

    if (!proc_number("/proc/self/stat", ')', STAT_FIELD_START - STAT_FIELD_AFTER_NAME, &ticks))
        return seconds_of(CLOCK_REALTIME);
    age = seconds_of(CLOCK_BOOTTIME) - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return seconds_of(CLOCK_REALTIME) - age;
}

void metrics_render_process(double start_time, struct buffer *out)
{
    uint64_t number;

    if (proc_number("/proc/self/statm", '\0', 1, &number))
        append(out, "process_resident_memory_bytes", "gauge", "Memory that is in use.",
               (double)number * (double)sysconf(_SC_PAGESIZE));
    append(out, "process_cpu_seconds_total", "counter", "Processor time that was used.",
           seconds_of(CLOCK_PROCESS_CPUTIME_ID));
    if (count_open_fds(&number))
        append(out, "process_open_fds", "gauge", "Open file descriptors.", (double)number);
    append(out, "process_start_time_seconds", "gauge", "Start, in seconds since 1970.", start_time);
}
