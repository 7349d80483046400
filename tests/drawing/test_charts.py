import math
import re
from xml.etree import ElementTree

import pytest

from copyist.drawing.charts import Dot, Panel, dots

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def dot(series: str, value: float, *, place: str = "x") -> Dot:
    return Dot(series=series, place=place, value=value, low=value - 0.01, high=value + 0.01)


def test_colors_and_font_are_those_of_the_page() -> None:
    panel = Panel(title="noise", dots=[dot("a", 0.25)])
    svg = dots([panel], series={"a": True}, axis="left", name="test", unity="as before")
    assert {"var(--ink)", "var(--muted)", "var(--line)", "var(--series-0)", "var(--sans)"} <= set(
        re.findall(r"var\([^)]*\)", svg)
    )
    assert "DejaVu" not in svg
    assert not re.search(r"#0[0-9a-f]0[0-9a-f]0[0-9a-f]", svg), "no color stands for itself"


def test_dots_lie_in_the_order_of_their_values_and_the_line_is_at_one() -> None:
    panel = Panel(
        title="noise",
        dots=[dot(name, v, place="σ = 0.1") for name, v in (("a", 0.25), ("b", 0.5), ("c", 1.0))],
    )
    svg = dots([panel], series={"a": True, "b": True, "c": False}, axis="left", name="test", unity="as before")
    colored = dict(re.findall(r"[.](s\w+)[{]fill: (var\(--series-[01]\));", svg))
    used = re.findall(r'<use xlink:href="#\w+" x="([\d.]+)"[^>]*class="(\w+)"', svg)
    places = [float(x) for x, name in used if name in colored][:2]
    assert len(places) == 2
    assert {"noise", "left", "as before", "σ = 0.1", "a", "b", "c"} <= set(texts(svg))
    assert places[0] < places[1]


def test_a_control_far_beyond_the_models_is_told_in_words_and_does_not_squeeze_them() -> None:
    panel = Panel(title="", dots=[dot("net", 0.5), dot("mean", 9.0)])
    shown = texts(dots([panel], series={"net": True, "mean": False}, axis="left", name="test"))
    assert "mean 9.00 →" in shown
    assert "8" not in shown


@pytest.mark.parametrize("name", ["$x$", "_x", "<b>&", "-->"])
def test_names_are_drawn_as_they_are(name: str) -> None:
    panel = Panel(title=name, dots=[Dot(series=name, place=name, value=0.5, low=0.4, high=0.6)])
    shown = texts(dots([panel], series={name: True}, axis=name, name="test"))
    assert [text.strip("\u200b") for text in shown].count(name) == 4


def test_values_that_are_no_numbers_are_left_out_of_the_picture() -> None:
    panel = Panel(title="", dots=[dot("mean", math.nan), dot("blur", math.inf), dot("median", 0.5)])
    shown = texts(dots([panel], series={"mean": False, "blur": False, "median": False}, axis="left", name="test"))
    assert "median" in shown
    assert not {"mean", "blur", "nan", "inf"} & set(shown)
