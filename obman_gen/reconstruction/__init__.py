"""The reconstruction model: from one picture to a hand mesh and an object mesh."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obman_gen.reconstruction.model import ReconstructionModel as ReconstructionModel


def __getattr__(name: str) -> Any:
    """Import the model when it is asked for: the configuration must load without torch."""
    if name == "ReconstructionModel":
        from obman_gen.reconstruction.model import ReconstructionModel

        return ReconstructionModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
