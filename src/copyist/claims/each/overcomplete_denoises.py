"""An overcomplete fully connected net that was only trained to copy moves noisy images toward clean ones."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.against_filters import against_filters
from copyist.claims.measures.denoising_parts import CONTROLS, PARTS_OF_OURS, blend_parts
from copyist.claims.nets import MLP_REGIME, mlp_denoiser, scenes_mlp, small_scenes
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Claim

CLAIM = Claim(
    sentence="An overcomplete fully connected net trained only to copy moves noisy images toward clean ones.",
    source='Badger, "Autoencoders: Learning by Copying", on overcomplete autoencoders',
    regime=MLP_REGIME,
    picture="blend",
    parts=(
        *blend_parts(
            '"Overcomplete autoencoders do not learn the identity function": the output for an image with noise of '
            "N(7/10, 2/10) is nearer to the clean image than the noisy one, ‖O(â) − a‖ < ‖â − a‖"
        ),
        *PARTS_OF_OURS,
    ),
    controls=CONTROLS,
)


def run(trial: Trial) -> Measurements:
    """Train the net to copy, and an equal one to denoise; whole landscapes of 16×16."""
    recipe = scenes_mlp(trial)
    model, trained_to = trial.trained(recipe), trial.trained(mlp_denoiser(recipe, blends=True), control=True)
    return against_filters(model, trained_to, small_scenes(trial), trial)


EXPERIMENT = Experiment(claim=CLAIM, run=run, seeds=range(5))
