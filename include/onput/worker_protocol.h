/*
 * worker_protocol.h - what daemon and worker say to each other.
 *
 *   worker -> daemon  READY    once, when it is sandboxed: which layers are on, versions
 *   daemon -> worker  RENDER   a job; fds[0] sealed input, fds[1] output of fixed size
 *   worker -> daemon  RESULT   one per RENDER
 *
 * Both ends encode and decode with these functions. Decoding checks everything: enums within their
 * range, counts within their arrays, offsets and lengths within the output, no trailing bytes. The
 * daemon trusts nothing that a worker says.
 *
 * To change a message: raise IPC_VERSION, change both functions of the message, add a fixture.
 */
#ifndef ONPUT_WORKER_PROTOCOL_H
#define ONPUT_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/rendition.h"
#include "onput/text.h"

/* The worker's descriptor of the channel, and what its exit status says. */
enum { WORKER_CHANNEL_FD = 3 };

enum worker_exit {
    WORKER_EXIT_DONE = 0,     /* the daemon closed the channel */
    WORKER_EXIT_USAGE = 2,    /* not started by a daemon */
    WORKER_EXIT_START = 3,    /* libvips does not work */
    WORKER_EXIT_SANDBOX = 4,  /* a mandatory layer cannot be had */
    WORKER_EXIT_PROTOCOL = 5, /* the daemon's frame was wrong */
    WORKER_EXIT_EXEC = 127,   /* the program cannot be executed */
};

enum worker_message { WORKER_READY = 1, WORKER_RENDER = 2, WORKER_RESULT = 3 };

enum worker_layer {
    WORKER_LAYER_RLIMITS = 1 << 0,
    WORKER_LAYER_NO_NEW_PRIVS = 1 << 1,
    WORKER_LAYER_LANDLOCK = 1 << 2,
    WORKER_LAYER_SECCOMP = 1 << 3,
};

struct worker_ready {
    uint32_t layers;  /* enum worker_layer */
    uint32_t formats; /* bit per enum image_format that can be read */
    char vips_version[32];
};

struct render_job {
    uint64_t id;
    uint64_t input_bytes;
    struct image_limits limits;
    uint32_t rendition_count;
    struct rendition renditions[RENDITION_MAX];
};

struct render_output {
    uint64_t offset; /* in the output file */
    uint64_t bytes;
    uint32_t width;
    uint32_t height;
    enum image_format format; /* never SOURCE */
};

struct render_result {
    uint64_t id;
    enum error_code code;            /* ERROR_NONE: all renditions are there */
    char message[256];               /* of a failure; a whole sentence */
    enum image_format source_format; /* SOURCE (0) when not recognised */
    uint32_t source_width;           /* upright */
    uint32_t source_height;
    uint32_t source_frames;
    uint32_t source_orientation; /* 1..8 */
    uint64_t decode_us;
    uint64_t encode_us;
    uint64_t peak_rss_bytes;
    uint32_t output_count; /* == rendition_count on success, 0 on failure */
    struct render_output outputs[RENDITION_MAX];
};

void worker_ready_encode(const struct worker_ready *m, struct buffer *out);
MUST_CHECK int worker_ready_decode(struct text payload, struct worker_ready *out,
                                   struct error *err);
void render_job_encode(const struct render_job *m, struct buffer *out);
MUST_CHECK int render_job_decode(struct text payload, struct render_job *out, struct error *err);
void render_result_encode(const struct render_result *m, struct buffer *out);
/* `job` is what was asked, `capacity` the output file's size: the answer must fit both. */
MUST_CHECK int render_result_decode(struct text payload, const struct render_job *job,
                                    uint64_t capacity, struct render_result *out,
                                    struct error *err);

#endif
