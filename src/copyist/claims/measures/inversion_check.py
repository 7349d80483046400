"""The gate before inversions: what they must say of maps whose answers are on paper, before they may judge a net."""

__all__ = ["INVERSION", "by_inversion", "check_inversion"]

from collections.abc import Mapping

from torch import Tensor, nn

from copyist.claims.measures.inversion_finding import find_inversion
from copyist.claims.result import InstrumentCheck
from copyist.claims.trial import Trial
from copyist.evidence import Claim
from copyist.tensors import Images

INVERSION = "inversion"
"""Its name, as an instrument."""


def check_inversion(trial: Trial, x: Images) -> InstrumentCheck:
    """Invert the identity, means of 2 × 2 pixels, and a map that ignores its input; and put what it says on record.

    Args:
        trial: whose parts by this instrument need the check.
        x: images (B, C, H, W) that are inverted too where nets are judged, with sides that are even.
    """
    found = [find_inversion(net, x, trial) for net in (nn.Identity(), _Means(), _Nothing())]
    start, (everything, means, nothing) = found[0].start, (each.known for each in found)
    values = {
        "identity: noise over the start's": everything.noise / start.noise,
        "identity: missed": everything.missed,
        "means of 2×2: noise over the start's": means.noise / start.noise,
        "means of 2×2: missed": means.missed,
        "nothing seen: noise over the start's": nothing.noise / start.noise,
        "nothing seen: missed": nothing.missed,
    }
    passed = (
        everything.noise < 0.1 * start.noise
        and everything.missed < min(0.05, means.missed)
        and means.missed < nothing.missed
        # Of four directions three are not seen, which keep their noise.
        and abs(means.noise / start.noise - 0.75**0.5) < 0.05
        and abs(nothing.noise / start.noise - 1) < 0.01
        and nothing.missed > 0.9
    )
    check = InstrumentCheck(
        name=INVERSION,
        rule="of the identity it leaves under a tenth of the start's noise and misses under 0.05; of means of 2×2 "
        "pixels it leaves √¾ of that noise, and of a map that sees nothing all of it; it misses more of each than of "
        "the one before, and of the last above 0.9",
        values=values,
        passed=passed,
    )
    trial.check(check)
    return check


def by_inversion(
    claim: Claim, values: Mapping[str, float | Mapping[str, float]]
) -> dict[str, float | Mapping[str, float]]:
    """Numbers as a run hands them over: those of parts that inversions measure under the instrument's name.

    Args:
        claim: that declares the parts.
        values: by part and control.
    """
    measured = {part.name for part in claim.parts if part.instruments == (INVERSION,)}
    return {
        name: {INVERSION: value} if name in measured and not isinstance(value, Mapping) else value
        for name, value in values.items()
    }


class _Means(nn.Module):
    """Means of 2 × 2 pixels."""

    def forward(self, x: Images) -> Tensor:
        return nn.functional.avg_pool2d(x, 2)


class _Nothing(nn.Module):
    """Ones, whatever it is shown."""

    def forward(self, x: Images) -> Tensor:
        return x.new_ones(len(x), 1)
