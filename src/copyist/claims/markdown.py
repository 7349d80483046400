"""Markdown pages on claims: a front page with all verdicts, and a page each."""

__all__ = ["claim_page", "front_page"]

import json
import re
from collections.abc import Mapping, Sequence

from copyist.claims.on_disk import ClaimResult
from copyist.claims.wording import counts, interval, labeled, listed, repeating, summary
from copyist.drawing.wording import duration


def front_page(results: Sequence[ClaimResult], *, missing: Sequence[str] = ()) -> str:
    """All verdicts at a glance.

    Args:
        results: in the order of the table.
        missing: names of claims that have no result here.
    """
    found = counts(results)
    lines = [
        "# The evidence",
        "",
        " · ".join(f"**{number}** {labeled(verdict)}" for verdict, number in found.items() if number),
        "",
        "Each claim was declared with its bounds before it was measured. A verdict is computed: the 95 % interval over "
        "seeds lies on the right side of the bound (supported), on the wrong one (refuted), or straddles it "
        "(inconclusive); a claim is open while a part of it cannot be measured yet. All parts must hold. The "
        "figure shown is that of the first part that decides: its mean with its interval, and its bound. [All of it on "
        "one page](report.html).",
        "",
        *_table(
            ("claim", "what is claimed", "verdict", "parts that hold", "deciding figure", "scale", "seeds"),
            [
                (
                    f"[{result.name}]({result.name}.md)", _escaped(result.claim.sentence),
                    f"**{labeled(result.verdict)}**", result.held,
                    f"`{result.parts[result.deciding].name}` {interval(result.parts[result.deciding].interval)}; "
                    f"{_escaped(result.claim.parts[result.deciding].holds_when)}",
                    result.scale, str(len(result.seeds)),
                )
                for result in results
            ],
        ),
    ]  # fmt: skip
    if missing:
        lines += ["", f"Not measured here yet: {', '.join(missing)}."]
    return _joined(lines)


def claim_page(result: ClaimResult, *, curves: Mapping[str, str]) -> str:
    """One claim: sentence, verdict, numbers, figures, pictures, and how it was made.

    Args:
        result: the claim, run.
        curves: the title of each figure of curves, by its file.
    """
    claim = result.claim
    seeds = ", ".join(str(seed) for seed in result.seeds)
    waiting = [f"Waits for {_escaped(part.waits_for)}: `{part.name}`." for part in claim.parts if part.waits_for]
    lines = [
        f"# {result.name}", "",
        f"> {_escaped(claim.sentence)}", "",
        f"Where it stands: {_escaped(claim.source)}.", "",
        f"## {labeled(result.verdict)}", "",
        f"At scale {result.scale}, over {len(result.seeds)} seeds." if seeds else "Not run yet.", "",
        *(line for sentence in waiting for line in (sentence, "")),
        f"![Each part with its 95 % interval, against its bound, and the controls]({result.name}.svg)", "",
        "The shaded side of a bound is where the whole interval must lie; small strokes are seeds.", "",
        "## Parts", "", *_parts(result), "",
    ]  # fmt: skip
    if result.controls:
        lines += ["## Controls", "", *_controls(result), ""]
    for file, title in curves.items():
        lines += [f"![{_escaped(title)}]({file})", ""]
    for picture in result.pictures:
        lines += [f"![{_escaped(picture.caption)}]({picture.file})", "", _escaped(picture.caption), ""]
    lines += ["## The record", "", *_record(result, seeds)]
    if result.remarks:
        lines += ["", "## What surprised", "", result.remarks]
    return _joined(lines)


def _parts(result: ClaimResult) -> list[str]:
    measures = {part.name: part for part in result.claim.parts}
    return _table(
        ("part", "measure", "bound", "mean [95 % interval]", "per seed", "verdict"),
        [
            (
                f"`{part.name}`", _escaped(measures[part.name].measure), _escaped(measures[part.name].holds_when),
                interval(part.interval), listed(result.per_seed(part.name)), f"**{labeled(part.verdict)}**",
            )
            for part in result.parts
        ],
    )  # fmt: skip


def _controls(result: ClaimResult) -> list[str]:
    measures = {control.name: control.measure for control in result.claim.controls}
    return _table(
        ("control", "measure", "mean [95 % interval]", "per seed"),
        [
            (
                f"`{each.name}`",
                _escaped(measures[each.name]),
                interval(each.interval),
                listed(result.per_seed(each.name)),
            )
            for each in result.controls
        ],
    )


def _record(result: ClaimResult, seeds: str) -> list[str]:
    lines = [
        f"Seeds {seeds or '–'}; {duration(result.seconds)} for all of them, one after the other, besides models that "
        "other claims had trained already.",
        "",
        f"copyist {result.package}; {_escaped('; '.join(result.machines) or 'no machine')}.",
        "",
        "This repeats it:",
        "",
        "```",
        repeating(result),
        "```",
    ]
    for name, recipe in result.recipes.items():
        document = json.dumps(recipe, indent=1, ensure_ascii=False)
        head = f"<details><summary>Recipe <code>{name}</code>: {_escaped(summary(recipe))}</summary>"
        lines += ["", head, "", "```json", document, "```", "", "</details>"]
    return lines


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _escaped(text: str) -> str:
    """Text that Markdown takes as it is."""
    return re.sub(r"([\\`*_\[\]<>|$#])", r"\\\1", " ".join(text.split()))


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
