"""The check on real images: what skips, batches and copying do to noise on gray faces."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.against_filters import filter_table, ratio, table_figures
from copyist.claims.measures.copy_measures import clean_psnr, copies, copying_error, denoising_ratio, gain, held_out
from copyist.claims.measures.denoising_parts import NOISES as WORDS
from copyist.claims.measures.denoising_parts import SET
from copyist.claims.measures.over_training import common_level, learning_curve, learning_curves
from copyist.claims.nets import faces_unet
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evaluation.denoising_table import Kind
from copyist.evidence import Above, Below, Claim, Control, Part, Regime

KINDS: tuple[Kind, ...] = ("blend", "gaussian")

NOISES: dict[Kind, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}

CLAIM = Claim(
    sentence="On real images too a U-Net trained only to copy denoises, one with skips passes more noise on, and the "
    "batch decides the answer.",
    source="ours: gray faces of 32×32, as a check on what drawn landscapes show",
    regime=Regime(psnr=26.0, code=1.0),
    picture="copies",
    parts=(
        *(
            Part(
                name=f"{kind}_ratio",
                measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under {WORDS[kind]}, held-out faces in batches of 32, without skips",
                holds_when=Below(1.0),
                scale="log",
            )
            for kind in KINDS
        ),
        Part(
            name="gain_difference",
            measure="projected gain at σ = 0.1 with skips minus without, at the highest snapshot that both reached",
            holds_when=Above(0.0),
        ),
        Part(
            name="blend_alone_over_company",
            measure="ratio under the blend at α = 0.3 of each image alone, over that in batches of 32",
            holds_when=Above(1.1),
            scale="log",
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{name}", measure=f"{what}, {WORDS[kind]}")
            for kind in KINDS
            for name, what in (
                ("set", "ratio of the best of matched blur, median and total variation set on training images"),
                ("fitted", "ratio of the fitted linear map"),
                ("skips", "ratio of the net with skips at its end"),
                ("psnr", "PSNR of the copies of noisy images, dB"),
                ("training", "the copier's ratio on training images"),
            )
        ),
        Control(name="gain_skips", measure="gain with skips at its end"),
        Control(name="gain_plain", measure="gain without skips at its end"),
        Control(name="psnr_skips", measure="clean PSNR with skips at its end, dB"),
        Control(name="psnr_plain", measure="clean PSNR without skips at its end, dB"),
        Control(name="own_error", measure="root mean squared error of copies of clean faces, without skips"),
    ),
)


def run(trial: Trial) -> Measurements:
    """Train both nets on faces; the table of filters, the gains, and images alone."""
    recipes = {"skips": faces_unet(trial, skips=True), "plain": faces_unet(trial)}
    source = recipes["plain"].data
    x = held_out(trial, source, count=trial.pick(smoke=16, standard=256, gpu=256))
    train = trial.splits(source).train.images(0, len(x)).to(trial.device)
    model, skips = trial.trained(recipes["plain"]), trial.trained(recipes["skips"], control=True)
    level = common_level(trial, *recipes.values())
    alike = {name: gain(trial.trained(each, at=level, control=True), x, trial) for name, each in recipes.items()}
    table = filter_table(model, source, trial)
    values = {
        "gain_difference": alike["skips"] - alike["plain"],
        "gain_skips": gain(skips, x, trial),
        "gain_plain": gain(model, x, trial),
        "psnr_skips": clean_psnr(skips, x),
        "psnr_plain": clean_psnr(model, x),
        "own_error": copying_error(model, x),
    }
    for kind, noise in NOISES.items():
        values |= {
            f"{kind}_ratio": ratio(table, "copier", kind),
            f"{kind}_set": min(ratio(table, name, kind) for name in SET),
            f"{kind}_fitted": ratio(table, "linear", kind),
            f"{kind}_skips": denoising_ratio(skips, x, noise, trial),
            f"{kind}_psnr": table.row("copier", kind, 0.3 if kind == "blend" else 0.2).psnr,
            f"{kind}_training": denoising_ratio(model, train, noise, trial),
        }
    alone = denoising_ratio(model, x, NOISES["blend"], trial, batch_size=1)
    values["blend_alone_over_company"] = alone / denoising_ratio(model, x, NOISES["blend"], trial)
    lines = {
        ("with skips" if name == "skips" else "without"): learning_curve(
            trial.rungs(each), lambda net: gain(net, x, trial)
        )
        for name, each in recipes.items()
    }
    x_tilde = NOISES["blend"](x, generator=trial.generator("picture"))
    shown = {
        "image": x,
        "noisy": x_tilde,
        "without skips": copies(model, x_tilde),
        "with skips": copies(skips, x_tilde),
    }
    return Measurements(
        values=values,
        curves={
            **table_figures(table),
            "gain": learning_curves(lines, title="Gain over training, faces", y_label="projected gain"),
        },
        pictures={
            "copies": Pictures(
                caption="Held-out faces, blended at α = 0.3, and their copies.",
                rows={label: images[:8] for label, images in shown.items()},
            )
        },
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
