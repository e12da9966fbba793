/*
 * jpeg_splice.c - cuts the scans out of a progressive JPEG that do not show at an eighth of its
 * size.
 *
 * There a block of 8 x 8 becomes one pixel, its average, which the DC scans hold. Only a component
 * with half the samples in both directions becomes 2 x 2 and needs its AC scans. In place of what
 * is cut out comes one short scan that says "all zero": so the decoder takes the picture for
 * complete, does not smooth it, and gives bit for bit what it would have given.
 */
#include "jpeg_marker.h"
#include "thumbnail_private.h"

enum {
    COMPONENTS_MAX = 4,
    SPARE_BYTES = 64 << 10,    /* for the scans that are put in */
    BLOCKS_PER_SYMBOL = 32767, /* of an end-of-band run of category 14 */
    SYMBOL_BITS = 15,          /* a code of one bit, 14 bits of the run */
    SYMBOL = 0x3fff,           /* 0, then all ones */
    RUN_CATEGORY_14 = 0xe0,
};

struct component {
    uint8_t id;
    uint32_t h, v;
    bool needs_details;
    bool was_cut;
};

struct splice {
    struct text jpeg;
    struct buffer *out;
    uint32_t width, height, h_max, v_max, count;
    struct component components[COMPONENTS_MAX];
};

static void append(struct splice *s, size_t from, size_t to)
{
    buffer_append_text(s->out, text_slice(s->jpeg, from, to));
}

static bool read_frame(struct splice *s, size_t at)
{
    s->height = be16_at(s->jpeg, at + 4);
    s->width = be16_at(s->jpeg, at + 6);
    s->count = byte_at(s->jpeg, at + 8);
    if (s->count == 0 || s->count > COMPONENTS_MAX)
        return false;
    for (uint32_t i = 0; i < s->count; i++) {
        struct component *c = &s->components[i];
        uint32_t sampling = byte_at(s->jpeg, at + 10 + 3 * i);
        c->id = (uint8_t)byte_at(s->jpeg, at + 9 + 3 * i);
        c->h = sampling >> 4;
        c->v = sampling & 15;
        if (c->h == 0 || c->v == 0)
            return false;
        s->h_max = c->h > s->h_max ? c->h : s->h_max;
        s->v_max = c->v > s->v_max ? c->v : s->v_max;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        struct component *c = &s->components[i];
        c->needs_details = s->h_max % (2 * c->h) == 0 && s->v_max % (2 * c->v) == 0;
    }
    return true;
}

static struct component *find_component(struct splice *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->components[i].id == id)
            return &s->components[i];
    }
    return NULL;
}

/* Decides about the scan whose marker code is at `at`: DC scans stay, AC scans have one component.
 */
static bool is_dropped(struct splice *s, size_t at)
{
    uint32_t count = byte_at(s->jpeg, at + 3);
    uint32_t first = byte_at(s->jpeg, at + 4 + 2 * (size_t)count);
    struct component *c = find_component(s, byte_at(s->jpeg, at + 4));
    if (first == 0 || count != 1 || !c || c->needs_details)
        return false;
    c->was_cut = true;
    return true;
}

/* Copies up to the end of the picture, without what is dropped. False when the end is missing. */
static bool copy_scans(struct splice *s)
{
    size_t copied = 0, at = jpeg_next_marker(s->jpeg, 2);
    while (at < s->jpeg.len) {
        uint32_t code = byte_at(s->jpeg, at);
        if (code == JPEG_EOI) {
            append(s, copied, at - 1);
            return s->count > 0;
        }
        if (jpeg_is_frame_header(code) && (code != JPEG_SOF2 || s->count > 0 || !read_frame(s, at)))
            return false;
        size_t next = jpeg_next_marker(s->jpeg, jpeg_segment_end(s->jpeg, at));
        if (code == JPEG_SOS && is_dropped(s, at)) {
            append(s, copied, at - 1);
            copied = next - 1;
        }
        at = next;
    }
    return false;
}

static uint32_t blocks_along(uint32_t samples, uint32_t sampling, uint32_t sampling_max)
{
    uint32_t own = (samples * sampling + sampling_max - 1) / sampling_max;
    return (own + 7) / 8;
}

static void append_byte(struct buffer *out, uint32_t byte)
{
    buffer_append_char(out, (char)byte);
    if (byte == 0xff)
        buffer_append_char(out, 0);
}

/* As many equal symbols as cover all blocks; the last bits are filled up with ones. */
static void append_zero_runs(struct buffer *out, uint32_t blocks)
{
    uint32_t symbols = (blocks + BLOCKS_PER_SYMBOL - 1) / BLOCKS_PER_SYMBOL, bits = 0, held = 0;
    for (uint32_t i = 0; i < symbols; i++) {
        bits = bits << SYMBOL_BITS | SYMBOL;
        for (held += SYMBOL_BITS; held >= 8; held -= 8)
            append_byte(out, bits >> (held - 8) & 0xff);
    }
    if (held > 0)
        append_byte(out, (bits << (8 - held) | ((1u << (8 - held)) - 1)) & 0xff);
}

static void append_zero_scan(struct splice *s, const struct component *c)
{
    /* No restarts; an AC table with one code; all coefficients but the first, in full precision. */
    const uint8_t segments[] = {
        0xff, JPEG_DRI, 0, 4, 0, 0,     0xff, JPEG_DHT, 0,  20, 0x10, 1, 0, 0,
        0,    0,        0, 0, 0, 0,     0,    0,        0,  0,  0,    0, 0, RUN_CATEGORY_14,
        0xff, JPEG_SOS, 0, 8, 1, c->id, 0x00, 1,        63, 0,
    };
    buffer_append(s->out, segments, sizeof(segments));
    append_zero_runs(s->out, blocks_along(s->width, c->h, s->h_max) *
                                 blocks_along(s->height, c->v, s->v_max));
}

bool jpeg_splice(struct text jpeg, struct buffer *out)
{
    struct splice s = {.jpeg = jpeg, .out = out};
    buffer_init(out, jpeg.len + SPARE_BYTES);
    if (!copy_scans(&s)) {
        buffer_release(out);
        return false;
    }
    for (uint32_t i = 0; i < s.count; i++) {
        if (s.components[i].was_cut)
            append_zero_scan(&s, &s.components[i]);
    }
    buffer_append(out, "\xff\xd9", 2);
    if (buffer_failed(out)) {
        buffer_release(out);
        return false;
    }
    return true;
}
