/*
 * runner_protocol.h - what the daemon and onput-runner, the parent of one function process, say to
 * each other.
 *
 * onput-runner starts the user's command confined, watches all that descends from it, and ends all
 * of it: when it is told to, when the command ends, or when the daemon is gone. It speaks no HTTP
 * and knows no secrets but those in the command's environment, which is in its own: "+NAME=value"
 * there is NAME=value for the command. The daemon passes all variables like that, because
 * LD_PRELOAD or LD_LIBRARY_PATH of a function would put its code into onput-runner, which has not
 * confined itself, and may be root.
 *
 *   onput-runner [--uid N] [--memory-bytes N] [--pids N] [--grace-ms N] [--cgroup DIRECTORY]
 *                --directory DIRECTORY --temporary DIRECTORY -- COMMAND [ARGUMENT...]
 *
 * Descriptor 0 is /dev/null, 1 and 2 are the log, 3 is a SOCK_SEQPACKET pair with the daemon.
 * Runner to daemon: one struct runner_report when everything has ended, then it exits. Daemon to
 * runner: one byte RUNNER_KILL for SIGKILL at once; shutting the channel down, or the daemon's
 * death, means SIGTERM, and SIGKILL after --grace-ms.
 */
#ifndef ONPUT_RUNNER_PROTOCOL_H
#define ONPUT_RUNNER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

enum { RUNNER_CHANNEL_FD = 3, RUNNER_KILL = 'K', RUNNER_REPORT_MAX_BYTES = 512 };

enum runner_end {
    RUNNER_EXITED,   /* the command: exit status in `code` */
    RUNNER_SIGNALED, /* the command: signal in `code` */
    RUNNER_NO_EXEC,  /* it could not be executed: errno in `code` */
    RUNNER_NO_START, /* it could not be confined: errno in `code`, `text` says what failed */
    RUNNER_MEMORY,   /* it was ended because it used more memory than it may */
    RUNNER_PIDS,     /* it was ended because it had more processes than it may */
    RUNNER_END_COUNT
};

struct runner_report {
    enum runner_end end;
    int32_t code;
    uint64_t peak_bytes; /* most memory that was seen, all processes together */
    char text[160];
};

/* One message. Reading refuses unknown ends, a wrong length and texts with control bytes. */
void runner_report_write(const struct runner_report *report, struct buffer *out);
MUST_CHECK int runner_report_read(struct text message, struct runner_report *out,
                                  struct error *err);

#endif
