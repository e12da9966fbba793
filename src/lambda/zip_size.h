/*
 * zip_size.h - how large a ZIP archive is when it is unpacked, by its directory. Pure.
 *
 * Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.12, 4.3.16 and 4.5.3.
 */
#ifndef ONPUT_LAMBDA_ZIP_SIZE_H
#define ONPUT_LAMBDA_ZIP_SIZE_H

#include <stdint.h>

#include "onput/attributes.h"
#include "onput/error.h"
#include "onput/text.h"

/*
 * The sum of its files' sizes; beyond 2^64 - 1 it is that. ERROR_INVALID for bytes that are no
 * whole archive with its directory at the end. Nothing is unpacked. An archive of 65535 files or
 * more is refused: such a directory is kept elsewhere.
 */
MUST_CHECK int zip_unpacked_bytes(struct text archive, uint64_t *out, struct error *err);

#endif
