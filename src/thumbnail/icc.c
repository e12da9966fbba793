/*
 * icc.c - reads just enough of an ICC profile to know whether it has to be applied.
 *
 * A profile counts as sRGB by what it does and not by its name: primaries within 0.003 of those of
 * sRGB (ICC.1, adapted to D50) and a tone curve that passes near sRGB's at three places.
 */
#include <math.h>

#include "bytes.h"
#include "thumbnail_private.h"

enum { HEADER_BYTES = 128, TAG_BYTES = 12, TAGS_MAX = 128, CURVE_PROBES = 3 };

static double fixed_at(struct text t, size_t at)
{
    return (int32_t)be32_at(t, at) / 65536.0;
}

static struct text find_tag(struct text profile, const char *name)
{
    uint32_t count = be32_at(profile, HEADER_BYTES);
    for (uint32_t i = 0; i < count && i < TAGS_MAX; i++) {
        size_t at = HEADER_BYTES + 4 + TAG_BYTES * (size_t)i;
        if (bytes_are(profile, at, name, 4)) {
            size_t from = be32_at(profile, at + 4);
            return text_slice(profile, from, from + be32_at(profile, at + 8));
        }
    }
    return TEXT("");
}

static bool has_primary(struct text profile, const char *name, double x, double y, double z)
{
    struct text tag = find_tag(profile, name);
    return bytes_are(tag, 0, "XYZ ", 4) && fabs(fixed_at(tag, 8) - x) < 0.003 &&
           fabs(fixed_at(tag, 12) - y) < 0.003 && fabs(fixed_at(tag, 16) - z) < 0.003;
}

/* Number of parameters of a parametric curve by its type. */
static uint32_t parameter_count(uint32_t type)
{
    static const uint8_t counts[] = {1, 3, 4, 5, 7};
    return type < sizeof(counts) ? counts[type] : 0;
}

static double parametric_curve(struct text tag, double x)
{
    double p[7] = {1, 1, 0, 0, 0, 0, 0};
    uint32_t type = be16_at(tag, 8);
    for (uint32_t i = 0; i < parameter_count(type); i++)
        p[i] = fixed_at(tag, 12 + 4 * (size_t)i);
    double g = p[0], a = p[1], b = p[2], c = p[3], d = p[4], e = p[5], f = p[6];
    if (type == 0)
        return pow(x, g);
    if (type == 1 || type == 2)
        return (a * x + b >= 0 ? pow(a * x + b, g) : 0) + (type == 2 ? c : 0);
    return x >= d ? pow(a * x + b, g) + e : c * x + f;
}

static double sampled_curve(struct text tag, double x)
{
    uint32_t count = be32_at(tag, 8);
    if (count == 0)
        return x;
    if (count == 1)
        return pow(x, be16_at(tag, 12) / 256.0);
    size_t index = (size_t)(x * (count - 1) + 0.5);
    return be16_at(tag, 12 + 2 * index) / 65535.0;
}

static bool has_srgb_curve(struct text profile, const char *name)
{
    static const double probes[CURVE_PROBES][2] = {{0.25, 0.0509}, {0.5, 0.2140}, {0.75, 0.5225}};
    struct text tag = find_tag(profile, name);
    bool parametric = bytes_are(tag, 0, "para", 4);
    if (!parametric && !bytes_are(tag, 0, "curv", 4))
        return false;
    for (int i = 0; i < CURVE_PROBES; i++) {
        double y = (parametric ? parametric_curve : sampled_curve)(tag, probes[i][0]);
        if (!(fabs(y - probes[i][1]) < 0.008))
            return false;
    }
    return true;
}

static bool is_srgb(struct text profile)
{
    /* A profile with tables is not described by its matrix. */
    return find_tag(profile, "A2B0").len == 0 &&
           has_primary(profile, "rXYZ", 0.4361, 0.2225, 0.0139) &&
           has_primary(profile, "gXYZ", 0.3851, 0.7169, 0.0971) &&
           has_primary(profile, "bXYZ", 0.1431, 0.0606, 0.7141) &&
           has_srgb_curve(profile, "rTRC") && has_srgb_curve(profile, "gTRC") &&
           has_srgb_curve(profile, "bTRC");
}

struct icc_info icc_inspect(struct text profile)
{
    struct icc_info info = {.space = ICC_OTHER};
    if (!bytes_are(profile, 36, "acsp", 4))
        return info;
    if (bytes_are(profile, 16, "RGB ", 4)) {
        info.space = ICC_RGB;
        info.is_srgb = is_srgb(profile);
    } else if (bytes_are(profile, 16, "GRAY", 4)) {
        info.space = ICC_GREY;
        info.is_srgb = has_srgb_curve(profile, "kTRC");
    } else if (bytes_are(profile, 16, "CMYK", 4)) {
        info.space = ICC_CMYK;
    }
    return info;
}
