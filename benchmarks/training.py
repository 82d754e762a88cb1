"""Time and memory of a training step, of the contact terms, and of the interior test.

Run: ``python benchmarks/training.py [--device cpu|cuda]``. On the CPU everything is CPU seconds
of one thread, the least of repeats that alternate between the variants: what else the machine
does only ever adds. The published code took 3.04 s a step without contact and 3.96 s with it,
0.77 s for contact alone and 0.71 s for the interior test (batch 8, 256 x 256, two ResNet-18,
778 hand vertices, 1,280 faces).
"""

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import torch

from obman_gen.hands import load_hand_model
from obman_gen.reconstruction import ReconstructionModel, proximity
from obman_gen.reconstruction.config import ContactConfig, LossWeights, ModelConfig
from obman_gen.reconstruction.contact import contact_regions, contact_terms
from obman_gen.reconstruction.losses import weighted_total
from obman_gen.reconstruction.objective import Objective, Targets
from obman_gen.reconstruction.sphere import icosphere

IMAGE_PX = 256
RAY = (0.4395064455, 0.617598629942, 0.652231566745)


def clock(device):
    """Return seconds: of this process on the CPU, of the wall where a GPU does the work."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def least(variants, device, repeats):
    """Time named functions in turn and return each one's least seconds."""
    seconds = {name: [] for name in variants}
    for function in variants.values():
        function()
    for _ in range(repeats):
        for name, function in variants.items():
            begin = clock(device)
            function()
            seconds[name].append(clock(device) - begin)
    return {name: min(values) for name, values in seconds.items()}


def grasps(hand, batch, device):
    """Curl hands around bumpy balls, which reach into fingers and palm here and there."""
    generator = torch.Generator().manual_seed(0)
    pose = torch.tensor(hand.hands_mean, dtype=torch.float32).expand(batch, -1)
    vertices, joints = hand(pose=pose + 0.1 * torch.randn(batch, 45, generator=generator))
    sphere = icosphere(3)
    axes = 0.04 * (0.7 + 0.6 * torch.rand(batch, 1, 3, generator=generator))
    bumps = 1 + 0.03 * torch.randn(batch, len(sphere.vertices), 1, generator=generator)
    centre = vertices[:, torch.as_tensor(hand.regions["palm"])].mean(1) + joints[:, [8, 12]].mean(1)
    held = axes * bumps * torch.from_numpy(sphere.vertices) + centre[:, None] / 2
    faces = torch.from_numpy(sphere.faces)
    return (
        vertices.detach().to(device),
        joints.detach().to(device),
        held.to(device),
        faces.to(device),
    )


def brute_force_inside(points, vertices, faces):
    """Parity along one slanted ray against every triangle, sample by sample to stay in cache."""
    pairs = zip(points.split(1), vertices.split(1), strict=True)
    return torch.cat([parity(one, mesh, faces) for one, mesh in pairs])


def parity(points, vertices, faces):
    """Count hits of all rays on all triangles (Moller and Trumbore), as published."""
    ray = torch.tensor(RAY, dtype=points.dtype, device=points.device)
    a, b, c = (vertices[:, faces[:, k]] for k in range(3))
    one, two = b - a, c - a
    across = torch.linalg.cross(ray.expand_as(two), two)
    determinant = (one * across).sum(-1)
    inverse = torch.where(determinant.abs() < 1e-12, 0, 1 / determinant)[:, None]
    shifted = points[:, :, None] - a[:, None]
    u = (shifted * across[:, None]).sum(-1) * inverse
    turned = torch.linalg.cross(shifted, one[:, None].expand_as(shifted))
    v = (turned * ray).sum(-1) * inverse
    away = (turned * two[:, None]).sum(-1) * inverse
    hits = (u > 0) & (u < 1) & (v > 0) & (u + v < 1) & (away >= 1e-9)
    return hits.sum(-1) % 2 == 1


class Step:
    """One optimiser step on made-up pictures."""

    def __init__(self, config, batch, device, precision=torch.float32):
        torch.manual_seed(0)
        hand = load_hand_model()
        vertices, joints, held, _ = grasps(hand, batch, torch.device("cpu"))
        self.device, self.precision = device, precision
        self.model = ReconstructionModel(config, hand).to(device)
        self.objective = Objective(config, ContactConfig(), self.model.hand).to(device)
        self.optimizer = torch.optim.AdamW(self.model.parameters())
        self.images = torch.rand(batch, 3, IMAGE_PX, IMAGE_PX).to(device)
        root = torch.tensor([0.0, 0.0, 0.6])
        intrinsics = torch.tensor([[480.0, 0, 128], [0, 480.0, 128], [0, 0, 1]])
        targets = Targets(
            vertices, joints, torch.rand(batch, 21, 2) * IMAGE_PX, root.expand(batch, 3),
            held[:, :600], intrinsics.expand(batch, 3, 3), *torch.ones(3, batch),
        )  # fmt: skip
        self.targets = Targets._make(tensor.to(device) for tensor in targets)

    def __call__(self, *, with_contact=True):
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, self.precision, self.precision != torch.float32):
            prediction = self.model(self.images)
        terms = self.objective(prediction, self.targets, IMAGE_PX, with_contact=with_contact)
        weights = self.objective.weights(LossWeights(), with_contact=with_contact)
        weighted_total(terms, weights).backward()
        self.optimizer.step()


def contact_alone(hand, batch, device, config):
    """Return a function that computes the contact terms and their gradients."""
    vertices, _, held, faces = grasps(hand, batch, device)
    regions = contact_regions(hand, config)
    vertices.requires_grad_()
    held.requires_grad_()

    def run():
        terms = contact_terms(vertices, held, faces, regions, config)
        (terms.attraction.sum() + terms.repulsion.sum()).backward()

    return run


def report_steps(device, batch, repeats):
    """Compare a step with and without contact, and with what contact costs by itself."""
    hand = load_hand_model().to(device)
    alone = contact_alone(hand, batch, device, ContactConfig())
    kinds = [("one encoder (default)", False, torch.float32), ("two (paper)", True, torch.float32)]
    kinds.append(("one encoder, bf16", False, torch.bfloat16))
    for name, separate, precision in kinds:
        step = Step(ModelConfig(separate_object_encoder=separate), batch, device, precision)
        variants = {"without": partial(step, with_contact=False), "with": step, "alone": alone}
        found = least(variants, device, repeats)
        share = found["with"] / found["without"] - 1
        print(
            f"step, {name}: {found['without']:.3f} s without contact, {found['with']:.3f} s with, "
            f"{share:+.1%}; contact alone, hand in object, {found['alone'] / found['without']:.1%}"
        )


def report_contact(device, batch, repeats):
    hand = load_hand_model().to(device)
    surface = ContactConfig()
    variants = {
        f"contact alone, to the {config.distance}": contact_alone(hand, batch, device, config)
        for config in (surface, replace(surface, distance="vertices"))
    }
    for name, seconds in least(variants, device, 3 * repeats).items():
        print(f"{name}, forward and backward: {1000 * seconds:.1f} ms")


def report_interior(device, batch, repeats):
    hand = load_hand_model()
    vertices, _, held, faces = grasps(hand, batch, device)

    def ours():
        return proximity.winding_numbers(vertices, held, faces) != 0

    def brute_force():
        return brute_force_inside(vertices, held, faces)

    found = least({"ours": ours, "brute": brute_force}, device, repeats)
    exact = brute_force_inside(vertices.double(), held.double(), faces)
    different = int((ours() != exact).sum())
    print(
        f"interior test of {vertices.shape[0]} x {vertices.shape[1]} points, {len(faces)} faces: "
        f"{1000 * found['ours']:.1f} ms, brute force {1000 * found['brute']:.0f} ms, "
        f"{found['brute'] / found['ours']:.0f} times faster; {int(exact.sum())} inside, "
        f"{different} of {exact.numel()} differ from brute force in float64"
    )


def measure_memory():
    """Print the peak memory of this process after two steps at batch 16 with contact."""
    step = Step(ModelConfig(), 16, torch.device("cpu"))
    step()
    step()
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(f"peak memory of the process, batch 16 with contact, one encoder: {peak_gb:.2f} GB")


def report_gpu(device):
    for batch in (64, 256):
        step = Step(ModelConfig(), batch, device, torch.bfloat16)
        seconds = least({"step": step}, device, 10)["step"]
        peak_gb = torch.cuda.max_memory_allocated() / 1e9
        print(
            f"batch {batch}, bf16, with contact: {batch / seconds:.0f} samples/s, {peak_gb:.1f} GB"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="only measure the memory")
    options = parser.parse_args()
    device = torch.device(options.device)
    torch.set_num_threads(1)
    if options.memory:
        measure_memory()
        return
    if device.type == "cpu":
        # First, and in a process of its own: a child starts from its parent's peak.
        subprocess.run([sys.executable, __file__, "--memory"], check=True)
    report_interior(device, options.batch, options.repeats)
    report_contact(device, options.batch, options.repeats)
    report_steps(device, options.batch, options.repeats)
    if device.type != "cpu":
        report_gpu(device)


if __name__ == "__main__":
    main()
