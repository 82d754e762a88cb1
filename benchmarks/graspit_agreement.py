"""Count how many of GraspIt!'s stable reference cases come out the same here; name the others.

Run from the repository's root with ``PYTHONPATH=. python benchmarks/graspit_agreement.py``.
"""

import time

from tests.pygraspit.agreement import differences
from tests.pygraspit.reference import SHARED, load


def main() -> None:
    if not SHARED.is_dir():
        print(f"GraspIt!'s reference cases are not at {SHARED}")
        return
    start = time.process_time()
    stable = [case for case in load("grasp_cases.json")["cases"] if case["stable"]]
    found = {case["id"]: differences(case) for case in stable}
    different = {name: what for name, what in found.items() if what}
    for name, what in different.items():
        print(name, "; ".join(what))
    agreeing = len(stable) - len(different)
    print(f"{agreeing} of {len(stable)} agree, {time.process_time() - start:.0f} CPU s")


if __name__ == "__main__":
    main()
