"""What the numbers say, in sentences filled in from the results and never typed."""

__all__ = ["Figure", "Finding", "explanation", "finding", "headline", "key_figures", "on_batches", "on_gain"]

from dataclasses import dataclass

from copyist.report.reading import Results
from copyist.report.results import Clean, Corruption, Evaluation, Row
from copyist.report.wording import SPACE, count, duration, interval, number, percent

HEADLINE_ALPHA = 0.3
"""The blend that the headline speaks of, or the nearest one measured; chosen before any value was seen."""

NOISE_IN_THE_BLEND = 0.2
"""The standard deviation of the blend's noise before it is scaled by 1 − α."""

IDENTITY = "identity"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number and what it is."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A model's row under one corruption, with what it is compared to."""

    corruption: Corruption
    row: Row
    control: Row | None
    """The best control of the same column, trained models and the identity apart."""

    beats_identity: str
    beats_control: str
    before: float | None
    """The distance of the corrupted images."""

    after: float | None


def finding(evaluation: Evaluation, model: str, family: str, value: float) -> Finding | None:
    """What was found for a model under the corruption of that family whose value is nearest."""
    measured = [c for c in evaluation.corruptions if c.family == family and evaluation.row(model, c.name)]
    if not measured:
        return None
    corruption = min(measured, key=lambda c: (abs(c.value - value), c.value))
    row = evaluation.row(model, corruption.name)
    assert row is not None
    controls = [r for r in evaluation.rows if r.corruption == corruption.name and r.kind == "control"]
    controls = [r for r in controls if r.method != IDENTITY]
    verdict = evaluation.verdict(model, corruption.name)
    named = evaluation.row(verdict.best_filter, corruption.name) if verdict else None
    identity = evaluation.row(IDENTITY, corruption.name)
    before = identity.distance if identity else None
    if before is None and row.distance is not None and row.ratio > 0:
        before = row.distance / row.ratio
    return Finding(
        corruption=corruption,
        row=row,
        control=named or min(controls, key=lambda r: r.ratio, default=None),
        beats_identity=verdict.beats_identity if verdict else _below_one(row),
        beats_control=verdict.beats_best_filter if verdict else "unclear",
        before=before,
        after=row.distance,
    )


def headline(results: Results) -> tuple[str, str]:
    """The finding in one sentence, and in a second what the dullest explanation makes of it."""
    found = _blend(results)
    if found is None or results.subject.role != "copier":
        return results.report.title, ""
    noise = f"images with {percent(1 - found.corruption.value)} noise"
    if found.before is None or found.after is None:
        after = f"{number(found.row.ratio)} of their distance"
        how = {"yes": f"to {after}", "no": f"no closer, to {after}", "unclear": f"to {after}, which may be no closer"}
        first = f"A network that was only ever asked to copy moved {noise} {how[found.beats_identity]}."
    else:
        before, after = _distance(found.before), _distance(found.after)
        first = {
            "yes": f"A network that was only ever asked to copy moved {noise} from a distance of {before} to {after}.",
            "no": f"A network asked only to copy did not bring {noise} closer: "
            f"their distance was {before} before and {after} after.",
            "unclear": f"Whether a network asked only to copy brings {noise} closer is not clear: "
            f"their distance was {before} before and {after} after.",
        }[found.beats_identity]
    return first, _against_control(found)


def key_figures(results: Results) -> list[Figure]:
    """The few numbers to remember."""
    evaluation, subject = results.evaluation, results.subject
    figures: list[Figure] = []
    if evaluation:
        for found in (_blend(results), _noise(results)):
            if found:
                within = interval(found.row.ratio_low, found.row.ratio_high)
                what = f"of the distance is left, {_words(found.corruption)}"
                figures.append(Figure(value=number(found.row.ratio), label=what + (f" ({within})" if within else "")))
        if clean := _clean(evaluation, subject.name):
            figures.append(
                Figure(value=f"{number(clean.psnr, 1)}{SPACE}dB", label="PSNR of copies of clean held-out images")
            )
            if clean.gain is not None:
                figures.append(Figure(value=percent(clean.gain), label="of small noise is copied along"))
    size = f"parameters, trained for {count(subject.steps)} steps in {duration(subject.seconds)}"
    return [*figures, Figure(value=count(subject.num_parameters), label=size)]


def explanation(results: Results) -> list[tuple[str, str]]:
    """Which part of the effect is a shift undone and which is noise removed: a few words and a sentence each."""
    evaluation, name = results.evaluation, results.subject.name
    if evaluation is None:
        return []
    blend, noise = _blend(results), _noise(results)
    shift = finding(evaluation, name, "shift", blend.corruption.value if blend else HEADLINE_ALPHA)
    points: list[tuple[str, str]] = []
    if blend:
        points.append(("Both together.", _on_blend(blend, shift)))
    if shift:
        points.append(("The shift.", _on_shift(shift)))
    if noise:
        points.append(("The noise.", _on_noise(noise)))
    return points


def on_gain(results: Results) -> str:
    """How much of small noise each model copies along."""
    entries = [clean for clean in results.evaluation.clean if clean.gain is not None] if results.evaluation else []
    if not entries:
        return ""
    shares = [f"{clean.model} copies {percent(clean.gain or 0)} of it along" for clean in entries]
    joined = shares[0] if len(shares) == 1 else f"{', '.join(shares[:-1])} and {shares[-1]}"
    return f"Of small zero-mean noise on clean images, {joined}; the identity would copy all."


def on_batches(results: Results) -> str:
    """How far the answer depends on the batch."""
    name = results.subject.name
    entries = [batch for batch in results.evaluation.batches if batch.model == name] if results.evaluation else []
    if len(entries) < 2:
        return ""
    least, most = min(entries, key=lambda b: b.ratio), max(entries, key=lambda b: b.ratio)
    return (
        f"The same noisy images end at {number(least.ratio)} of their distance in one batch ({least.batch}) "
        f"and at {number(most.ratio)} in another ({most.batch})."
    )


def _blend(results: Results) -> Finding | None:
    """What the headline speaks of."""
    evaluation = results.evaluation
    return finding(evaluation, results.subject.name, "blend", HEADLINE_ALPHA) if evaluation else None


def _noise(results: Results) -> Finding | None:
    """Zero-mean noise, as strong as in the headline's blend or nearest to it."""
    evaluation, blend = results.evaluation, _blend(results)
    alpha = blend.corruption.value if blend else 0.0
    sigma = (1 - alpha) * NOISE_IN_THE_BLEND
    return finding(evaluation, results.subject.name, "gaussian", sigma) if evaluation else None


def _below_one(row: Row) -> str:
    if row.ratio_low is None or row.ratio_high is None:
        return "unclear"
    return "yes" if row.ratio_high < 1 else "no" if row.ratio_low > 1 else "unclear"


def _clean(evaluation: Evaluation, model: str) -> Clean | None:
    return next((clean for clean in evaluation.clean if clean.model == model), None)


def _distance(value: float) -> str:
    return number(value, 1 if value >= 1 else 3)


def _against_control(found: Finding) -> str:
    control = found.control
    if control is None:
        return ""
    reached = _distance(control.distance) if control.distance is not None else f"{number(control.ratio)} of it"
    return {
        "yes": f"The best filter beside it, {control.method}, reached {reached}.",
        "no": f"But a filter beside it, {control.method}, reached {reached}: this is no more than filtering does.",
        "unclear": f"The best filter beside it, {control.method}, reached {reached}, and the two cannot be told apart.",
    }[found.beats_control]


def _words(corruption: Corruption) -> str:
    return {
        "blend": f"with {percent(1 - corruption.value)} noise",
        "gaussian": f"with zero-mean noise of σ{SPACE}={SPACE}{corruption.value:g}",
    }.get(corruption.family, f"with the shift of α{SPACE}={SPACE}{corruption.value:g}")


def _left(found: Finding) -> str:
    within = interval(found.row.ratio_low, found.row.ratio_high)
    return number(found.row.ratio) + (f" ({within})" if within else "")


def _on_blend(blend: Finding, shift: Finding | None) -> str:
    alpha = blend.corruption.value
    text = f"A blend with {percent(1 - alpha)} noise fades the image to light grey and adds noise. "
    if shift and shift.corruption.value == alpha and shift.before and blend.before:
        share = (shift.before / blend.before) ** 2
        text += f"The fading alone makes {percent(share)} of the squared distance, the noise the rest. "
    return text + f"Of the distance, {_left(blend)} is left."


def _on_shift(shift: Finding) -> str:
    alpha = f"α{SPACE}={SPACE}{shift.corruption.value:g}"
    text = f"Faded to {alpha} with no noise at all, images keep {_left(shift)} of their distance. "
    if shift.control:
        text += f"{_capital(shift.control.method)} leaves {number(shift.control.ratio)}. "
    return text + "Statistics of the batch can undo this part without removing any noise."


def _on_noise(noise: Finding) -> str:
    sigma = f"σ{SPACE}={SPACE}{noise.corruption.value:g}"
    text = f"Zero-mean noise of {sigma} shifts nothing; of its distance {_left(noise)} is left. "
    if noise.control:
        text += f"{_capital(noise.control.method)} leaves {number(noise.control.ratio)}. "
    judged = (noise.beats_identity, noise.beats_control)
    return text + {
        ("yes", "yes"): "So noise is removed, and beyond what filters do.",
        ("yes", "no"): "So noise is removed, but not beyond what a filter does.",
        ("yes", "unclear"): "So noise is removed; whether beyond what filters do is not clear.",
        ("unclear", noise.beats_control): "Whether noise is removed at all is not clear.",
    }.get(judged, "So noise as such is not removed: what helps under the blend is the shift undone.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
