"""Samplers of diffusion models, each a function to be read beside its paper, and its settings as a method."""

__all__ = [
    "Ancestral",
    "Conditions",
    "DPMSolver",
    "Denoise",
    "DiffusionMethod",
    "Euler",
    "ExampleNoise",
    "Heun",
    "Noise",
    "State",
    "StochasticEDM",
    "ancestral",
    "ascend",
    "dpm_solver",
    "euler",
    "heun",
    "invert_flow",
    "stochastic_edm",
]

from copyist.procedures.diffusion.ancestral import Ancestral, ancestral
from copyist.procedures.diffusion.ascent import ascend
from copyist.procedures.diffusion.conditions import Conditions
from copyist.procedures.diffusion.dpm_solver import DPMSolver, dpm_solver
from copyist.procedures.diffusion.euler import Euler, euler
from copyist.procedures.diffusion.heun import Heun, heun
from copyist.procedures.diffusion.inversion import invert_flow
from copyist.procedures.diffusion.noise import ExampleNoise
from copyist.procedures.diffusion.solver import DiffusionMethod
from copyist.procedures.diffusion.states import Denoise, Noise, State
from copyist.procedures.diffusion.stochastic_edm import StochasticEDM, stochastic_edm
