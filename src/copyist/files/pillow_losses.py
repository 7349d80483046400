"""What Pillow does not keep of a file: pages, palettes, bits and resolutions, each as a notice."""

__all__ = ["notices_of_changes", "notices_of_losses"]

from PIL import Image

from copyist.files.formats import WRITTEN


def notices_of_changes(image: Image.Image, data: bytes, pages: int) -> tuple[str, ...]:
    """What a model sees of a file in another way than it is stored, by its header."""
    notices: list[str] = []
    several = int(getattr(image, "n_frames", 1))
    sizes = len(image.info.get("sizes", ())) if image.format in ("ICO", "CUR", "ICNS") else 1
    if pages > 1:
        notices.append(f"only the first of its {pages} pictures is taken; add ?pages=all to take each")
    elif sizes > 1:
        notices.append(f"only the largest of its {sizes} pictures is taken")
    elif image.format == "PSD" and several > 1:
        notices.append("its layers are merged")
    elif image.format in ("MPO", "HEIF") and several > 1:
        notices.append(f"of its {several} pictures only the first is taken")
    if image.mode in ("P", "PA"):
        notices.append("its palette becomes full colors")
    elif image.mode == "CMYK":
        notices.append("its CMYK colors become sRGB")
    bits = _bits_that_pillow_drops(image, data)
    if bits:
        notices.append(f"its values of {bits} bits become 8")
    return tuple(notices)


def notices_of_losses(image: Image.Image) -> list[str]:
    """What is lost of a file when it is written again."""
    notices: list[str] = []
    if image.format not in WRITTEN and image.format != "MPO":
        notices.append(f"it becomes a PNG, since {image.format} is only read here")
    dpi = image.info.get("dpi")
    if dpi and dpi != (100, 100) and image.format in ("JPEG2000", "PCX", "TGA", "AVIF"):  # 100 is what Pillow writes.
        notices.append("its resolution is left out")
    return notices


def _bits_that_pillow_drops(image: Image.Image, data: bytes) -> int | None:
    """The depth of a file that Pillow turns to 8 bits, where that is not so by nature."""
    match image.format:
        case "BMP" | "DIB":
            at = 28 if image.format == "BMP" else 14
            return 5 if data[at : at + 2] == b"\x10\0" else None
        case "TGA":
            return 5 if data[16:17] in (b"\x0f", b"\x10") and image.mode.startswith("RGB") else None
        case "AVIF":
            flags = data[data.find(b"av1C") + 6] if b"av1C" in data[:-6] else 0
            return (12 if flags & 0x20 else 10) if flags & 0x40 else None
        case "HEIF":
            bits = int(image.info.get("bit_depth", 8))
            return bits if bits > 8 else None
        case "SGI":
            return 16 if data[3:4] == b"\x02" else None
        case _:
            return None
