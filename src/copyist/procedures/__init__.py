"""What a trained model can be asked, one question per file."""

__all__ = [
    "SCHEDULES",
    "Inversion",
    "Layer",
    "denoise",
    "encode",
    "invert",
    "layers",
    "reconstruct",
    "representation",
    "sample",
    "sample_steps",
    "walk",
    "walk_steps",
]

from copyist.procedures.denoising import denoise, encode, reconstruct
from copyist.procedures.inversion import Inversion, invert
from copyist.procedures.layers import Layer, layers, representation
from copyist.procedures.sampling import SCHEDULES, sample, sample_steps
from copyist.procedures.walk import walk, walk_steps
