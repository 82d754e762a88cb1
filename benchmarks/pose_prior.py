"""Share of the pose prior's hands whose fingers lie inside each other.

Usage: python benchmarks/pose_prior.py [DRAWS]    default: 5,000 draws, a few minutes
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hands.finger_overlap import deepest_overlap_m

from obman_gen.hands import load_hand_model
from obman_gen.hands.pose_prior import HandPosePrior


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    hand = load_hand_model()
    begin = time.process_time()
    poses = HandPosePrior(hand).sample_many(np.random.default_rng(1), count)
    print(f"{count} draws, {1e3 * (time.process_time() - begin) / count:.2f} CPU ms each")
    depths_mm = 1e3 * np.array([deepest_overlap_m(hand, pose) for pose in poses])
    for limit_mm in (0.5, 1, 2, 4):
        share = (depths_mm > limit_mm).mean()
        print(f"deeper than {limit_mm} mm: {100 * share:.2f} %")


if __name__ == "__main__":
    main()
