"""Pictures to put into a store, and what can be told about the ones that come out."""

import dataclasses
import functools
import io
import os

from PIL import Image, ImageOps

COLOURS = {
    "red": (200, 30, 30),
    "green": (30, 160, 40),
    "blue": (30, 40, 200),
    "yellow": (220, 210, 30),
    "violet": (140, 30, 180),
}
WIDTH, HEIGHT = 640, 480
COLOUR_TOLERANCE = 12  # what JPEG at quality 80 and a resize may do to a plain colour


@functools.lru_cache
def photo(colour, width=WIDTH, height=HEIGHT):
    """A JPEG of one colour, which a thumbnail keeps."""
    return _jpeg(Image.new("RGB", (width, height), COLOURS[colour]))


@functools.lru_cache
def big_photo(colour, width=3200, height=2400):
    """A JPEG of more than 10 MiB: noise in the left half, one colour in the right half."""
    picture = Image.new("RGB", (width, height), COLOURS[colour])
    half = (width // 2, height)
    noise = Image.frombytes("RGB", half, os.urandom(half[0] * half[1] * 3))
    picture.paste(noise, (0, 0))
    return _jpeg(picture, quality=100, subsampling=0)


def _jpeg(picture, **options):
    out = io.BytesIO()
    picture.save(out, "JPEG", **({"quality": 95} | options))
    return out.getvalue()


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a thumbnail turned out to be; `colour` is that of its right half."""

    format: str
    size: tuple
    colour: str


def upright_inside(body, width, height):
    """The size of a picture that was turned upright and made to fit into width x height."""
    with Image.open(io.BytesIO(body)) as picture:
        have = ImageOps.exif_transpose(picture).size
    scale = min(width / have[0], height / have[1], 1)
    return tuple(max(1, round(edge * scale)) for edge in have)


def look(body):
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()  # decodes all of it, so a cut-off file is an error here
        rgb = picture.convert("RGB")
        half = rgb.crop((rgb.width // 2, 0, rgb.width, rgb.height))
        pixel = half.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        return Seen(picture.format, picture.size, _nearest(pixel))


def _nearest(pixel):
    """The name of the colour that `pixel` is, or the pixel itself when it is none of ours."""
    for name, colour in COLOURS.items():
        if all(abs(a - b) <= COLOUR_TOLERANCE for a, b in zip(pixel, colour)):
            return name
    return pixel
