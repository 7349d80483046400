"""SVG pictures without what nobody sees: groups for their own sake, names that nothing uses, digits below a pixel, and
styles written out at each element."""

__all__ = ["compact_svg"]

import hashlib
import re
from collections import Counter
from xml.etree import ElementTree

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_GROUP, _DEFINITIONS, _STYLE = f"{{{_SVG}}}g", f"{{{_SVG}}}defs", f"{{{_SVG}}}style"
_PLACES = frozenset({"d", "x", "y", "transform", "points", "width", "height", "cx", "cy", "r"})
"""Attributes that hold lengths in pixels."""

_REFERENCE = re.compile(r"(?:url\(#|href=\"#)([^\")]+)")

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
    used = set(_REFERENCE.findall(svg))
    _tidy(root, used, digits)
    _share_styles(root)
    _shorten_names(root)
    return ElementTree.tostring(root, encoding="unicode")


def _share_styles(root: ElementTree.Element) -> None:
    """Styles of several elements become classes, named by what they say: one page may hold many pictures."""
    elements = [element for element in root.iter() if element is not root and "style" in element.attrib]
    counts = Counter(element.attrib["style"] for element in elements)
    shared = {style: f"s{hashlib.sha256(style.encode()).hexdigest()[:6]}" for style in counts if counts[style] > 1}
    for element in elements:
        if element.attrib["style"] in shared:
            element.set("class", shared[element.attrib.pop("style")])
    _join_groups(root)
    if shared:
        sheet = ElementTree.Element(_STYLE)
        sheet.text = "".join(f".{name}{{{style};}}" for style, name in shared.items())
        root.insert(0, sheet)


def _join_groups(element: ElementTree.Element) -> None:
    """Groups that follow one another with the same attributes are one, and have the class that all of theirs have."""
    kept: list[ElementTree.Element] = []
    for child in element:
        if kept and child.tag == kept[-1].tag == _GROUP and child.attrib == kept[-1].attrib:
            kept[-1].extend(child)
        else:
            kept.append(child)
    element[:] = kept
    for child in element:
        _join_groups(child)
    classes = {child.attrib.get("class") for child in element}
    if (
        element.tag == _GROUP
        and len(element) > 1
        and len(classes) == 1
        and not {"class", "style"} & element.attrib.keys()
    ):
        (name,) = classes
        if name is not None:
            element.set("class", name)
            for child in element:
                child.attrib.pop("class")


def _shorten_names(root: ElementTree.Element) -> None:
    """Identifiers become numbers, in the order of the picture."""
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    short = {name: f"n{number}" for number, name in enumerate(names)}
    for element in root.iter():
        for attribute, text in element.attrib.items():
            if attribute == "id":
                element.set(attribute, short[text])
            elif text.startswith(("#", "url(#")):
                element.set(attribute, re.sub(r"#([^)]+)", lambda found: f"#{short.get(found[1], found[1])}", text))


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
