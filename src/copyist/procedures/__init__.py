"""Procedures on a trained model, one per file."""

__all__ = [
    "METHODS",
    "SCHEDULES",
    "AtRest",
    "GaussianCodes",
    "ImplicitPrior",
    "Inversion",
    "Langevin",
    "Layer",
    "Method",
    "Nats",
    "NoDiffusion",
    "Prior",
    "RepeatedCopying",
    "Trajectory",
    "Walkback",
    "default_method",
    "denoise",
    "encode",
    "interpolate",
    "invert",
    "layers",
    "likelihood",
    "named_method",
    "negative_log_likelihood",
    "posterior_mean",
    "probe",
    "reconstruct",
    "representation",
    "sample",
    "sample_batches",
    "sample_steps",
    "score",
    "walk",
    "walk_steps",
    "walkers",
]

from copyist.baselines.posterior import posterior_mean
from copyist.procedures.at_rest import AtRest
from copyist.procedures.denoising import denoise, encode, reconstruct
from copyist.procedures.gaussian_codes import GaussianCodes
from copyist.procedures.implicit_prior import ImplicitPrior
from copyist.procedures.interpolation import interpolate
from copyist.procedures.inversion import Inversion, invert
from copyist.procedures.langevin import Langevin
from copyist.procedures.layers import Layer, layers, representation
from copyist.procedures.likelihood import Nats, likelihood, negative_log_likelihood
from copyist.procedures.method import Method
from copyist.procedures.no_diffusion import SCHEDULES, NoDiffusion
from copyist.procedures.prior import Prior
from copyist.procedures.probing import probe
from copyist.procedures.repeated_copying import RepeatedCopying
from copyist.procedures.sampling import sample, sample_batches, sample_steps
from copyist.procedures.sampling_methods import METHODS, default_method, named_method
from copyist.procedures.score import score
from copyist.procedures.trajectory import Trajectory, walkers
from copyist.procedures.walk import walk, walk_steps
from copyist.procedures.walkback import Walkback
