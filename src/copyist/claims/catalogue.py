"""The claims, written out in the order of the source."""

__all__ = ["NAMES", "experiment", "experiments", "sentences"]

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from copyist.checks import check_choice
from copyist.claims.page import Sentence

if TYPE_CHECKING:
    from copyist.claims.trial import Experiment

NAMES = (
    "overcomplete-is-not-identity",
    "overcomplete-denoises",
    "unet-denoises",
    "skips-learn-identity",
    "copiers-stand-among-filters",
    "no-copier-beats-a-fitted-filter",
    "training-trades-the-blend-for-noise",
    "most-of-the-blend-is-a-shift",
    "batch-decides-the-answer",
    "faces-are-denoised-too",
    "training-clears-the-output-representation",
    "noisy-inputs-are-represented-cleaner",
    "hidden-mlp-forgets",
    "untrained-representations-are-gaussian",
    "random-convolutions-write-no-gaussian-noise",
    "training-removes-that-noise",
    "training-couples-the-layers",
    "lyapunov-ratio-vanishes",
    "classifiers-lose-then-infer",
    "gaussian-codes-do-not-decode",
    "noisy-walk-explores",
    "more-data-walks-coherently",
    "walk-needs-no-noise",
    "training-stills-the-walk",
    "walk-passes-training-images",
    "training-images-attract",
    "diffusion-without-diffusion",
    "plain-copies-do-as-well",
    "samples-resemble-walks",
    "width-adds-detail",
    "depth-adds-coherence",
    "unrestricted-layers-add-coherence",
    "receptive-field-limits-order",
    "batchnorm-keeps-statistics",
    "one-image-is-batch-enough",
    "batchnorm-does-not-matter-for-deblurring",
    "batchnorm-does-not-limit-representation",
    "linear-attention-unet-copies-noise",
    "linear-attention-represents-perfectly",
    "linear-attention-passes-brightness-first",
    "dot-attention-represents-less",
    "dot-attention-alone-copies",
    "dot-attention-is-ill-conditioned",
    "mse-need-not-blur",
    "perfect-representation-cannot-denoise",
    "scale-does-not-rescue",
    "trained-diffusion-samples-better",
    "bottleneck-trades-error",
    "bottleneck-is-not-lossless",
    "residual-is-the-score",
    "denoising-needs-no-bottleneck",
    "layerwise-pretraining-helps",
    "sparse-codes-use-few-units",
    "contraction-spares-the-manifold",
    "masked-copying-learns-features",
    "reconstruction-error-finds-outliers",
    "copies-compress",
    "latents-make-diffusion-cheap",
)
"""Each is the file in `claims` of the same name, with underscores."""


def experiment(name: str) -> "Experiment":
    """The claim of that name, and how it is measured.

    Raises:
        UnknownNameError: there is none; the nearest is offered.
    """
    check_choice("claim", name, NAMES)
    return importlib.import_module(f"copyist.claims.each.{name.replace('-', '_')}").EXPERIMENT


def experiments(names: Iterable[str] = ()) -> "dict[str, Experiment]":
    """Several claims by name, or all of them when none is named.

    Raises:
        UnknownNameError: there is no claim of one of these names; the nearest is offered.
    """
    chosen = tuple(names) or NAMES
    for name in chosen:
        check_choice("claim", name, NAMES)
    return {name: experiment(name) for name in chosen}


def sentences() -> dict[str, Sentence]:
    """What every claim says, and whether it is ours, in the order of the source."""
    claims = {name: each.claim for name, each in experiments().items()}
    return {
        name: Sentence(claim.sentence, is_ours=not any(part.source for part in claim.parts))
        for name, claim in claims.items()
    }
