"""What a trained model can be asked, one question per file."""

__all__ = [
    "SCHEDULES",
    "Course",
    "Inversion",
    "Layer",
    "Stillness",
    "denoise",
    "encode",
    "interpolate",
    "invert",
    "layers",
    "probe",
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
from copyist.procedures.probing import probe
from copyist.procedures.sampling import SCHEDULES, sample, sample_steps
from copyist.procedures.stillness import Stillness
from copyist.procedures.walk import walk, walk_steps
