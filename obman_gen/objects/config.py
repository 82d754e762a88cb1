"""Settings of the object stage."""

from dataclasses import dataclass

from obman_gen.errors import InputError
from obman_gen.objects.categories import chosen

SOURCES = ("auto", "procedural", "shapenet", "folder")


@dataclass(frozen=True)
class ObjectsConfig:
    """Which objects, how many, in which sizes."""

    source: str = "auto"
    """``procedural``, ``shapenet`` (needs assets.shapenet), ``folder`` (needs objects.folder);
    ``auto``: the folder if given, else ShapeNet if given, else procedural."""
    folder: str = ""
    """Your own meshes: ``FOLDER/CATEGORY/NAME.obj`` (.ply .glb .stl .off) and a category file."""
    list_file: str = ""
    """Which ShapeNet objects in which split, as `lists build` writes it; empty: all there are."""
    categories: tuple[str, ...] = ()
    """Names or synsets; none: all."""
    per_category: int = 3
    """0: as many as ObMan has (procedural: 2,772 in its proportions; otherwise all there are)."""
    scales_per_object: int = 2
    """Sizes each object is grasped in."""
    max_faces: int = 1_000_000
    """Meshes with more are rejected: they are scans to be reduced first."""
    surface_resolution: int = 96
    """Grid nodes along the longest edge when a broken mesh is closed."""
    convex_threshold: float = 0.05
    """CoACD's concavity: smaller values make more parts."""

    def __post_init__(self):
        if self.source not in SOURCES:
            raise InputError(
                f"objects.source must be one of {', '.join(SOURCES)}, got {self.source!r}"
            )
        chosen(self.categories)  # raises for a name that is none
        if self.per_category < 0:
            raise InputError(
                f"objects.per_category must be 0 (as ObMan) or more, got {self.per_category}"
            )
        for name, least in (
            ("scales_per_object", 1),
            ("max_faces", 1),
            ("surface_resolution", 24),
        ):
            if getattr(self, name) < least:
                raise InputError(
                    f"objects.{name} must be at least {least}, got {getattr(self, name)}"
                )
        if not 0.01 <= self.convex_threshold <= 1:
            raise InputError(
                f"objects.convex_threshold must lie in [0.01, 1], got {self.convex_threshold}"
            )
