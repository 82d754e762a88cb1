"""Does the hand hold the object? Drop it in a physics simulation and see how far it gets.

ObMan's protocol (Hasson et al., CVPR 2019) on PyBullet: the hand is a fixed, concave triangle
mesh, the object a rigid compound of convex parts under gravity. `OBMAN_PROTOCOL` pins every
number that the result depends on; the version of PyBullet is the remaining one.
"""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from obman_gen.metrics.bullet import pybullet
from obman_gen.metrics.decomposition import write_obj
from obman_gen.metrics.surfaces import Faces, Vertices, require_surface

ConvexParts = Sequence[tuple[np.ndarray, np.ndarray]]
"""(vertices in metres, faces) of each part of an object."""

SIX_DIRECTIONS = tuple(tuple(float(x) for x in sign * row) for row in np.eye(3) for sign in (1, -1))


@dataclass(frozen=True)
class SimulationProtocol:
    """Every number of the experiment; the defaults are ObMan's."""

    gravity_m_s2: tuple[float, float, float] = (0.0, 9.8, 0.0)
    """In the frame of the meshes. ObMan's is the camera frame, whose y axis points down."""
    step_s: float = 1 / 240
    steps: int = 35
    solver_iterations: int = 150
    object_mass_kg: float = 1.0
    friction: float = 3.0
    """Coulomb coefficient of hand and object; PyBullet multiplies the two."""
    hand_restitution: float = 0.0
    object_restitution: float = 0.5


OBMAN_PROTOCOL = SimulationProtocol()


def simulation_displacement(
    hand_vertices: Vertices,
    hand_faces: Faces,
    convex_parts: ConvexParts,
    centre_m: Float[np.ndarray, "3"] | None = None,
    protocol: SimulationProtocol = OBMAN_PROTOCOL,
) -> float:
    """Return how far the object's centre moves while the fixed hand tries to hold it.

    Deterministic: each call begins with an empty physics world. A free object falls 107 mm in the
    35 steps of ObMan's protocol, which is therefore the worst possible result of a hand that
    does not push.

    Args:
        hand_vertices: metres.
        hand_faces: of the hand, which need not be closed.
        convex_parts: of the object, metres, same frame.
        centre_m: the object's centre of mass; the mean of the parts' vertices if not given.
            ObMan's is the mean of the vertices of the object's mesh.
        protocol: the experiment's numbers.

    Returns:
        Metres; rotation is ignored.

    Raises:
        ValueError: if there is no part, or a mesh has no surface or is not finite.
    """
    _require_meshes(hand_vertices, hand_faces, convex_parts)
    if centre_m is None:
        centre_m = np.concatenate([vertices for vertices, _ in convex_parts]).mean(axis=0)
    client = _empty_world()
    with tempfile.TemporaryDirectory() as folder:
        _set_engine(client, protocol)
        _add_hand(client, Path(folder), (hand_vertices, hand_faces), protocol)
        body = _add_object(client, Path(folder), convex_parts, centre_m, protocol)
        start = _position(client, body)
        _step(client, protocol.steps)
        return float(np.linalg.norm(_position(client, body) - start))


def holds_in_all_directions(
    hand_vertices: Vertices,
    hand_faces: Faces,
    convex_parts: ConvexParts,
    max_displacement_m: float = 0.02,
    protocol: SimulationProtocol = OBMAN_PROTOCOL,
) -> bool:
    """Tell whether the object moves at most ``max_displacement_m`` whichever way gravity pulls.

    The six directions of `directional_displacements`; the first in which the hand lets go ends
    the test.
    """
    hand = hand_vertices, hand_faces
    return all(
        moved <= max_displacement_m
        for moved in directional_displacements(*hand, convex_parts, protocol)
    )


def directional_displacements(
    hand_vertices: Vertices,
    hand_faces: Faces,
    convex_parts: ConvexParts,
    protocol: SimulationProtocol = OBMAN_PROTOCOL,
    known_m: float | None = None,
) -> Iterator[float]:
    """Yield how far, m, the object moves under gravity along +x, -x, +y, -y, +z and -z.

    Gravity is as strong as the protocol's, each direction begins with an empty world, and none
    is simulated before it is asked for.

    Args:
        hand_vertices: metres.
        hand_faces: of the hand, which need not be closed.
        convex_parts: of the object, metres, same frame.
        protocol: the experiment's numbers.
        known_m: what `simulation_displacement` gave for this hand, object and protocol; the
            direction of the protocol's own gravity is not simulated again then.
    """
    strength = float(np.linalg.norm(protocol.gravity_m_s2))
    for direction in SIX_DIRECTIONS:
        pulled = replace(protocol, gravity_m_s2=tuple(strength * axis for axis in direction))
        if known_m is not None and pulled == protocol:
            yield known_m
        else:
            yield simulation_displacement(hand_vertices, hand_faces, convex_parts, protocol=pulled)


def _require_meshes(hand_vertices, hand_faces, convex_parts: ConvexParts) -> None:
    if not convex_parts:
        raise ValueError("the object has no convex parts")
    require_surface(hand_vertices, hand_faces, "hand")
    for number, (vertices, faces) in enumerate(convex_parts):
        require_surface(vertices, faces, f"object's part {number}")


_OPENED = threading.local()
"""Each thread's physics world: opening one takes as long as five steps in it."""


def _empty_world() -> int:
    """Return a physics world without anything in it: none inherits another's contacts."""
    bullet = pybullet()
    if not hasattr(_OPENED, "client"):
        _OPENED.client = bullet.connect(bullet.DIRECT)
    bullet.resetSimulation(physicsClientId=_OPENED.client)
    return _OPENED.client


def _position(client: int, body: int) -> Float[np.ndarray, "3"]:
    bullet = pybullet()
    return np.array(bullet.getBasePositionAndOrientation(body, physicsClientId=client)[0])


def _step(client: int, steps: int) -> None:
    bullet = pybullet()
    for _ in range(steps):
        bullet.stepSimulation(physicsClientId=client)


def _set_engine(client: int, protocol: SimulationProtocol) -> None:
    bullet = pybullet()
    bullet.setGravity(*protocol.gravity_m_s2, physicsClientId=client)
    bullet.setPhysicsEngineParameter(
        fixedTimeStep=protocol.step_s,
        numSolverIterations=protocol.solver_iterations,
        deterministicOverlappingPairs=1,
        # The cache goes by file name and is never emptied: it would grow, and mix objects up.
        enableFileCaching=0,
        physicsClientId=client,
    )


def _add_hand(client: int, folder: Path, hand: tuple, protocol: SimulationProtocol) -> None:
    bullet = pybullet()
    # Through a file, as ObMan does: PyBullet 3.2.7 gives meshes from arrays a margin of 1 mm
    # instead of none, and never frees them.
    path = write_obj(folder / "hand.obj", [hand], np.zeros(3))
    shape = bullet.createCollisionShape(
        bullet.GEOM_MESH,
        fileName=str(path),
        flags=bullet.GEOM_FORCE_CONCAVE_TRIMESH,
        physicsClientId=client,
    )
    body = bullet.createMultiBody(0, shape, _unseen(client), physicsClientId=client)
    bullet.changeDynamics(
        body,
        -1,
        lateralFriction=protocol.friction,
        restitution=protocol.hand_restitution,
        physicsClientId=client,
    )


def _add_object(
    client: int, folder: Path, parts: ConvexParts, centre_m, protocol: SimulationProtocol
) -> int:
    bullet = pybullet()
    path = write_obj(folder / "object.obj", parts, centre_m)
    shape = bullet.createCollisionShape(
        bullet.GEOM_MESH, fileName=str(path), physicsClientId=client
    )
    body = bullet.createMultiBody(
        protocol.object_mass_kg,
        shape,
        _unseen(client),
        basePosition=[float(x) for x in centre_m],
        physicsClientId=client,
    )
    bullet.changeDynamics(
        body,
        -1,
        lateralFriction=protocol.friction,
        restitution=protocol.object_restitution,
        physicsClientId=client,
    )
    return body


def _unseen(client: int) -> int:
    """Return a trivial visual shape: without one PyBullet converts the whole mesh again."""
    bullet = pybullet()
    return bullet.createVisualShape(bullet.GEOM_SPHERE, radius=1e-3, physicsClientId=client)


def protocol_record(protocol: SimulationProtocol = OBMAN_PROTOCOL) -> dict[str, object]:
    """Return what a report must state beside a displacement: every number and the version."""
    from importlib.metadata import version

    return {"pybullet": version("pybullet"), **asdict(protocol)}
