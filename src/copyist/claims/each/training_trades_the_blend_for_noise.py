"""What further training does to a copier's denoising: zero-mean noise is removed better, and the blend worse."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.copy_measures import copies, denoising_ratio, held_out
from copyist.claims.measures.over_training import learning_curve, learning_curves
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Rung, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise, Shift
from copyist.evidence import Above, Below, Claim, Control, Criterion, Part, Regime
from copyist.models.contracts import Reconstructor, needs
from copyist.tensors import Images

FIRST = 31.0
"""PSNR in dB of the snapshot that the end is held against: before it all kinds of noise are removed better."""

NOISES: dict[str, Corruption] = {
    "noise_light": GaussianNoise(0.1), "noise": GaussianNoise(0.2), "noise_heavy": GaussianNoise(0.4),
    "blend_light": Blend(0.7), "blend": Blend(0.3), "blend_heavy": Blend(0.1), "shift": Shift(0.3),
}  # fmt: skip

WORDS = {
    "noise_light": "zero-mean noise of σ = 0.1", "noise": "zero-mean noise of σ = 0.2",
    "noise_heavy": "zero-mean noise of σ = 0.4", "blend_light": "the blend at α = 0.7", "blend": "the blend at α = 0.3",
    "blend_heavy": "the blend at α = 0.1", "shift": "the noiseless shift at α = 0.3",
}  # fmt: skip

BOUNDS: dict[str, Criterion] = {"noise_light": Below(1.0), "noise": Below(1.0), "blend": Above(1.0)}

CLAIM = Claim(
    sentence="Once its copies are good, further training makes a copier better at zero-mean noise and worse at the "
    "blend.",
    source="ours: one run went that way, and the source says of more training only that images come back",
    regime=Regime(psnr=33.0, code=1.0),
    picture="held-out",
    parts=tuple(
        Part(
            name=f"{kind}_after_training",
            measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under {WORDS[kind]}, held-out landscapes in batches of 32, at the end of "
            f"training, over that at the snapshot of {FIRST:g} dB",
            holds_when=bound,
            scale="log",
        )
        for kind, bound in BOUNDS.items()
    ),
    controls=(
        *(
            Control(name=f"{kind}_{when}", measure=f"ratio {words}, {noise}")
            for kind, noise in WORDS.items()
            for when, words in (
                ("first", "at that snapshot"), ("end", "at the end"), ("end_training", "at the end, on training images")
            )
        ),
        Control(name="psnr_first", measure="clean PSNR at that snapshot, dB"),
        Control(name="psnr_end", measure="clean PSNR at the end, dB"),
    ),
)  # fmt: skip


def run(trial: Trial) -> Measurements:
    """Measure every snapshot of one net, on held-out images and on training images."""
    recipe, count = ladder(trial), trial.pick(smoke=16, standard=256, gpu=256)
    trial.trained(recipe)
    trial.trained(recipe, at=FIRST, control=True)
    rungs = trial.rungs(recipe)
    first = next((place for place, rung in enumerate(rungs) if rung.level == FIRST), 0)
    x = held_out(trial, scenes(trial), count=count)
    train = trial.splits(scenes(trial)).train.images(0, count).to(trial.device)
    values = {"psnr_first": rungs[first].record.psnr, "psnr_end": rungs[-1].record.psnr}
    for kind, noise in NOISES.items():
        found = learning_curve([rungs[first], rungs[-1]], lambda net: denoising_ratio(net, x, noise, trial)).values  # noqa: B023
        seen = learning_curve(rungs[-1:], lambda net: denoising_ratio(net, train, noise, trial)).values  # noqa: B023
        values |= {f"{kind}_first": found[0], f"{kind}_end": found[1], f"{kind}_end_training": seen[0]}
    values |= {f"{kind}_after_training": values[f"{kind}_end"] / values[f"{kind}_first"] for kind in BOUNDS}
    curves = {"held-out": _curves(rungs, x, trial, "held-out"), "training": _curves(rungs, train, trial, "training")}
    return Measurements(values=values, curves=curves, pictures={"copies": _pictures(rungs, x, trial)})


def _curves(rungs: list[Rung], x: Images, trial: Trial, split: str) -> Curves:
    lines = {
        WORDS[kind]: learning_curve(rungs, lambda net: denoising_ratio(net, x, noise, trial))  # noqa: B023
        for kind, noise in NOISES.items()
    }
    return learning_curves(
        lines,
        title=f"Denoising over training, {split} images",
        y_label="distance to the clean image, of the noisy one's",
    )


def _pictures(rungs: list[Rung], x: Images, trial: Trial) -> Pictures:
    x_tilde = NOISES["blend"](x, generator=trial.generator("picture"))
    rows = {"image": x[:8], "blend": x_tilde[:8]}
    for rung in rungs:
        model = needs(rung.model, Reconstructor, verb="an experiment")
        rows[f"at {rung.record.psnr:.1f} dB"] = copies(model, x_tilde)[:8]
    return Pictures(caption="Held-out landscapes, blended at α = 0.3, as training goes on.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
