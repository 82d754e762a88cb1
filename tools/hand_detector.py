"""Ask an outside hand detector about a run's H pictures: MediaPipe Hands, in its own environment.

Usage: python3.11 -m venv detector-venv && detector-venv/bin/pip install mediapipe==0.10.14 h5py
       detector-venv/bin/python tools/hand_detector.py RUN [--limit 500] [--image h]

Says in how many pictures the hand is found (a detection whose landmarks lie, in the median, at
most half the hand box's side from the labels), and how far its 21 landmarks lie from the labelled
joints, relative to the longer side of the joints' bounding box; by skin tone, too: thirds of the
lightness of the pixels labelled hand in the H picture.
"""

import argparse
import io
from pathlib import Path

import h5py
import numpy as np
from mediapipe.python.solutions.hands import Hands
from PIL import Image

HAND = 1
FOUND_WITHIN = 0.5


def pictures(run: Path, image: str, limit: int):
    """Yield (RGB picture, joints in pixels, hand mask) of a run's samples."""
    left = limit
    for path in sorted(run.glob("shards/*/*.h5")):
        with h5py.File(path) as shard:
            offsets, joints = shard[f"images/{image}/offset"][:], shard["hand/joints_2d"][:]
            for index in range(min(len(joints), left)):
                packed = shard[f"images/{image}/bytes"][offsets[index] : offsets[index + 1]]
                picture = np.asarray(Image.open(io.BytesIO(packed.tobytes())).convert("RGB"))
                yield picture, joints[index], shard[f"segmentation/{image}"][index] == HAND
            left -= min(len(joints), left)
        if not left:
            return


def landmark_error(detector: Hands, picture: np.ndarray, joints: np.ndarray) -> float:
    """Return the median landmark error of the best detection over the hand box's side, or inf."""
    side_px = float(np.ptp(joints, axis=0).max())
    best = np.inf
    for hand in detector.process(picture).multi_hand_landmarks or ():
        size = np.array(picture.shape[1::-1])
        found = np.array([(mark.x, mark.y) for mark in hand.landmark]) * size
        error = float(np.median(np.linalg.norm(found - joints, axis=1))) / side_px
        best = min(best, error)
    return best if best <= FOUND_WITHIN else np.inf


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--image", default="h", choices=("h", "ho"))
    arguments = parser.parse_args()
    detector = Hands(static_image_mode=True, max_num_hands=2, min_detection_confidence=0.5)
    errors, lightness = [], []
    for picture, joints, hand in pictures(arguments.run, arguments.image, arguments.limit):
        errors.append(landmark_error(detector, picture, joints))
        lightness.append(float(np.median(picture[hand])) if hand.any() else 0.0)
    report(np.array(errors), np.array(lightness))


def report(errors: np.ndarray, lightness: np.ndarray) -> None:
    """Print found share and median error, of all and by tone."""
    low, high = np.quantile(lightness, [1 / 3, 2 / 3])
    rows = {
        "all": np.ones(len(errors), bool),
        "dark third": lightness < low,
        "middle third": (lightness >= low) & (lightness < high),
        "light third": lightness >= high,
    }
    print(f"{'pictures':14} {'count':>5} {'found':>7} {'error':>6}   (goals 95 %, 0.06)")
    for name, mine in rows.items():
        found = np.isfinite(errors[mine])
        error = np.median(errors[mine][found])
        print(f"{name:14} {mine.sum():5} {found.mean():7.1%} {error:6.3f}")
    missed = np.flatnonzero(~np.isfinite(errors))
    print("missed:", " ".join(map(str, missed[:40])))


if __name__ == "__main__":
    main()
