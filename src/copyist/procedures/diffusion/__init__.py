"""Samplers of diffusion models, each a function to be read beside its paper, and its settings as a method."""

__all__ = ["Denoise", "DiffusionMethod", "Euler", "Heun", "State", "euler", "heun"]

from copyist.procedures.diffusion.euler import Euler, euler
from copyist.procedures.diffusion.heun import Heun, heun
from copyist.procedures.diffusion.solver import Denoise, DiffusionMethod, State
