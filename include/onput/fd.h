/*
 * fd.h - descriptors, whole-buffer reads and writes, files, sockets, and memory files.
 *
 * Every descriptor made here is O_CLOEXEC. Functions that close set the variable to -1.
 */
#ifndef ONPUT_FD_H
#define ONPUT_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/error.h"

/* Closes *fd when it is not negative and sets it to -1. */
void fd_close(int *fd);

MUST_CHECK int fd_write_all(int fd, const void *bytes, size_t len, struct error *err);
/* Appends everything up to end of file; more than out's maximum is ERROR_LIMIT. */
MUST_CHECK int fd_read_all(int fd, struct buffer *out, struct error *err);

MUST_CHECK int file_read(const char *path, struct buffer *out, struct error *err);
/* Writes a temporary file in the same folder, syncs and renames it into place. */
MUST_CHECK int file_write_atomic(const char *path, struct text content, mode_t mode,
                                 struct error *err);
/* mkdir -p with 0700 for what is created. */
MUST_CHECK int dir_create(const char *path, struct error *err);
/* Removes a folder and everything below it, without following links. */
MUST_CHECK int dir_remove(const char *path, struct error *err);
/* Makes a new folder "<TMPDIR or /tmp>/<prefix>XXXXXX" (0700); the caller frees the name. */
MUST_CHECK int dir_make_temporary(const char *prefix, char **out_path, struct error *err);

/*
 * A memory file: `capacity` bytes of anonymous shared memory behind a descriptor that can be handed
 * to another process. `map` is our view of it, `len` how much of it is meant.
 * memfd_release() unmaps and closes; it is safe on a zeroed struct with fd = -1.
 */
struct memfd {
    int fd;
    uint8_t *map; /* NULL after memfd_seal() */
    size_t capacity;
    size_t len;
};

#define MEMFD_NONE                                                                                 \
    {                                                                                              \
        .fd = -1                                                                                   \
    }
#define AUTO_MEMFD __attribute__((cleanup(memfd_release)))

/* Creates it, mapped for reading and writing, of fixed size (F_SEAL_SHRINK | F_SEAL_GROW). Pages
 * are made on first touch. */
MUST_CHECK int memfd_create_fixed(const char *name, size_t capacity, struct memfd *out,
                                  struct error *err);
/* Unmaps and seals it against every further write, by anyone, for ever. */
MUST_CHECK int memfd_seal(struct memfd *m, struct error *err);
void memfd_release(struct memfd *m);

#endif
