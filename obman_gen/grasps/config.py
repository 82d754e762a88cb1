"""Settings of the grasp stage."""

from dataclasses import dataclass, field, fields

from obman_gen.errors import InputError, require_between


@dataclass(frozen=True)
class RefineConfig:
    """How grasps are settled onto the object's surface."""

    steps: int = 80
    """Gradient steps; 0 keeps the planned grasp."""
    reach_m: float = 0.008
    """Skin of the touching regions that starts closer than this is drawn to the surface."""
    press_m: float = 0.001
    """Depth that touching skin aims at: soft pads give way a little."""
    penetration_weight: float = 6.0
    contact_weight: float = 20.0
    pose_weight: float = 0.02
    """Per rad^2 of departure from the planned finger pose."""
    limit_weight: float = 10.0
    core_weight: float = 20.0
    """Against the object coming near the bones: no wall may run through a finger."""
    crossing_weight: float = 20.0
    """Against fingers running into one another."""

    def __post_init__(self):
        require_between("grasps.refine", self, (spec.name for spec in fields(self)), 0)
        if not self.reach_m > 0:
            raise InputError(f"grasps.refine.reach_m must be positive, got {self.reach_m}")


@dataclass(frozen=True)
class LimitsConfig:
    """A refined grasp beyond any of these is rejected under the limit's name."""

    max_penetration_m: float = 0.004
    intersection_volume_m3: float = 4e-6
    simulation_displacement_m: float = 0.02
    min_links_in_contact: int = 3
    """Distinct phalanges, or the palm, whose skin touches."""
    min_core_clearance: float = 0.5
    """Least distance from bones to the object's surface, as a share of the flesh around them."""
    contact_distance_m: float = 0.002
    """Skin closer to the object than this touches."""
    hold_displacement_m: float = 0.02
    """A direction of gravity is held if the object moves no farther in simulation."""
    min_directions_held: int = 0
    """Of the six directions that gravity may pull in, how many a kept grasp must hold in; those
    that hold in more are preferred in any case."""

    def __post_init__(self):
        for name in (
            "max_penetration_m",
            "intersection_volume_m3",
            "simulation_displacement_m",
            "hold_displacement_m",
        ):
            if not getattr(self, name) > 0:
                raise InputError(
                    f"grasps.limits.{name} must be positive, got {getattr(self, name)}"
                )
        lengths = ("min_links_in_contact", "min_core_clearance", "contact_distance_m")
        require_between("grasps.limits", self, lengths, 0)
        if not 0 <= self.min_directions_held <= 6:
            raise InputError(
                f"grasps.limits.min_directions_held must be 0 to 6, got {self.min_directions_held}"
            )


@dataclass(frozen=True)
class GraspsConfig:
    """How many grasps an object gets, and what they must withstand."""

    per_scale: int = 8
    """Grasps kept for each object and scale."""
    chains: int = 12
    """Annealing chains of one round of planning."""
    chain_steps: int = 1500
    """Steps of each chain."""
    device: str = ""
    """``cuda`` or ``cpu``: torch's device on which the chains of a round go in step; empty:
    compiled, one after the other. Another device finds other grasps, as another seed does."""
    cooling: float = 10.0
    """How much colder than GraspIt!'s the annealing compares energies; 1 is nearly a random
    walk, which finds less."""
    candidates: int = 20
    """Planned grasps of one round that are closed, refined and measured, most promising first."""
    rounds: int = 3
    """Planning ends when enough grasps are found, or after this many rounds."""
    hand_shape_std: float = 0.5
    """Standard deviation of the hand shape coefficients drawn per object and scale."""
    relax_free_fingers: bool = True
    """Whether fingers that closed on air go halfway back to where the plan had them."""
    distinct: float = 0.35
    """Least difference of two kept grasps; 1 is a hand width, a right angle or a fist."""
    refine: RefineConfig = field(default_factory=RefineConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)

    def __post_init__(self):
        for name in ("per_scale", "chains", "chain_steps", "candidates", "rounds"):
            if getattr(self, name) < 1:
                raise InputError(f"grasps.{name} must be at least 1, got {getattr(self, name)}")
        if not self.cooling > 0:
            raise InputError(f"grasps.cooling must be positive, got {self.cooling}")
        require_between("grasps", self, ("hand_shape_std", "distinct"), 0)
        if self.device not in ("", "cpu", "cuda"):
            raise InputError(f"grasps.device must be empty, cpu or cuda, got {self.device!r}")
