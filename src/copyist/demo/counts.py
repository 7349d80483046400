"""What the counts of samples and walkers say, in sentences filled in from the results and never typed."""

__all__ = ["on_samples", "on_the_walk", "on_walks"]

from collections.abc import Mapping

from copyist.demo.document import PLAIN_COPIES, SCHEDULED, WALKED, InOrder
from copyist.demo.results import DemoResults
from copyist.drawing.wording import SPACE, count, number
from copyist.evidence import binomial_interval


def on_samples(results: DemoResults) -> str:
    """How many samples keep the rules of landscapes, beside what else makes images of noise."""
    counts = [each for each in results.report.in_order if each.name != WALKED]
    if not counts:
        return ""
    shares = "; ".join(f"{each.name}, {each.kept} of {each.of}" for each in counts)
    rules = "Every rule of these landscapes (one horizon, one sun above it, sky brighter than land) is kept by these:"
    return f"{rules} {shares}. {_on_the_schedule({each.name: each for each in counts})}".rstrip()


def on_the_walk(results: DemoResults) -> str:
    """How many images keep the rules of landscapes after the walk."""
    ends = next((each for each in results.report.in_order if each.name == WALKED), None)
    return f"In the end {ends.kept} of {ends.of} keep every rule of these landscapes." if ends else ""


def on_walks(results: DemoResults) -> str:
    """How the number of walkers changes with training."""
    stages = results.report.walk_stages
    if not stages:
        return ""
    first, last = stages[0], stages[-1]
    early, late = binomial_interval(first.walked, first.of), binomial_interval(last.walked, last.of)
    told = (
        "fewer walk"
        if late.high < early.low
        else "more walk"
        if late.low > early.high
        else "it is not clear whether fewer walk"
    )
    return (
        f"Without noise {first.walked} of its {first.of} training images walked away after {count(first.steps)} steps "
        f"of training ({number(first.psnr, 1)}{SPACE}dB), and {last.walked} of {last.of} after {count(last.steps)} "
        f"({number(last.psnr, 1)}{SPACE}dB): with training {told}. Of {last.held_out_of} images it was not trained on, "
        f"{first.held_out_walked} walked at first and {last.held_out_walked} in the end."
    )


def _on_the_schedule(counts: Mapping[str, InOrder]) -> str:
    if not {SCHEDULED, PLAIN_COPIES} <= set(counts):
        return ""
    steps, plain = (binomial_interval(counts[name].kept, counts[name].of) for name in (SCHEDULED, PLAIN_COPIES))
    if steps.low > plain.high:
        return "So the schedule does more than to copy as often with no new noise."
    if plain.low > steps.high:
        return "So to copy as often with no new noise does more than the schedule."
    return "So to copy as often with no new noise does as much, as far as so few can tell."
