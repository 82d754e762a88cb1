"""The hand layer against a per-joint-loop MANO layer: CPU seconds per batch, one thread.

Usage: OMP_NUM_THREADS=1 python benchmarks/hand_layer.py
"""

import resource
import time

import torch

from obman_gen.hands import load_hand_model

ROUNDS = 20


class LoopLayer:
    """MANO as most ports write it: dense pose correctives, 4x4 matrices, one joint at a time."""

    def __init__(self, asset):
        def constant(array):
            return torch.as_tensor(array, dtype=torch.float32)

        self.template, self.weights = constant(asset.template), constant(asset.weights)
        self.shape, self.pose = constant(asset.shape_directions), constant(asset.pose_directions)
        self.regressor, self.parents = constant(asset.joint_regressor), asset.parents

    def __call__(self, rotvecs, betas):
        batch = len(rotvecs)
        angle = (rotvecs + 1e-8).norm(dim=-1, keepdim=True)
        axis = rotvecs / angle
        sine, cosine = angle.sin()[..., None], angle.cos()[..., None]
        x, y, z = axis.unbind(-1)
        zero = torch.zeros_like(x)
        cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).view(batch, 16, 3, 3)
        turns = torch.eye(3) + sine * cross + (1 - cosine) * cross @ cross
        shaped = self.template + torch.einsum("bl,vkl->bvk", betas, self.shape)
        joints = torch.einsum("jv,bvk->bjk", self.regressor, shaped)
        features = (turns[:, 1:] - torch.eye(3)).reshape(batch, -1)
        posed = shaped + torch.einsum("bf,vkf->bvk", features, self.pose)
        motions = []
        for joint, parent in enumerate(self.parents):
            offset = joints[:, joint] - (joints[:, parent] if parent >= 0 else 0)
            top = torch.cat([turns[:, joint], offset[..., None]], dim=2)
            row = torch.tensor([0.0, 0, 0, 1]).expand(batch, 1, 4)
            local = torch.cat([top, row], dim=1)
            motions.append(local if parent < 0 else motions[parent] @ local)
        motion = torch.stack(motions, dim=1)
        padded = torch.cat([joints, torch.zeros(batch, 16, 1)], dim=2)[..., None]
        shift = torch.cat([torch.zeros(batch, 16, 4, 3), motion @ padded], dim=3)
        blend = torch.einsum("vj,bjkl->bvkl", self.weights, motion - shift)
        homogeneous = torch.cat([posed, torch.ones(batch, posed.shape[1], 1)], dim=2)
        return (blend @ homogeneous[..., None])[..., :3, 0]


def seconds(functions, rounds: int) -> list[float]:
    """Return CPU seconds per call of each function: the best of seven interleaved groups."""
    best = [float("inf")] * len(functions)
    for group in range(8):
        for place, function in enumerate(functions):
            begin = time.process_time()
            for _ in range(max(1, rounds // 5)):
                function()
            spent = (time.process_time() - begin) / max(1, rounds // 5)
            if group:  # the first group warms up
                best[place] = min(best[place], spent)
    return best


def main():
    torch.set_num_threads(1)
    begin = time.process_time()
    model = load_hand_model()
    print(f"load: {time.process_time() - begin:.3f} CPU s (goal below 0.3)")
    loop = LoopLayer(model.asset)
    print(f"{'batch':>6} {'what':>17} {'loop ms':>9} {'ours ms':>9} {'ratio':>6}")
    for batch in (1, 8, 64, 512, 4096):
        compare(loop, model, batch)
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def compare(loop, model, batch: int) -> None:
    """Print one line for forward and one for forward and backward."""
    rotvecs = 0.3 * torch.randn(batch, 16, 3, generator=torch.Generator().manual_seed(0))
    betas = torch.randn(batch, 10, generator=torch.Generator().manual_seed(1))
    rounds = max(2, min(ROUNDS, 2000 // batch))

    def theirs(turns):
        return loop(turns, betas)

    def mine(turns):
        return ours(model, turns, betas)

    calls = [("forward", lambda f: f(rotvecs))]
    if batch < 4096:
        calls.append(("forward+backward", lambda f: backward(f, rotvecs)))
    for name, call in calls:
        loop_s, ours_s = seconds([lambda c=call: c(theirs), lambda c=call: c(mine)], rounds)
        print(
            f"{batch:6} {name:>17} {1e3 * loop_s:9.2f} {1e3 * ours_s:9.2f} {loop_s / ours_s:6.2f}"
        )


def ours(model, rotvecs, betas):
    return model(rotvecs[:, 0], rotvecs[:, 1:].flatten(1), betas).vertices


def backward(function, rotvecs):
    leaf = rotvecs.clone().requires_grad_()
    function(leaf).square().sum().backward()
    return leaf.grad


if __name__ == "__main__":
    main()
