"""An SVG picture in fewer bytes is the same picture."""

import re

from copyist.drawing.compact_svg import compact_svg

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def test_digits_below_a_pixel_and_groups_and_names_that_nothing_uses_are_gone() -> None:
    svg = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">
     <defs><path id="used" d="M 0.1234 -0.04
      L 3e-3 12.96" style="fill: red"/></defs>
     <g id="axes_1"><g id="line_1"/><g clip-path="url(#clip)"><use id="use_1" xlink:href="#used" x="1.999" y="10"/></g>
      <text x="1.25" y="2" transform="rotate(-0 1.25 2)" style="font-size: 8.25px">0.125 is kept</text>
      <path d="M 0 0" style="fill: none"/></g>
     <defs><clipPath id="clip"><rect width="3.14159" height="2"/></clipPath></defs></svg>"""
    assert compact_svg(svg) == (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
        '<defs><path id="n0" d="M 0.1 0 L 0 13" style="fill: red" /></defs>'
        '<g clip-path="url(#n1)"><use xlink:href="#n0" x="2" y="10" /></g>'
        '<text x="1.2" y="2" style="font-size: 8.25px">0.125 is kept</text>'
        '<defs><clipPath id="n1"><rect width="3.1" height="2" /></clipPath></defs></svg>'
    )


def test_factors_of_a_transform_are_no_lengths_and_stay() -> None:
    transform = 'transform="translate(1.26 2) scale(0.0156 -0.0156)"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><g {transform}><path d="M 9 9" /></g></svg>'
    assert transform in compact_svg(svg)


def test_a_style_of_several_elements_is_written_once_and_groups_alike_are_one() -> None:
    thin, thick = "fill: none; stroke: #111", "stroke: #222"
    svg = compact_svg(
        f'<svg {NAMESPACES}><path d="M 1 1" style="{thin}"/>'
        f'<g clip-path="url(#a)"><path d="M 2 2" style="{thin}"/></g>'
        f'<g clip-path="url(#a)"><path d="M 3 3" style="{thin}"/></g><path d="M 4 4" style="{thick}"/></svg>'
    )
    name = re.findall(r"<style>[.](s\w+)[{]fill: none; stroke: #111;[}]</style>", svg)
    assert len(name) == 1
    assert svg.partition("</style>")[2] == (
        f'<path d="M 1 1" class="{name[0]}" />'
        f'<g clip-path="url(#a)" class="{name[0]}"><path d="M 2 2" /><path d="M 3 3" /></g>'
        f'<path d="M 4 4" style="{thick}" /></svg>'
    )


def test_a_group_with_a_style_of_its_own_does_not_take_that_of_its_parts() -> None:
    red = '<path d="M 1 1" style="fill: red" />'
    svg = compact_svg(f'<svg {NAMESPACES}><g style="fill: blue">{red}{red}</g></svg>')
    name = re.findall(r"[.](s\w+)[{]fill: red;[}]", svg)[0]
    part = f'<path d="M 1 1" class="{name}" />'
    assert svg.partition("</style>")[2] == f'<g style="fill: blue">{part}{part}</g></svg>'
