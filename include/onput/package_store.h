/*
 * package_store.h - deployment packages of functions: checked, unpacked once, kept by their hash.
 *
 *   <directory>/<64 hex digits>/      the unpacked files, read-only: LAMBDA_TASK_ROOT
 *   <directory>/<64 hex digits>.zip   the package as it came
 *
 * Adding one unpacks it beside its place, syncs it and renames it there, so that a package is there
 * whole or not at all, whenever the power fails. The same package twice is one package. Unpacking
 * refuses: absolute names, "..", names of more than 4096 bytes, control bytes, backslashes, links
 * that lead out, devices and whatever else is neither file, folder nor link, encrypted members,
 * compression that is not deflate, two members of one name, more than 250 MiB unpacked (counted
 * while unpacking, whatever the directory claims), more than 50000 files and folders or 48 of them
 * in each other, a wrong checksum. Permissions become 0755 for folders and what is executable for
 * anybody, else 0644; through the store's folder itself everybody gets to a package that he knows.
 *
 * Errors of package_add(): ERROR_INVALID (no archive, or a damaged one), ERROR_UNSUPPORTED (a whole
 * archive that may not be unpacked; the message says which member), ERROR_LIMIT (too large, with
 * AWS's text), ERROR_IO.
 *
 * Threads: any. Adding blocks for as long as it takes to write the files.
 */
#ifndef ONPUT_PACKAGE_STORE_H
#define ONPUT_PACKAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/error.h"
#include "onput/hash.h"
#include "onput/text.h"

enum { PACKAGE_MAX_BYTES = 52428800, PACKAGE_UNPACKED_MAX_BYTES = 262144000 };

struct package_store;

struct package {
    uint8_t sha256[SHA256_BYTES];
    int64_t size; /* of the package as it came */
};

/* `directory` is made when missing; leftovers of an interrupted package_add() are removed. */
MUST_CHECK int package_store_open(const char *directory, struct package_store **out,
                                  struct error *err);
void package_store_close(struct package_store *s); /* NULL-safe */
const char *package_store_directory(const struct package_store *s);

MUST_CHECK int package_add(struct package_store *s, struct text zip, struct package *out,
                           struct error *err);
/*
 * The same without the files: hash and size of an archive whose members might be unpacked, as far
 * as its directory tells.
 */
MUST_CHECK int package_check(struct text zip, struct package *out, struct error *err);
bool package_exists(struct package_store *s, const uint8_t sha256[SHA256_BYTES]);
/* The package as it came, open for reading; -1 and ERROR_NOT_FOUND. */
MUST_CHECK int package_open(struct package_store *s, const uint8_t sha256[SHA256_BYTES],
                            int *out_fd, int64_t *out_size, struct error *err);
/* Where its files are (whether they are there or not); the caller frees it. */
char *package_path(const char *directory, const uint8_t sha256[SHA256_BYTES]);

/*
 * Removes every package for which `is_used` says no. Between the two a package must not come into
 * use, and package_add() must not find it: call it on the thread that adds packages.
 */
void package_store_sweep(struct package_store *s,
                         bool (*is_used)(void *ctx, const uint8_t sha256[SHA256_BYTES]), void *ctx);

#endif
