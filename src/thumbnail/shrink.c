/*
 * shrink.c - resamples a picture into memory, with Lanczos and weighed by alpha.
 *
 * "gap" 0 keeps libvips 8.14 from its box filter, which is slow on pictures in memory.
 */
#include "thumbnail_private.h"

static int resize_bands(VipsImage *in, struct size size, VipsImage **out)
{
    double horizontal = (double)size.width / in->Xsize, vertical = (double)size.height / in->Ysize;
    return vips_resize(in, out, horizontal, "vscale", vertical, "kernel", VIPS_KERNEL_LANCZOS3,
                       "gap", 0.0, NULL);
}

/* Colours of transparent pixels must not bleed: they count as much as they can be seen. */
static int resize_with_alpha(VipsImage *in, struct size size, VipsImage **out)
{
    AUTO_IMAGE VipsImage *weighed = NULL, *small = NULL, *plain = NULL;
    if (vips_premultiply(in, &weighed, NULL) != 0 || resize_bands(weighed, size, &small) != 0 ||
        vips_unpremultiply(small, &plain, NULL) != 0)
        return -1;
    return vips_cast(plain, out, in->BandFmt, NULL);
}

int image_resize(VipsImage *in, struct size size, VipsImage **out)
{
    AUTO_IMAGE VipsImage *lazy = NULL;
    if ((uint32_t)in->Xsize == size.width && (uint32_t)in->Ysize == size.height)
        lazy = g_object_ref(in);
    else if ((vips_image_hasalpha(in) ? resize_with_alpha : resize_bands)(in, size, &lazy) != 0)
        return -1;
    *out = vips_image_copy_memory(lazy);
    return *out ? 0 : -1;
}
