"""ObMan's experiment written out plainly, number by number: the reference twin."""

import pybullet


def displacement_m(hand, part, centre):
    """Hold one convex part; meshes are passed as arrays, the hand's margin is spelled out."""
    client = pybullet.connect(pybullet.DIRECT)
    pybullet.setGravity(0, 9.8, 0, client)
    pybullet.setPhysicsEngineParameter(
        fixedTimeStep=1 / 240, numSolverIterations=150, physicsClientId=client
    )
    surface = pybullet.createCollisionShape(
        pybullet.GEOM_MESH,
        vertices=hand[0].tolist(),
        indices=hand[1].ravel().tolist(),
        flags=pybullet.GEOM_FORCE_CONCAVE_TRIMESH,
        physicsClientId=client,
    )
    fixed = pybullet.createMultiBody(0, surface, physicsClientId=client)
    pybullet.changeDynamics(
        fixed, -1, lateralFriction=3, restitution=0, collisionMargin=0, physicsClientId=client
    )
    hull = pybullet.createCollisionShape(
        pybullet.GEOM_MESH, vertices=(part[0] - centre).tolist(), physicsClientId=client
    )
    body = pybullet.createMultiBody(1, hull, basePosition=centre.tolist(), physicsClientId=client)
    pybullet.changeDynamics(body, -1, lateralFriction=3, restitution=0.5, physicsClientId=client)
    for _ in range(35):
        pybullet.stepSimulation(client)
    end, _ = pybullet.getBasePositionAndOrientation(body, client)
    pybullet.disconnect(client)
    return sum((a - b) ** 2 for a, b in zip(end, centre, strict=True)) ** 0.5
