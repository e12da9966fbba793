"""Uses a library that its own package brings along."""

import os

import PIL
from PIL import Image


def handler(_event, _context):
    size = Image.new("RGB", (3, 4)).size
    return {"from": os.path.relpath(PIL.__file__, os.environ["LAMBDA_TASK_ROOT"]), "size": size}
