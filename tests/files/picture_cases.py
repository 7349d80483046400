"""Small pictures of every kind that people have, made by other writers: the rows of the table in docs/pictures.md."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import png
import tifffile
from PIL import Image

from copyist.files.decoded import DecodedImage
from copyist.files.encoding import encode_image
from copyist.files.tiff_tags import TiffStorage

SHAPE = (19, 23)
_random = np.random.default_rng(0)


def values(dtype: str, *, bits: int | None = None, samples: int = 1) -> npt.NDArray[Any]:
    """Noise over the whole range of a type, (H, W) or (H, W, S)."""
    shape = SHAPE if samples == 1 else (*SHAPE, samples)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return _random.random(shape).astype(kind)
    limits = np.iinfo(kind)
    low, high = (0, 2**bits - 1) if bits else (limits.min, limits.max)
    return _random.integers(low, high, shape, dtype=np.int64, endpoint=True).astype(kind)


def tiff(array: npt.NDArray[Any], **options: Any) -> bytes:
    with io.BytesIO() as file:
        tifffile.imwrite(file, array, metadata=options.pop("metadata", None), **options)
        return file.getvalue()


def by_pillow(array: npt.NDArray[Any], form: str, *, mode: str | None = None, **options: Any) -> bytes:
    picture = Image.fromarray(array, mode) if mode else Image.fromarray(array)
    with io.BytesIO() as file:
        picture.save(file, form, **options)
        return file.getvalue()


def by_pypng(array: npt.NDArray[Any], bits: int, *, gray: bool, alpha: bool = False, **options: Any) -> bytes:
    with io.BytesIO() as file:
        writer = png.Writer(SHAPE[1], SHAPE[0], bitdepth=bits, alpha=alpha, **{**options, "greyscale": gray})  # pyright: ignore[reportArgumentType]
        writer.write(file, array.reshape(SHAPE[0], -1).tolist())
        return file.getvalue()


def moving(form: str, **options: Any) -> bytes:
    frames = [Image.fromarray(values("u1", samples=3)) for _ in range(3)]
    with io.BytesIO() as file:
        frames[0].save(file, form, save_all=True, append_images=frames[1:], duration=40, **options)
        return file.getvalue()


def packed_tiff(bits: int, compression: int, samples: int = 1) -> bytes:
    """A packed depth in a compressed file, which other writers do not make."""
    array = values("u1" if bits <= 8 else "u2", bits=bits, samples=samples).reshape(*SHAPE, samples)
    storage = TiffStorage(compression=compression)
    return encode_image(DecodedImage(pixels=array, depth=bits, format="TIFF", tiff=storage))


def quantized(form: str) -> bytes:
    """A picture of 16 colors, with a palette."""
    with io.BytesIO() as file:
        Image.fromarray(values("u1", samples=3)).quantize(16).save(file, form)
        return file.getvalue()


def portable(kind: str, top: int, samples: int) -> bytes:
    array = (values("u4", bits=16, samples=samples) % (top + 1)).astype(np.uint16)
    if kind in "23":
        return f"P{kind}\n# a comment\n{SHAPE[1]} {SHAPE[0]} {top}\n{' '.join(map(str, array.ravel()))}\n".encode()
    return f"P{kind} {SHAPE[1]} {SHAPE[0]} {top}\n".encode() + array.astype(">u2" if top > 255 else "u1").tobytes()


def _tiffs() -> dict[str, Callable[[], bytes]]:
    mono: dict[str, Any] = {"photometric": "minisblack"}
    return {
        "TIFF, gray, 1 bit": lambda: tiff(values("u1", bits=1).astype(bool), **mono),
        **{
            f"TIFF, gray, {bits} bits": lambda bits=bits: tiff(
                values("u1" if bits <= 8 else "u2", bits=bits), bitspersample=bits, **mono
            )
            for bits in (2, 4, 8, 10, 12, 14, 16)
        },
        "TIFF, gray, 12 bits, LZW": lambda: packed_tiff(12, 5),
        "TIFF, gray, 24 bits": lambda: tiff(values("u4", bits=24), bitspersample=24, **mono),
        "TIFF, gray, 32 bits": lambda: tiff(values("u4"), **mono),
        "TIFF, gray, signed 8 bits": lambda: tiff(values("i1"), **mono),
        "TIFF, gray, signed 16 bits": lambda: tiff(values("i2"), **mono),
        "TIFF, gray, signed 32 bits": lambda: tiff(values("i4"), **mono),
        **{
            f"TIFF, gray, floats of {8 * size} bits": lambda size=size: tiff(values(f"f{size}"), **mono)
            for size in (2, 4, 8)
        },
        "TIFF, gray, floats beyond [0, 1]": lambda: tiff(np.linspace(-2, 2, 437, dtype="f4").reshape(SHAPE), **mono),
        "TIFF, gray, complex": lambda: tiff(values("f4").astype("c8"), **mono),
        "TIFF, gray counted from white, 8 bits": lambda: tiff(values("u1"), photometric="miniswhite"),
        "TIFF, gray counted from white, 16 bits": lambda: tiff(values("u2"), photometric="miniswhite"),
        "TIFF, gray with alpha": lambda: tiff(
            values("u1", samples=2), extrasamples=["unassalpha"], planarconfig="contig", **mono
        ),
        "TIFF, gray and two more samples": lambda: tiff(values("u2", samples=3), planarconfig="contig", **mono),
        "TIFF, RGB, 8 bits": lambda: tiff(values("u1", samples=3), photometric="rgb"),
        "TIFF, RGB, 16 bits": lambda: tiff(values("u2", samples=3), photometric="rgb"),
        "TIFF, RGB, floats": lambda: tiff(values("f4", samples=3), photometric="rgb"),
        "TIFF, RGB, in planes": lambda: tiff(
            np.moveaxis(values("u2", samples=3), 2, 0), photometric="rgb", planarconfig="separate"
        ),
        "TIFF, RGB, big-endian, in tiles, LZW with differences": lambda: tiff(
            values("u2", samples=3), photometric="rgb", byteorder=">", tile=(16, 16), compression="lzw", predictor=2
        ),
        "TIFF, RGB, BigTIFF, Zstandard": lambda: tiff(
            values("u1", samples=3), photometric="rgb", bigtiff=True, compression="zstd"
        ),
        "TIFF, RGB, JPEG 2000": lambda: tiff(values("u1", samples=3), photometric="rgb", compression="jpeg2000"),
        "TIFF, RGB with alpha": lambda: tiff(values("u2", samples=4), photometric="rgb", extrasamples=["unassalpha"]),
        "TIFF, RGB multiplied by its alpha": lambda: tiff(
            values("u1", samples=4), photometric="rgb", extrasamples=["assocalpha"]
        ),
        "TIFF, RGB and a fourth sample": lambda: tiff(
            values("u1", samples=4), photometric="rgb", extrasamples=["unspecified"]
        ),
        "TIFF, palette": lambda: tiff(
            values("u1"), photometric="palette", colormap=(257 * _random.integers(0, 256, (3, 256))).astype("u2")
        ),
        "TIFF, CMYK, 8 bits": lambda: tiff(values("u1", samples=4), photometric="separated"),
        "TIFF, CMYK, 16 bits": lambda: tiff(values("u2", samples=4), photometric="separated"),
        "TIFF, CIE L*a*b*": lambda: tiff(values("u1", samples=3), photometric="cielab"),
        "TIFF, three pages": lambda: tiff(np.stack([values("u1") for _ in range(3)]), **mono),
    }


def _others() -> dict[str, Callable[[], bytes]]:
    colors = values("u1", samples=3)
    return {
        **{
            f"PNG, gray, {bits} bit{'s' * (bits > 1)}": lambda bits=bits: by_pypng(
                values("u2", bits=bits), bits, gray=True
            )
            for bits in (1, 2, 4, 8, 16)
        },
        "PNG, gray, interlaced": lambda: by_pypng(values("u1"), 8, gray=True, interlace=True),
        **{
            f"PNG, {name}, {bits} bits": lambda bits=bits, gray=gray, alpha=alpha, count=count: by_pypng(
                values("u2", bits=bits, samples=count), bits, gray=gray, alpha=alpha
            )
            for name, gray, alpha, count in (
                ("gray with alpha", True, True, 2),
                ("RGB", False, False, 3),
                ("RGB with alpha", False, True, 4),
            )
            for bits in (8, 16)
        },
        "PNG, palette": lambda: quantized("PNG"),
        "PNG, gray, 1 bit, a transparent color": lambda: by_pypng(values("u1", bits=1), 1, gray=True, transparent=0),
        "PNG, gray, 4 bits, a transparent color": lambda: by_pypng(values("u1", bits=4), 4, gray=True, transparent=3),
        "PNG, RGB, 16 bits, a transparent color": lambda: by_pypng(
            values("u2", samples=3), 16, gray=False, transparent=(1, 2, 3)
        ),
        "PNG, moving": lambda: moving("PNG"),
        "JPEG, gray": lambda: by_pillow(values("u1"), "JPEG"),
        "JPEG, RGB, progressive": lambda: by_pillow(colors, "JPEG", progressive=True),
        "JPEG, CMYK": lambda: by_pillow(values("u1", samples=4), "JPEG", mode="CMYK"),
        "WebP, lossless": lambda: by_pillow(values("u1", samples=4), "WEBP", lossless=True, exact=True),
        "WebP, lossy": lambda: by_pillow(colors, "WEBP"),
        "WebP, moving": lambda: moving("WEBP", lossless=True),
        "GIF": lambda: quantized("GIF"),
        "GIF, moving": lambda: moving("GIF"),
        "BMP, 1 bit": lambda: by_pillow(values("u1") > 127, "BMP"),
        "BMP, gray": lambda: by_pillow(values("u1"), "BMP"),
        "BMP, RGB": lambda: by_pillow(colors, "BMP"),
        "BMP, palette": lambda: quantized("BMP"),
        "BMP, RGB with alpha": lambda: encode_image(DecodedImage(pixels=colors, alpha=values("u1"), format="BMP")),
        "PBM": lambda: by_pillow(values("u1") > 127, "PPM"),
        "PGM": lambda: portable("5", 255, 1),
        "PGM, largest value 100": lambda: portable("5", 100, 1),
        "PGM, largest value 4095, as text": lambda: portable("2", 4095, 1),
        "PPM, 16 bits": lambda: portable("6", 65535, 3),
        "PFM": lambda: b"Pf\n%d %d\n1.0\n" % SHAPE[::-1] + values("f4").astype(">f4").tobytes(),
        "TGA, RGB with alpha": lambda: by_pillow(values("u1", samples=4), "TGA", compression="tga_rle"),
        "ICO": lambda: by_pillow(values("u1", samples=4), "ICO", sizes=[SHAPE[::-1]]),
        "AVIF": lambda: by_pillow(colors, "AVIF"),
        "AVIF, moving": lambda: moving("AVIF"),
        "JPEG 2000, RGB": lambda: by_pillow(colors, "JPEG2000"),
        "JPEG 2000, gray, 16 bits": lambda: by_pillow(values("u2"), "JPEG2000"),
        "SGI": lambda: by_pillow(colors, "SGI"),
        "PCX": lambda: by_pillow(colors, "PCX"),
        "QOI": lambda: by_pillow(values("u1", samples=4), "QOI"),
        "DDS": lambda: by_pillow(values("u1", samples=4), "DDS"),
    }


CASES: dict[str, Callable[[], bytes]] = {**_tiffs(), **_others()}
"""By the words that stand in the table."""
