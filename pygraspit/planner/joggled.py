"""Force hulls that the origin lies on the border of, decided as GraspIt! decides them.

A contact scaled by zero is a point at the origin, so the force hull of most states near an
object has the origin as a corner, and its radius there is zero. GraspIt! has qhull joggle the
points by about 1e-10 and merge facets that are nearly coplanar; whether the origin then counts as
inside is noise, but noise that is the same at every call. It matters: a state that counts as
outside gets the contact energy, and the chain leaves it for one with forces all around.
"""

import numpy as np
from jaxtyping import Float

QHULL_OPTIONS = "Pp Qx QJ C-0.0001"
OUTSIDE = -1.0
NEARLY_FLAT = 1e-3
"""Radii below this may change by joggling and merging: the centrum of a facet may move by 1e-4."""


def joggled_epsilon(forces: Float[np.ndarray, "force 3"]) -> float:
    """Return the radius of the joggled hull about the origin; -1 if that is outside, or no hull.

    Args:
        forces: all of them and in GraspIt!'s order, those of contacts out of reach included:
            the joggle of a point depends on its place in the list.
    """
    from scipy.spatial import ConvexHull, QhullError

    try:
        offsets = ConvexHull(forces, qhull_options=QHULL_OPTIONS).equations[:, 3]
    except QhullError:
        return OUTSIDE
    nearest = float(offsets.max())
    return OUTSIDE if nearest > 0.0 else -nearest
