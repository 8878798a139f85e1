"""Pictures of arrays as PNG files, and as a line of text, with nothing but NumPy."""

import struct
import zlib

import numpy as np

_BARS = "▁▂▃▄▅▆▇█"
_SIDE = 512  # pixels at most


def numbers(values):
    """Elements as float64, complex ones by magnitude; None where they are no numbers."""
    if values.dtype.kind == "c":
        values = np.abs(values)
    return values.astype(np.float64) if values.dtype.kind in "biuf" else None


def bins(values, count):
    """Means of that many equal stretches of all elements, in order, without those that are not finite."""
    flat = values.reshape(-1)
    cuts = np.linspace(0, flat.size, min(count, flat.size) + 1).astype(np.int64)
    parts = [flat[a:b] for a, b in zip(cuts, cuts[1:])]
    return [float(part[np.isfinite(part)].mean()) if np.isfinite(part).any() else None for part in parts]


def sparkline(heights):
    """One sign for each number: low to high; a blank for None."""
    known = [h for h in heights if h is not None]
    if not known:
        return " " * len(heights)
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join(" " if h is None else _BARS[min(7, int(8 * (h - low) / span))] for h in heights)


def _shades(plane):
    """0 to 255 for the least to the greatest element; 0 for what is not finite."""
    known = plane[np.isfinite(plane)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    scaled = (plane - low) * (255.0 / (high - low)) if high > low else np.zeros(plane.shape)
    return np.where(np.isfinite(scaled), scaled, 0).astype(np.uint8)


def _curve(values):
    """A curve: white on black, as wide as there are elements, or 512."""
    heights = bins(values, _SIDE)
    known = [h for h in heights if h is not None] or [0.0]
    low, span = min(known), (max(known) - min(known)) or 1.0
    image = np.zeros((_SIDE // 4, max(1, len(heights))), np.uint8)
    for x, height in enumerate(heights):
        if height is not None:
            image[int((image.shape[0] - 1) * (1 - (height - low) / span)):, x] = 255
    return image


def _plane(values):
    """The last two dimensions, at the middle of those before, every k-th element where there are many."""
    while values.ndim > 2:
        values = values[values.shape[0] // 2]
    steps = [max(1, -(-extent // _SIDE)) for extent in values.shape]
    return _shades(values[::steps[0], ::steps[1]])


def png(values):
    """The bytes of a PNG file, in shades of grey: a curve of one dimension, else a plane."""
    image = _curve(values) if values.ndim == 1 else _plane(values)
    image = image if image.size else np.zeros((1, 1), np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in image)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
