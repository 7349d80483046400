"""Formats of pictures: the endings of names that are taken for pictures, and what can be written again."""

__all__ = ["OF_PILLOW", "SUFFIXES", "WRITTEN", "name_written"]

from pathlib import PurePosixPath

_ENDINGS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff", ".btf", ".tf2", ".tf8"),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "AVIF": (".avif", ".avifs"),
    "HEIF": (".heic", ".heif", ".hif"),
    "JPEG2000": (".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c"),
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "ICO": (".ico",),
    "SGI": (".sgi", ".bw", ".rgb", ".rgba"),
    "PCX": (".pcx",),
    "QOI": (".qoi",),
    "BLP": (".blp",),
    "CUR": (".cur",),
    "DCX": (".dcx",),
    "DDS": (".dds",),
    "FLI": (".fli", ".flc"),
    "FTEX": (".ftc", ".ftu"),
    "GBR": (".gbr",),
    "ICNS": (".icns",),
    "IM": (".im",),
    "MSP": (".msp",),
    "PCD": (".pcd",),
    "PIXAR": (".pxr",),
    "PSD": (".psd",),
    "SUN": (".ras",),
    "XBM": (".xbm",),
    "XPM": (".xpm",),
}

SUFFIXES = frozenset(suffix for suffixes in _ENDINGS.values() for suffix in suffixes)
"""Names that are taken for images: all that Pillow reads, but for what holds no pixels (EPS, WMF, PDF, MPEG), what it
cannot read by itself (HDF5, GRIB, BUFR, IPTC), and FITS, whose scale it does not apply."""

WRITTEN = frozenset(
    {"PNG", "JPEG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "PPM", "AVIF", "HEIF", "JPEG2000", "TGA", "ICO", "SGI", "PCX"}
    | {"QOI"}
)
"""Formats in which a picture is written again; others become PNG."""

OF_PILLOW = tuple(_ENDINGS)
"""Formats that are opened at all, by Pillow's names."""

_ONLY_READ = frozenset(suffix for name, suffixes in _ENDINGS.items() if name not in WRITTEN for suffix in suffixes)


def name_written(name: str) -> str:
    """The name under which a picture of this name is written: `.png` where its format is only read."""
    path = PurePosixPath(name)
    return str(path.with_suffix(".png")) if path.suffix.lower() in _ONLY_READ else name
