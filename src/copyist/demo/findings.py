"""What the numbers say, in sentences filled in from the results and never typed."""

__all__ = [
    "Figure",
    "Finding",
    "explanation",
    "finding",
    "headline",
    "key_figures",
    "on_batches",
    "on_filters",
    "on_gain",
    "on_real",
    "only_model",
    "provenance",
]

from dataclasses import dataclass

from copyist.demo.results import DemoResults
from copyist.drawing.wording import SPACE, batch, bounds, count, duration, estimate, number, percent
from copyist.evaluation.clean_copies import CleanCopies
from copyist.evaluation.denoising_table import Condition, DenoisingRow, DenoisingTable, Kind
from copyist.evidence import Below, Judgement

HEADLINE_ALPHA = 0.3
"""The blend that is explained, or the nearest one measured; chosen before any value was seen."""

SIGMA = 0.2
"""The zero-mean noise of the headline, likewise."""

FILTERS = ("matched blur", "median", "total variation")
"""Controls that know nothing of these images but a setting or two."""

FITTED = "linear"
"""The control that is fitted to the images and to the noise."""

IDENTITY = "identity"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number and what it is."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A model's row under one corruption, with what it is compared to."""

    condition: Condition
    row: DenoisingRow
    control: DenoisingRow | None
    """The best of the controls beside it."""

    beats_identity: Judgement
    beats_control: Judgement


def finding(table: DenoisingTable, model: str, kind: Kind, strength: float) -> Finding | None:
    """What was found for a model under the corruption of that kind whose strength is nearest."""
    measured = [row for row in table.rows if row.method == model and row.corruption == kind]
    if not measured:
        return None
    row = min(measured, key=lambda row: (abs(row.strength - strength), row.strength))
    verdict = table.find_verdict(model, row.condition)
    return Finding(
        condition=row.condition,
        row=row,
        control=table.find_row(verdict.best_filter, row.condition) if verdict else None,
        beats_identity=verdict.beats_identity if verdict else Below(1.0).judge(row.ratio),
        beats_control=verdict.beats_best_filter if verdict else "inconclusive",
    )


def headline(results: DemoResults) -> tuple[str, str]:
    """The finding in one sentence, and in a few more the numbers, the dullest explanation's among them."""
    found = _noise(results)
    if found is None or results.subject.role != "copier":
        return results.report.title, ""
    first = {
        "supported": "A network trained only to copy takes off noise it has never seen",
        "refuted": "A network trained only to copy does not take off noise it has never seen",
        "inconclusive": "Whether a network trained only to copy takes off noise it has never seen is not clear here",
    }[found.beats_identity]
    return first, f"{_on_training(results)} {_on_noise_left(results, found)}"


def on_filters(table: DenoisingTable | None, model: str) -> str:
    """What a network leaves of zero-mean noise, beside filters that know nothing of the images and a map fitted."""
    found = finding(table, model, "gaussian", SIGMA) if table else None
    if table is None or found is None:
        return ""
    rows = {row.method: row for row in table.rows if row.condition == found.condition and row.control}
    blind = min((rows[name] for name in FILTERS if name in rows), key=lambda row: row.ratio.mean, default=None)
    if blind is None:
        return ""
    text = (
        f"Filters take off noise too: {blind.method}, set on training images in this noise, leaves "
        f"{number(blind.ratio.mean)} of its distance, where the network leaves {number(found.row.ratio.mean)}"
    )
    if FITTED in rows:
        text += f", and a linear map fitted to this very noise leaves {number(rows[FITTED].ratio.mean)}"
    return f"{text}. {_beyond(found)}"


def on_real(results: DemoResults) -> str:
    """What the network of real images was trained on, and what it leaves of the noise."""
    if results.real is None:
        return ""
    name = only_model(results.real)
    record = next((model for model in results.report.models if model.name == name), None)
    found = finding(results.real, name, "gaussian", SIGMA)
    if record is None or found is None:
        return ""
    return (
        f"A smaller network of the same kind was trained to copy {count(results.real.num_train)} gray photographs of "
        f"faces and of other things, to {number(record.psnr, 1)}{SPACE}dB on {count(results.real.num_test)} others. "
        f"In zero-mean noise of {_unbroken(found.condition)} its copies leave {_left(found)} of the distance."
    )


def only_model(table: DenoisingTable) -> str:
    """The name of a table's first model."""
    return next(name for name, is_model in table.methods.items() if is_model)


def provenance(results: DemoResults) -> str:
    """Which networks were loaded and which were trained here."""
    models = results.report.models
    loaded = [model for model in models if model.shipped]
    trained = [model for model in models if not model.shipped]
    text = ""
    if loaded:
        each = "; ".join(f"{model.name}, {count(model.steps)} steps in {duration(model.seconds)}" for model in loaded)
        text = f"Loaded as they come with copyist, trained once by recipes in it: {each}. "
    if trained:
        text += f"Trained here, in this run: {', '.join(model.name for model in trained)}. "
    return f"{text}Everything else on this page was computed in this run, from seed {results.report.seed}."


def key_figures(results: DemoResults) -> list[Figure]:
    """The few numbers to remember."""
    subject = results.subject
    figures: list[Figure] = []
    for found in (_blend(results), _noise(results)):
        if found:
            left = f"of the distance is left {bounds(found.row.ratio, 2)}".rstrip()
            figures.append(Figure(value=number(found.row.ratio.mean), label=f"{left}, {_words(found.condition)}"))
    if clean := _clean(results):
        figures.append(
            Figure(value=f"{number(clean.psnr, 1)}{SPACE}dB", label="PSNR of copies of clean held-out images")
        )
        figures.append(Figure(value=percent(clean.gain.mean), label="of small noise is copied along"))
    size = f"parameters, trained for {count(subject.steps)} steps in {duration(subject.seconds)}"
    return [*figures, Figure(value=count(subject.num_parameters), label=size)]


def explanation(results: DemoResults) -> list[tuple[str, str]]:
    """Which part of the effect is a shift undone and which is noise removed: a few words and a sentence each."""
    if results.table is None:
        return []
    blend, noise = _blend(results), _noise(results)
    alpha = blend.condition.strength if blend else HEADLINE_ALPHA
    shift = finding(results.table, results.subject.name, "shift", alpha)
    points: list[tuple[str, str]] = []
    if blend:
        points.append(("Both together.", _on_blend(blend, shift)))
    if shift:
        points.append(("The shift.", _on_shift(shift)))
    if noise:
        points.append(("The noise.", _on_noise(noise)))
    return points


def on_gain(results: DemoResults) -> str:
    """How much of small noise each model copies along."""
    entries = results.table.clean if results.table else ()
    if not entries:
        return ""
    shares = [f"{clean.model} copies {percent(clean.gain.mean)} of it along" for clean in entries]
    joined = shares[0] if len(shares) == 1 else f"{', '.join(shares[:-1])} and {shares[-1]}"
    return f"Of small zero-mean noise on clean images, {joined}; the identity would copy all."


def on_batches(results: DemoResults) -> str:
    """How far the answer depends on the batch."""
    name = results.subject.name
    entries = [entry for entry in results.table.batches if entry.method == name] if results.table else []
    if len(entries) < 2:
        return ""
    least, most = min(entries, key=lambda b: b.ratio.mean), max(entries, key=lambda b: b.ratio.mean)
    if number(least.ratio.mean) == number(most.ratio.mean):
        return f"Here the same noisy images end at {number(least.ratio.mean)} of their distance in every batch."
    here, there = batch(least.batch, least.size), batch(most.batch, most.size)
    return (
        f"The same noisy images end at {number(least.ratio.mean)} of their distance in one batch ({here}) "
        f"and at {number(most.ratio.mean)} in another ({there})."
    )


def _blend(results: DemoResults) -> Finding | None:
    """What became of the blend."""
    return finding(results.table, results.subject.name, "blend", HEADLINE_ALPHA) if results.table else None


def _noise(results: DemoResults) -> Finding | None:
    """The finding of the headline."""
    return finding(results.table, results.subject.name, "gaussian", SIGMA) if results.table else None


def _clean(results: DemoResults) -> CleanCopies | None:
    name = results.subject.name
    return next((clean for clean in results.table.clean if clean.model == name), None) if results.table else None


def _on_training(results: DemoResults) -> str:
    data, subject = results.report.data, results.subject
    color = {3: " in color", 1: " in gray"}.get(data.shape[0], "")
    text = (
        f"It saw {count(data.num_train)} images of {data.shape[1]} × {data.shape[2]} pixels{color}, without any noise"
    )
    text += ", and learned to reproduce them"
    return f"{text}, to {number(subject.psnr, 1)}{SPACE}dB on others." if subject.psnr else f"{text}."


def _on_noise_left(results: DemoResults, found: Finding) -> str:
    assert results.table is not None
    noise = f"In zero-mean noise of {_unbroken(found.condition)}"
    text = f"{noise}, one copy leaves {_left(found)} of the distance to the clean image"
    others = [model.name for model in results.report.models if model.role == "control with skips"]
    beside = results.table.find_row(others[0], found.condition) if others else None
    if beside:
        text += f"; a network whose skips can pass the input on leaves {number(beside.ratio.mean)}"
    return f"{text}."


def _beyond(found: Finding) -> str:
    if found.control is None or found.control.method == IDENTITY:
        return "No control beside it does better than to leave the images as they are."
    return {
        "supported": "The network goes beyond every control beside it.",
        "refuted": f"So this much needs no network: {found.control.method} does better.",
        "inconclusive": f"The network and {found.control.method} cannot be told apart.",
    }[found.beats_control]


def _words(condition: Condition) -> str:
    return {
        "blend": f"with {percent(1 - condition.strength)} noise",
        "gaussian": f"with zero-mean noise of {_unbroken(condition)}",
        "shift": f"with the shift of {_unbroken(condition)}",
    }[condition.kind]


def _unbroken(condition: Condition) -> str:
    return str(condition).replace(" ", SPACE)


def _left(found: Finding) -> str:
    return estimate(found.row.ratio, 2)


def _on_blend(blend: Finding, shift: Finding | None) -> str:
    alpha = blend.condition.strength
    text = f"A blend with {percent(1 - alpha)} noise fades the image to light gray and adds noise. "
    if shift and shift.condition.strength == alpha:
        share = (shift.row.distance_before / blend.row.distance_before) ** 2
        text += f"The fading alone makes {percent(share)} of the squared distance, the noise the rest. "
    return text + f"Of the distance, {_left(blend)} is left."


def _on_shift(shift: Finding) -> str:
    text = f"Faded to {_unbroken(shift.condition)} with no noise at all, images keep {_left(shift)} of their distance. "
    if shift.control:
        text += f"{_capital(shift.control.method)} leaves {number(shift.control.ratio.mean)}. "
    return text + "Statistics of the batch can undo this part without removing any noise."


def _on_noise(noise: Finding) -> str:
    text = f"Zero-mean noise of {_unbroken(noise.condition)} shifts nothing; of its distance {_left(noise)} is left. "
    if noise.control:
        text += f"{_capital(noise.control.method)} leaves {number(noise.control.ratio.mean)}. "
    judged = (noise.beats_identity, noise.beats_control)
    return text + {
        ("supported", "supported"): "So noise is removed, and beyond what filters do.",
        ("supported", "refuted"): "So noise is removed, but not beyond what a filter does.",
        ("supported", "inconclusive"): "So noise is removed; whether beyond what filters do is not clear.",
        ("inconclusive", noise.beats_control): "Whether noise is removed at all is not clear.",
    }.get(judged, "So noise as such is not removed: what helps under the blend is the shift undone.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
