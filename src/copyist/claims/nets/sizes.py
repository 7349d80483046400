"""How large U-Nets are at each scale, whatever they copy."""

__all__ = ["unet_levels", "unet_width"]

from copyist.claims.trial import Trial


def unet_width(trial: Trial) -> int:
    """Feature maps at the first level: the source's 64 at scale gpu."""
    return trial.pick(smoke=4, cpu=16, gpu=64)


def unet_levels(trial: Trial) -> int:
    """Resolutions, the full one included: the source's 5 at scale gpu."""
    return trial.pick(smoke=3, cpu=4, gpu=5)
