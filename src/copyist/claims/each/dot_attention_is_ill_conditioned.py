"""Without a residual connection dot-product attention is hard to invert, because it is ill-conditioned.

Judged is the attention alone, which is what the source speaks of; between two convolutions it stands beside. All is
measured on photographs so small that whole Jacobians can be looked at, by nets that were trained on these.
"""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from copyist.claims.measures.copy_measures import clean_psnr, gain, held_out
from copyist.claims.measures.inversion_measures import known, missed_by_all
from copyist.claims.nets import attention_copier
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.metrics.jacobian import singular_values
from copyist.models.contracts import Reconstructor, needs
from copyist.procedures.layers import settled
from copyist.tensors import Images
from copyist.training import Recipe

VISIBLE = 0.02
"""In pixel value, root mean square: five gray levels of 255."""

WHATS = (
    ("condition", "log₁₀ of the largest over the smallest singular value of the output's Jacobian, median over images"),
    ("small", "share of singular values below a hundredth of the largest"),
    ("missed", "error of converged inversions"),
    ("missed_by_all", "error of all inversions, converged or not"),
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

CLAIM = Claim(
    sentence="Without a residual connection dot-product attention is ill-conditioned, and the input is hard to find "
    "from what it gives; with one it is easy.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=tuple(
        part
        for age in ("untrained", "trained")
        for part in (
            Part(
                name=f"condition_difference_{age}",
                measure="log₁₀ of the largest over the smallest singular value of the output's whole Jacobian at a "
                "held-out photograph (float64, median over 8 of 8×8), without the residual connection minus with it; "
                f"dot-product attention alone, {age}",
                holds_when=Above(1.0),
            ),
            Part(
                name=f"missed_difference_{age}",
                measure="root mean square error of inversions of the output (mean of two starts, channels aligned) "
                "after at most 300 steps, whether they converged or not, without the residual connection minus with "
                f"it; 16 held-out photographs of 8×8, {age}",
                holds_when=Above(VISIBLE),
            ),
        )
    ),
    controls=(
        Control(name="condition_random", measure="log₁₀ condition number of a Gaussian matrix of the same size"),
        *(Control(name=f"{what}_{net}", measure=f"{words}; {NETS[net]}") for net in NETS for what, words in WHATS),
    ),
)


def run(trial: Trial) -> Measurements:
    """Look at Jacobians and inversions of attention, with a residual connection and without, before and after."""
    recipes = {net: _recipe(net, trial) for net in NETS}
    x = held_out(trial, recipes["dot_alone_without_trained"].data, count=trial.pick(smoke=4, standard=64, gpu=256))
    few, fewer = x[: trial.pick(smoke=2, standard=16, gpu=32)], x[: trial.pick(smoke=1, standard=8, gpu=8)]
    values: dict[str, float] = {}
    lines: dict[str, list[float]] = {}
    rows = {"photograph": few[:8]}
    for net, recipe in recipes.items():
        fresh = needs(trial.untrained(recipe), Reconstructor, verb="an experiment")
        model = fresh if net.endswith("_untrained") else trial.trained(recipe)
        found, spectrum = known(model, few, trial), _spectrum(model, fewer)
        numbers = {
            "condition": _condition(spectrum),
            "small": float((spectrum < 0.01).double().mean()),
            "missed": found.missed,
            "missed_by_all": missed_by_all(found, few),
            "converged": found.converged,
            "gain": gain(model, x, trial),
            "psnr": clean_psnr(model, x),
        }
        values |= {f"{what}_{net}": number for what, number in numbers.items()}
        if net.startswith("dot_alone"):
            lines[NETS[net]] = spectrum.median(0).values.tolist()
            rows[NETS[net]] = found.from_noise[:8]
    values |= _differences(values)
    size = fewer[0].numel()
    random = torch.randn(len(fewer), size, size, generator=trial.generator("matrix"), dtype=torch.float64)
    values["condition_random"] = _condition(torch.linalg.svdvals(random))
    caption = "Images whose outputs are to equal the top row's, found from noise."
    return Measurements(
        values=values,
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
        small=True,
    )


def _spectrum(model: Reconstructor, x: Images) -> Tensor:
    """The singular values (B, C·H·W) of the Jacobian at each image, of the largest; not below float64's rounding."""
    exact = settled(model, dtype=torch.float64)
    with sdpa_kernel(SDPBackend.MATH):
        found = torch.cat([singular_values(exact, image[None]) for image in x.double()]).cpu()
    return torch.clamp(found / found[:, :1], min=torch.finfo(torch.float64).eps)


def _condition(values: Tensor) -> float:
    """The median over matrices of log₁₀ of the largest over the smallest."""
    return float((values.amax(1) / values.amin(1)).log10().median())


def _differences(values: Mapping[str, float]) -> dict[str, float]:
    """What the parts judge: without the residual connection minus with it."""
    differences: dict[str, float] = {}
    for age in ("untrained", "trained"):
        for what, measured in (("condition", "condition"), ("missed", "missed_by_all")):
            without, with_one = (values[f"{measured}_dot_alone_{each}_{age}"] for each in ("without", "with"))
            differences[f"{what}_difference_{age}"] = without - with_one
    return differences


def _curve(lines: Mapping[str, list[float]], *, size: int) -> Curves:
    return Curves(
        title="Singular values of the Jacobian",
        x_label="rank",
        y_label="singular value, of the largest",
        x=list(range(1, size + 1)),
        lines=lines,
        log_y=True,
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
