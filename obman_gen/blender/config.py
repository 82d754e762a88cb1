"""How pictures are computed. What they show is the business of `obman_gen.scene`."""

from dataclasses import dataclass

from obman_gen.errors import InputError, require_between


@dataclass(frozen=True)
class RenderConfig:
    """Render settings and the rules a picture must pass."""

    samples: int = 8
    """Per pixel around hand and object. What they cost and give: ``benchmarks/render.py``."""
    body_samples: int = 2
    """Per pixel elsewhere, where only the rest of the person is; at most ``samples`` count."""
    denoise: bool = True
    denoise_quality: str = "fast"
    """``fast``, ``balanced`` or ``high``."""
    device: str = "cpu"
    """``cpu``, ``cuda`` or ``optix``."""
    threads: int = 1
    max_bounces: int = 3
    diffuse_bounces: int = 2
    glossy_bounces: int = 2
    min_object_visible: float = 0.4
    """Share of the object's own silhouette left by the hand and body (ObMan: 0.4)."""
    min_hand_px: int = 100
    min_object_px: int = 100
    min_hand_visible: float = 0.0
    max_covered_joints: int = 0
    """Of the 21, those hidden by the person's own body in the H view."""
    normals: bool = False
    """Also return face normals of the HO view."""
    texture_size_px: int = 1024
    """Larger textures are reduced to this when loaded."""

    def __post_init__(self):
        if min(self.samples, self.body_samples, self.threads) < 1:
            raise InputError(
                "render: samples, body_samples and threads must be at least 1, got "
                f"{self.samples}, {self.body_samples} and {self.threads}"
            )
        if self.denoise_quality not in ("fast", "balanced", "high"):
            raise InputError(
                "render.denoise_quality must be fast, balanced or high, "
                f"got {self.denoise_quality!r}"
            )
        if self.device not in ("cpu", "cuda", "optix"):
            raise InputError(f"render.device must be cpu, cuda or optix, got {self.device!r}")
        require_between("render", self, ("min_object_visible", "min_hand_visible"), 0, 1)
        bounces = ("max_bounces", "diffuse_bounces", "glossy_bounces")
        require_between("render", self, (*bounces, "min_hand_px", "min_object_px"), 0)
        require_between("render", self, ("max_covered_joints",), 0, 21)
        require_between("render", self, ("texture_size_px",), 1)
