"""The mean of one number per image, and the interval that holds it."""

__all__ = ["mean_interval"]

from copyist.evidence import Interval, student_interval
from copyist.tensors import PerImage


def mean_interval(values: PerImage) -> Interval:
    """The mean of one number per image, with Student's 95 % interval over images.

    Args:
        values: (B,), taken as independent draws; those that are not finite are left out.

    Returns:
        The interval of `student_interval`.
    """
    return student_interval(values.double().tolist())
