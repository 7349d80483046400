"""What a trained model can be asked, one question per file."""

__all__ = [
    "SCHEDULES",
    "Course",
    "Inversion",
    "Layer",
    "Nats",
    "Stillness",
    "denoise",
    "encode",
    "interpolate",
    "invert",
    "layers",
    "likelihood",
    "negative_log_likelihood",
    "prior_samples",
    "reconstruct",
    "representation",
    "sample",
    "sample_steps",
    "walk",
    "walk_steps",
    "walkers",
]

from copyist.procedures.course import Course, walkers
from copyist.procedures.denoising import denoise, encode, reconstruct
from copyist.procedures.interpolation import interpolate
from copyist.procedures.inversion import Inversion, invert
from copyist.procedures.layers import Layer, layers, representation
from copyist.procedures.likelihood import Nats, likelihood, negative_log_likelihood
from copyist.procedures.prior import prior_samples
from copyist.procedures.sampling import SCHEDULES, sample, sample_steps
from copyist.procedures.stillness import Stillness
from copyist.procedures.walk import walk, walk_steps
