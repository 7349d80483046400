"""An overcomplete fully connected net that was only trained to copy moves noisy images toward clean ones."""

__all__ = ["CLAIM", "EXPERIMENT"]

from copyist.claims.measures.against_filters import CONTROLS, PARTS, against_filters
from copyist.claims.nets import denoiser, overcomplete, small_photos
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.evidence import Claim, Regime

CLAIM = Claim(
    sentence="Overcomplete autoencoders trained only to copy move noisy images toward clean ones, and beyond what "
    "filters do.",
    source='Badger, "Autoencoders: Learning by Copying", on overcomplete autoencoders; the part on filters is ours',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=PARTS,
    controls=CONTROLS,
)


def run(trial: Trial) -> Measurements:
    """Train the net to copy, and an equal one to denoise; photographs of 16×16."""
    recipe = overcomplete(trial)
    return against_filters(trial.trained(recipe), trial.trained(denoiser(recipe)), small_photos(trial), trial)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
