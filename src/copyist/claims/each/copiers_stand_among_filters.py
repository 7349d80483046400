"""Where a copier that never saw noise stands among filters: by what each of them knows of the noise."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.claims.measures.against_filters import filter_table, ratio, table_figures
from copyist.claims.measures.copy_measures import copies, copying_error, held_out
from copyist.claims.measures.denoising_parts import FIXED, JUDGED, NOISES, SET
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import GaussianNoise, gaussian_blur
from copyist.evaluation.denoising_table import Kind
from copyist.evidence import Below, Claim, Control, Part, Regime

KINDS: tuple[Kind, ...] = ("gaussian", "blend")

KNOWING = ("mean image", "linear copier")
"""Methods that know clean images, as the copier does, and nothing of the noise."""

CLAIM = Claim(
    sentence="A copier that never saw noise removes it better than filters that know nothing, than linear maps that "
    "know clean images as it does, and than filters whose setting was chosen on images with that very noise.",
    source="ours: where the source's pictures stand beside the dullest explanations",
    regime=Regime(psnr=33.0, code=1.0),
    picture="gaussian",
    parts=tuple(
        Part(
            name=f"{kind}_over_{name}",
            measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under {NOISES[kind]}, held-out landscapes in batches of 32, over that of "
            f"{what}",
            holds_when=Below(1.0),
            scale="log",
        )
        for kind in KINDS
        for name, what in (
            ("fixed", "the best of a blur of 1 pixel, a median of 3×3 and total variation of weight 0.1, which know "
             "nothing"),
            ("knowing", "the best of the mean image and of principal axes that copy as well, with the batch's mean and "
             "spread set to the data's, which know clean images"),
            ("set", "the best of matched blur, median and total variation, set on training images under that noise"),
        )
    ),
    controls=(
        *(
            Control(name=f"{kind}_{name.replace(' ', '_')}", measure=f"ratio of '{name}' under {NOISES[kind]}")
            for kind in KINDS
            for name in (*FIXED, *KNOWING, *SET, "linear")
        ),
        *(Control(name=f"{kind}_ratio", measure=f"ratio of the copier under {NOISES[kind]}") for kind in KINDS),
        *(
            Control(name=f"{kind}_psnr", measure=f"PSNR of its copies of noisy images, dB, {NOISES[kind]}")
            for kind in KINDS
        ),
        Control(
            name="own_error",
            measure="root mean squared error of its copies of clean images: noise of a smaller σ cannot be removed",
        ),
    ),
)  # fmt: skip


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """One table of the copier and of all filters."""
    model = trial.trained(ladder(trial))
    table = filter_table(model, scenes(trial), trial)
    x = held_out(trial, scenes(trial), count=table.num_test)
    values = {"own_error": copying_error(model, x)}
    for kind in KINDS:
        own = ratio(table, "copier", kind)
        values |= {f"{kind}_ratio": own, f"{kind}_psnr": table.row("copier", kind, JUDGED[kind]).psnr}
        values |= {
            f"{kind}_over_{name}": own / min(ratio(table, method, kind) for method in methods)
            for name, methods in (("fixed", tuple(FIXED)), ("knowing", KNOWING), ("set", SET))
        }
        values |= {
            f"{kind}_{name.replace(' ', '_')}": ratio(table, name, kind) for name in (*FIXED, *KNOWING, *SET, "linear")
        }
    x_tilde = GaussianNoise(0.2)(x, generator=trial.generator("picture"))
    shown = {
        "image": x,
        "noisy": x_tilde,
        "its copy": copies(model, x_tilde),
        "blur": gaussian_blur(x_tilde, sigma=1.0),
    }
    return Measurements(
        values=values,
        curves=table_figures(table),
        pictures={
            "copies": Pictures(
                caption="Held-out landscapes with noise of σ = 0.2, copied, and blurred by 1 pixel.",
                rows={label: images[:8] for label, images in shown.items()},
            )
        },
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
