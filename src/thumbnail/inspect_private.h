/*
 * inspect_private.h - what the header walkers of the formats report to inspect.c.
 *
 * A walker is safe on any bytes, runs in time linear in them and allocates nothing. It fails with
 * ERROR_INVALID for a broken and ERROR_UNSUPPORTED for an unusual file; limits are inspect.c's
 * work.
 */
#ifndef ONPUT_THUMBNAIL_INSPECT_PRIVATE_H
#define ONPUT_THUMBNAIL_INSPECT_PRIVATE_H

#include "onput/thumbnail.h"

struct image_walk {
    struct image_header header; /* frames and scans start as 1 */
    /* The largest picture inside the file that a decoder may set up memory for. */
    uint32_t largest_width;
    uint32_t largest_height;
    uint64_t frame_bytes; /* memory for a frame that must be held whole; 0: decoded row by row */
};

MUST_CHECK int inspect_jpeg(struct text bytes, struct image_walk *walk, struct error *err);
MUST_CHECK int inspect_png(struct text bytes, struct image_walk *walk, struct error *err);
MUST_CHECK int inspect_webp(struct text bytes, struct image_walk *walk, struct error *err);
MUST_CHECK int inspect_gif(struct text bytes, struct image_walk *walk, struct error *err);
MUST_CHECK int inspect_tiff(struct text bytes, struct image_walk *walk, struct error *err);
MUST_CHECK int inspect_heif(struct text bytes, struct image_walk *walk, struct error *err);

/* AVIF, HEIC, or SOURCE when the brands of the ftyp box at the start are neither. */
enum image_format heif_brand(struct text bytes);

/* Makes the largest picture at least this large. */
void image_walk_include(struct image_walk *walk, uint32_t width, uint32_t height);

#endif
