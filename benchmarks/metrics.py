"""CPU time per call of every metric, one thread: a 1,669-vertex hand holding a 642-vertex ball.

Run: OMP_NUM_THREADS=1 python benchmarks/metrics.py
"""

import time
from collections.abc import Callable

import numpy as np
import trimesh

from obman_gen import metrics
from obman_gen.hands import load_hand_model
from obman_gen.sample import HandParameters

REPEATS = 5


def posed_hand():
    model = load_hand_model()
    zeros = np.zeros(3)
    mean = np.asarray(model.hands_mean, np.float64)
    vertices, _ = model.vertices_of(HandParameters(zeros, mean, np.zeros(10), zeros))
    return vertices, model.faces, model.close_boundary(vertices)


def cases() -> dict[str, Callable[[], object]]:
    vertices, faces, closed = posed_hand()
    middle = vertices.mean(axis=0) - [0, 0.04, 0]
    ball = trimesh.creation.icosphere(3, 0.03)
    thing = np.array(ball.vertices) + middle, np.array(ball.faces)
    points = np.array(trimesh.creation.icosphere(4, 0.031).vertices)[:600] + middle
    parts = metrics.vhacd_parts(*thing)
    noisy = vertices + np.random.default_rng(0).normal(0, 0.005, vertices.shape)
    joints = vertices[None, :21].repeat(1000, axis=0)
    return {
        "max_penetration": lambda: metrics.max_penetration(vertices, *thing),
        "signed_distances": lambda: metrics.signed_distances(vertices, *thing),
        "intersection_volume, closed hand": lambda: metrics.intersection_volume(*closed, *thing),
        "intersection_volume, open wrist": lambda: metrics.intersection_volume(
            vertices, faces, *thing
        ),
        "obman_voxel_intersection_volume": lambda: metrics.obman_voxel_intersection_volume(
            *closed, *thing
        ),
        "simulation_displacement": lambda: metrics.simulation_displacement(*closed, parts),
        "holds_in_all_directions, held": lambda: metrics.holds_in_all_directions(
            *closed, parts, max_displacement_m=1.0
        ),
        "vhacd_parts": lambda: metrics.vhacd_parts(*thing),
        "chamfer_distance, 642 and 600": lambda: metrics.chamfer_distance(thing[0], points),
        "surface_chamfer, 2 x 30,000": lambda: metrics.surface_chamfer(
            thing, thing, np.random.default_rng(0)
        ),
        "f_score, 1,669 vertices": lambda: metrics.f_score(noisy, vertices, 0.005),
        "procrustes_aligned, 1,000 hands": lambda: metrics.procrustes_aligned(joints, joints),
        "pck_auc, 1,000 hands": lambda: metrics.pck_auc(np.zeros((1000, 21))),
    }


def main():
    print(f"{'metric':36}{'CPU ms':>10}{'least':>10}")
    for name, call in cases().items():
        call()
        spent = []
        for _ in range(REPEATS):
            start = time.process_time()
            call()
            spent.append(1e3 * (time.process_time() - start))
        print(f"{name:36}{np.median(spent):10.2f}{min(spent):10.2f}")


if __name__ == "__main__":
    main()
