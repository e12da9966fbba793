/*
 * vips_error.c - takes libvips' message out of its global buffer at our border, so that no message
 * of one job turns up in the next.
 */
#include "thumbnail_private.h"

/* libvips puts one line per layer that failed; the first is where it began. */
static int first_line_length(const char *text)
{
    return (int)strcspn(text, "\r\n");
}

int vips_failed(struct error *err, enum error_code code, const char *what)
{
    const char *text = vips_error_buffer();
    if (first_line_length(text) > 0)
        error_set(err, code, "%s: %.*s.", what, first_line_length(text), text);
    else
        error_set(err, code, "%s.", what);
    vips_error_clear();
    return -1;
}

void image_cleanup(VipsImage **image)
{
    g_clear_object(image);
}
