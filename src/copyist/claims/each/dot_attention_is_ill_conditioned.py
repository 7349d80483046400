"""Without a residual connection dot-product attention is hard to invert, because it is ill-conditioned.

Judged is the attention alone, which is what the source speaks of; between two convolutions it stands beside. All is
measured on landscapes so small that whole Jacobians can be looked at, by nets that were trained on these.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from copyist.claims.measures.copy_measures import clean_psnr, gain, held_out
from copyist.claims.measures.inversion_check import INVERSION, by_inversion, check_inversion
from copyist.claims.measures.inversion_finding import InversionFinding, find_inversion
from copyist.claims.measures.inversion_table import over
from copyist.claims.nets import attention_copier
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Below, Claim, Control, Part, Regime
from copyist.metrics.jacobian import condition_number, singular_values
from copyist.models.contracts import Reconstructor, needs
from copyist.procedures.layers import settled
from copyist.tensors import Images
from copyist.training import Recipe

WHATS = (
    ("condition", "largest over smallest singular value of the output's Jacobian, geometric mean over images"),
    ("small", "share of singular values below a hundredth of the largest"),
    ("missed", "error of what converged inverses share over contrast"),
    ("missed_of_all", "the same of all inversions, converged or not"),
    ("missed_reference", "the same after the source's 500 steps"),
    ("converged", "share of inversions that converged from both starts"),
    ("gain", "projected gain at σ = 0.1"),
    ("psnr", "clean PSNR, dB"),
)

NETS = {
    f"{kind}_{place}_{residual}_{age}": f"{kind} attention {place}, {residual} a residual connection, {age}"
    for kind, place in (("dot", "alone"), ("dot", "between"), ("linear", "alone"))
    for residual in ("without", "with")
    for age in ("untrained", "trained")
}

_SAID = (
    'third version, "Representations in Unet generative models with Attention": without a residual connection an '
    "accurate representation across dot-product attention is very difficult to find, "
)

_CONDITION = (
    "largest over smallest singular value of the output's whole Jacobian at a held-out landscape of 8×8 (float64, "
    "geometric mean over 8), dot-product attention alone, without the residual connection over with it"
)

_MISSED = (
    "error over contrast of what the inverses of the output from two starts share after at most 300 steps, whether "
    "they converged or not, without the residual connection over with it; 16 held-out landscapes of 8×8"
)

CLAIM = Claim(
    sentence="Without a residual connection dot-product attention is ill-conditioned, and the input is hard to find "
    "from what it gives; with one it is easy.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="it is about the operation, which is judged before training as well as after"),
    parts=(
        Part(
            name="condition_ratio_untrained",
            measure=f"{_CONDITION}; before training",
            holds_when=Above(1.0),
            source=f"{_SAID}which is mostly due to conditioning",
            scale="log",
        ),
        Part(
            name="missed_ratio_untrained",
            measure=f"{_MISSED}; before training",
            holds_when=Above(1.0),
            source=f"{_SAID}and with one it is not",
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="condition_by_far",
            measure="the ratio of conditions before training, as one that matters",
            holds_when=Above(10.0),
            scale="log",
        ),
        Part(
            name="missed_by_far",
            measure="the ratio of errors before training, likewise",
            holds_when=Above(2.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="condition_ratio_trained",
            measure=f"{_CONDITION}; after training",
            holds_when=Above(10.0),
            scale="log",
        ),
        Part(
            name="missed_ratio_trained",
            measure=f"{_MISSED}; after training",
            holds_when=Above(2.0),
            instruments=(INVERSION,),
            scale="log",
        ),
        Part(
            name="conditioned_by_training",
            measure="condition without the residual connection after training over that before: that the trained "
            "attention represents well has the same cause",
            holds_when=Below(1.0),
            scale="log",
        ),
    ),
    controls=(
        Control(name="condition_random", measure="condition of a Gaussian matrix of the same size"),
        *(Control(name=f"{what}_{net}", measure=f"{words}; {NETS[net]}") for net in NETS for what, words in WHATS),
    ),
    picture="inversions",
)


def run(trial: Trial) -> Measurements:
    """Look at Jacobians and inversions of attention, with a residual connection and without, before and after.

    Six nets on 64,000 images of 8×8 each, some 5 minutes of one thread in all, and some 5 for the measures.
    """
    recipes = {net: _recipe(net, trial) for net in NETS}
    x = held_out(trial, recipes["dot_alone_without_trained"].data, count=trial.pick(smoke=4, standard=64, gpu=256))
    few, fewer = x[: trial.pick(smoke=2, standard=16, gpu=32)], x[: trial.pick(smoke=1, standard=8, gpu=8)]
    check_inversion(trial, few)
    values: dict[str, float] = {}
    lines: dict[str, list[float]] = {}
    rows = {"landscape": few[:8]}
    for net, recipe in recipes.items():
        fresh = needs(trial.untrained(recipe), Reconstructor, verb="an experiment")
        model = fresh if net.endswith("_untrained") else trial.trained(recipe, control=not net.startswith("dot_alone"))
        found, spectrum = find_inversion(model, few, trial), _spectrum(model, fewer)
        numbers = _numbers(found, find_inversion(model, few, trial, method="reference"), spectrum)
        numbers |= {"gain": gain(model, x, trial), "psnr": clean_psnr(model, x)}
        values |= {f"{what}_{net}": number for what, number in numbers.items()}
        if net.startswith("dot_alone"):
            lines[NETS[net]] = spectrum.median(0).values.tolist()
            rows[NETS[net]] = found.inverses[0][:8]
    values |= _ratios(values)
    size = fewer[0].numel()
    random = torch.randn(len(fewer), size, size, generator=trial.generator("matrix"), dtype=torch.float64)
    values["condition_random"] = _condition(torch.linalg.svdvals(random))
    caption = "Images whose outputs are to equal the top row's, found from noise."
    return Measurements(
        values=by_inversion(CLAIM, values),
        curves={"singular-values": _curve(lines, size=size)},
        pictures={"inversions": Pictures(caption=caption, rows=rows)},
    )


def _recipe(net: str, trial: Trial) -> Recipe:
    kind, place, residual, _ = net.split("_")
    return attention_copier(
        trial,
        attention="dot" if kind == "dot" else "linear",
        convolutions=place == "between",
        residual=residual == "with",
        size=8,
    )


def _numbers(found: InversionFinding, reference: InversionFinding, spectrum: Tensor) -> dict[str, float]:
    return {
        "condition": _condition(spectrum),
        "small": float((spectrum < 0.01).double().mean()),
        "missed": found.known.missed,
        "missed_of_all": found.everything.missed,
        "missed_reference": reference.everything.missed,
        "converged": found.converged,
    }


def _spectrum(model: Reconstructor, x: Images) -> Tensor:
    """The singular values (B, C·H·W) of the Jacobian at each image, of the largest; not below float64's rounding."""
    exact = settled(model, dtype=torch.float64)
    with sdpa_kernel(SDPBackend.MATH):
        found = torch.cat([singular_values(exact, image[None]) for image in x.double()]).cpu()
    return torch.clamp(found / found[:, :1], min=torch.finfo(torch.float64).eps)


def _condition(spectrum: Tensor) -> float:
    """The geometric mean over matrices (B, K) of the largest over the smallest."""
    return float(condition_number(spectrum).log().mean().exp())


def _ratios(values: Mapping[str, float]) -> dict[str, float]:
    """What the parts judge: without the residual connection over with it, and training over none."""
    ratios: dict[str, float] = {}
    for age in ("untrained", "trained"):
        for what, measured in (("condition", "condition"), ("missed", "missed_of_all")):
            without, with_one = (values[f"{measured}_dot_alone_{each}_{age}"] for each in ("without", "with"))
            ratios[f"{what}_ratio_{age}"] = over(without, with_one)
    ratios |= {f"{what}_by_far": ratios[f"{what}_ratio_untrained"] for what in ("condition", "missed")}
    after, before = (values[f"condition_dot_alone_without_{age}"] for age in ("trained", "untrained"))
    return {**ratios, "conditioned_by_training": over(after, before)}


def _curve(lines: Mapping[str, list[float]], *, size: int) -> Curves:
    return Curves(
        title="Singular values of the Jacobian",
        x_label="rank",
        y_label="singular value, of the largest",
        x=list(range(1, size + 1)),
        lines=lines,
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
