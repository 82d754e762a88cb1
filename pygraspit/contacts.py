"""Contacts between two bodies."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

CONTACT_THRESHOLD_MM = 0.2
"""Bodies nearer than this touch."""


@dataclass(frozen=True)
class Contact:
    """One side of a contact: where another body touches this one."""

    body: str
    other: str
    position: Float[np.ndarray, "3"]
    """mm, in the body's frame."""
    frame: Float[np.ndarray, "3 3"]
    """Columns, in the body's frame: two tangents and the unit normal into the body."""
    friction: float
    edges: Float[np.ndarray, "edge 6"]
    """Of the friction cone; 8 for a point contact, 20 for a soft one."""

    @property
    def normal(self) -> Float[np.ndarray, "3"]:
        """Into the body, in its frame."""
        return self.frame[:, 2]

    @property
    def is_soft(self) -> bool:
        """Whether the contact also bears torque about its normal."""
        return bool(self.edges[:, 5].any())


@dataclass(frozen=True)
class ContactPair:
    """Both sides of one contact; ``first`` is on the body that was loaded first."""

    first: Contact
    second: Contact
