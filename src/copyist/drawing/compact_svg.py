"""SVG pictures without what nobody sees: groups for their own sake, names that nothing uses, digits below a pixel."""

__all__ = ["compact_svg"]

import re
from xml.etree import ElementTree

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_GROUP, _DEFINITIONS = f"{{{_SVG}}}g", f"{{{_SVG}}}defs"
_PLACES = frozenset({"d", "x", "y", "transform", "points", "width", "height", "cx", "cy", "r"})
"""Attributes that hold lengths in pixels."""

_FACTORS = re.compile("scale|matrix")
"""In a transform: numbers that are no lengths, and stay."""


def compact_svg(svg: str, *, digits: int = 1) -> str:
    """The same picture in fewer bytes.

    Args:
        svg: one SVG element with its namespaces.
        digits: after the point, in units of the picture's view box.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(svg)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^\")]+)", svg))
    _tidy(root, used, digits)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(element: ElementTree.Element, used: set[str], digits: int) -> None:
    if element.text is not None and not element.text.strip():
        element.text = None
    for name in [name for name, text in element.attrib.items() if name in _PLACES and not _FACTORS.search(text)]:
        element.set(name, _rounded(element.attrib[name], digits))
    if element.attrib.get("id") not in used:
        element.attrib.pop("id", None)
    if element.attrib.get("transform", "").startswith("rotate(0 "):
        element.attrib.pop("transform")
    kept: list[ElementTree.Element] = []
    for child in element:
        child.tail = None
        _tidy(child, used, digits)
        if child.tag == _GROUP and not child.attrib:
            kept.extend(child)
        elif not (_is_empty(child) or child.attrib.get("style") == "fill: none"):
            kept.append(child)
    element[:] = kept


def _is_empty(element: ElementTree.Element) -> bool:
    return element.tag in (_GROUP, _DEFINITIONS) and len(element) == 0


def _rounded(text: str, digits: int) -> str:
    """Every number in it with so many digits after the point, and no more zeros than it needs."""

    def short(found: re.Match[str]) -> str:
        value = f"{float(found[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if value in ("-0", "") else value

    return re.sub(r"-?\d*\.?\d+(?:e[-+]?\d+)?", short, " ".join(text.split()))
