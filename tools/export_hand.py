"""Write a MANO-schema hand as GraspIt! files: the open hand's lie in grasp_configs/open-hand.

Usage: python tools/export_hand.py grasp_configs [HAND.pkl]

Files made from MANO itself are derived from it and may not be passed on.
"""

import sys
from pathlib import Path

import numpy as np

from obman_gen.grasps.export import with_simple_bodies, write_robot
from obman_gen.grasps.plan import POSTURE_COUNT
from obman_gen.grasps.robot import make_robot
from obman_gen.hands import HandPosePrior, load_hand_model
from obman_gen.streams import RandomStreams


def main() -> None:
    folder = Path(sys.argv[1])
    model = load_hand_model(sys.argv[2] if len(sys.argv) > 2 else None)
    postures = HandPosePrior(model).sample_many(
        RandomStreams(0, "export_hand")("postures"), POSTURE_COUNT
    )
    robot = with_simple_bodies(make_robot(model, np.zeros(10), postures).robot)
    write_robot(robot, folder / robot.name)


if __name__ == "__main__":
    main()
