/*
 * colour.c - turns what a decoder gives into 8-bit sRGB or grey.
 *
 * Runs on the small picture. An embedded profile is applied when it fits the picture's colour space
 * and is not sRGB already; one that is broken is ignored, as browsers do.
 */
#include "thumbnail_private.h"

static struct text profile_of(VipsImage *image)
{
    const void *data;
    size_t len;
    if (!vips_image_get_typeof(image, VIPS_META_ICC_NAME) ||
        vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &len) != 0)
        return TEXT("");
    return (struct text){data, len};
}

bool image_has_profile(VipsImage *image)
{
    return profile_of(image).len > 0;
}

static enum icc_space space_of(VipsImage *image)
{
    if (image->Type == VIPS_INTERPRETATION_CMYK)
        return ICC_CMYK;
    if (image->Type == VIPS_INTERPRETATION_LAB || image->Type == VIPS_INTERPRETATION_LABS)
        return ICC_OTHER;
    return image->Bands >= 3 ? ICC_RGB : ICC_GREY;
}

static bool profile_applies(VipsImage *image)
{
    struct icc_info info = icc_inspect(profile_of(image));
    return info.space != ICC_OTHER && info.space == space_of(image) && !info.is_srgb;
}

/* 16-bit samples become 8-bit ones first: the difference is below what an 8-bit output can show. */
static int to_eight_bits(VipsImage *in, VipsImage **out)
{
    if (in->BandFmt == VIPS_FORMAT_UCHAR)
        return vips_copy(in, out, NULL);
    if (in->Type == VIPS_INTERPRETATION_RGB16)
        return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
    if (in->Type == VIPS_INTERPRETATION_GREY16)
        return vips_colourspace(in, out, VIPS_INTERPRETATION_B_W, NULL);
    if (in->Type == VIPS_INTERPRETATION_CMYK && in->BandFmt == VIPS_FORMAT_USHORT)
        return vips_cast(in, out, VIPS_FORMAT_UCHAR, "shift", TRUE, NULL);
    return vips_copy(in, out, NULL);
}

/* Without a usable profile, CMYK is taken for that of a common press. */
static int apply_profile(VipsImage *in, VipsImage **out)
{
    if (profile_applies(in) &&
        vips_icc_transform(in, out, "srgb", "embedded", TRUE, "depth", 8, NULL) == 0)
        return 0;
    vips_error_clear();
    if (space_of(in) == ICC_CMYK)
        return vips_icc_transform(in, out, "srgb", "embedded", FALSE, "input_profile", "cmyk",
                                  "depth", 8, NULL);
    return vips_copy(in, out, NULL);
}

static int to_screen_space(VipsImage *in, VipsImage **out)
{
    bool grey = in->Bands < 3;
    VipsInterpretation wanted = grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    AUTO_IMAGE VipsImage *converted = NULL;
    if (in->Type == wanted)
        converted = g_object_ref(in);
    else if (vips_colourspace(in, &converted, wanted, NULL) != 0)
        return -1;
    return vips_cast(converted, out, VIPS_FORMAT_UCHAR, NULL);
}

int image_to_srgb(VipsImage *in, VipsImage **out)
{
    AUTO_IMAGE VipsImage *eight = NULL, *profiled = NULL, *screen = NULL;
    if (to_eight_bits(in, &eight) != 0 || apply_profile(eight, &profiled) != 0 ||
        to_screen_space(profiled, &screen) != 0)
        return -1;
    if (screen->Bands > 4)
        return vips_extract_band(screen, out, 0, "n", 3, NULL);
    *out = g_steal_pointer(&screen);
    return 0;
}
