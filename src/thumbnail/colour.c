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

/* The high byte of 16-bit samples; the spaces for 16 bits have the same curve as those for 8. */
static int drop_low_byte(VipsImage *in, VipsImage **out)
{
    AUTO_IMAGE VipsImage *high = NULL;
    VipsInterpretation space = in->Type;
    if (space == VIPS_INTERPRETATION_RGB16)
        space = VIPS_INTERPRETATION_sRGB;
    else if (space == VIPS_INTERPRETATION_GREY16)
        space = VIPS_INTERPRETATION_B_W;
    if (vips_cast(in, &high, VIPS_FORMAT_UCHAR, "shift", TRUE, NULL) != 0)
        return -1;
    return vips_copy(high, out, "interpretation", space, NULL);
}

/* Spaces that only make sense with more than 8 bits leave them on the way to the screen's. */
static int change_depth(VipsImage *in, VipsImage **out)
{
    if (in->BandFmt == VIPS_FORMAT_UCHAR)
        return vips_copy(in, out, NULL);
    if (in->BandFmt == VIPS_FORMAT_USHORT && space_of(in) != ICC_OTHER)
        return drop_low_byte(in, out);
    bool grey = in->Bands < 3;
    AUTO_IMAGE VipsImage *screen = NULL;
    if (vips_colourspace(in, &screen, grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB,
                         NULL) != 0)
        return -1;
    return vips_cast(screen, out, VIPS_FORMAT_UCHAR, NULL);
}

/* Extra channels of a TIFF, beyond one for alpha, are dropped. CMYK has no alpha then. */
int image_to_eight_bits(VipsImage *in, VipsImage **out)
{
    AUTO_IMAGE VipsImage *eight = NULL;
    if (change_depth(in, &eight) != 0)
        return -1;
    if (eight->Bands > 4)
        return vips_extract_band(eight, out, 0, "n", 4, NULL);
    *out = g_steal_pointer(&eight);
    return 0;
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
    AUTO_IMAGE VipsImage *profiled = NULL;
    if (apply_profile(in, &profiled) != 0)
        return -1;
    return to_screen_space(profiled, out);
}
