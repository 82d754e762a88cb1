"""A hand about a ball or a rod of known size: what the tests of grasps share."""

from functools import cache
from pathlib import Path

import numpy as np
import trimesh

from obman_gen.hands import load_hand_model
from obman_gen.objects import PreparedObject
from obman_gen.objects.solids import MassProperties
from obman_gen.objects.surface import Surface
from obman_gen.sample import GraspMeasures, HandParameters, ObjectMesh
from pygraspit.sdf import bake

PLANNED = GraspMeasures(epsilon=0.1, volume=0.2, quality=0.3)
BALL_RADIUS_M = 0.03


@cache
def hand_model():
    return load_hand_model()


def hand(openness=0.0, translation=(0.0, 0.0, 0.0)):
    """The mean hand, relaxed; opened towards the flat one."""
    pose = (1.0 - openness) * np.asarray(hand_model().hands_mean, float)
    return HandParameters(np.zeros(3), pose, np.zeros(10), np.array(translation, float))


def palm_m(one: HandParameters):
    """The middle of the palm's skin."""
    vertices, _ = hand_model().vertices_of(one)
    return vertices[np.asarray(hand_model().regions["palm"], int)].mean(axis=0)


def ball(centre_m, radius_m=BALL_RADIUS_M, subdivisions=4):
    mesh = trimesh.creation.icosphere(subdivisions, radius_m)
    return np.array(mesh.vertices) + centre_m, np.array(mesh.faces)


def prepared(vertices, faces, resolution=48):
    """A convex object, prepared as the objects stage does; raw units are metres."""
    surface = Surface(np.asarray(vertices, float), np.asarray(faces))
    points = np.resize(vertices, (2048, 3))
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    return PreparedObject(
        object_id="02946921/rod",
        category="can",
        split="train",
        path=Path("rod.obj"),
        mesh=ObjectMesh(surface.vertices, surface.faces, points),
        surface=surface,
        planning_surface=surface,
        convex_parts=[surface],
        distance=bake(surface.vertices, surface.faces, resolution=resolution),
        mass=MassProperties(float(mesh.volume), np.array(mesh.center_mass), np.eye(3)),
        scales=(1.0,),
    )


@cache
def rod():
    """A rod as thick as a can and as long as a hand is wide, twice."""
    mesh = trimesh.creation.cylinder(0.028, 0.15, sections=24)
    return prepared(np.array(mesh.vertices), np.array(mesh.faces))
