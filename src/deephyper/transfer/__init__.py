"""Earlier searches as belief: where good rows may lie."""

from .density import Density, density_of

__all__ = ["Density", "density_of"]
