"""What is installed, what was found, what is missing, and what to do about it."""

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DEBIAN_PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXext.so.6": "libxext6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libgomp.so.1": "libgomp1",
    "libz.so.1": "zlib1g",
    "libglib-2.0.so.0": "libglib2.0-0",
}
"""Debian and Ubuntu packages of the shared libraries that Blender's wheel leaves out."""

PACKAGES = ("bpy", "torch", "pybullet", "coacd", "numba", "libigl", "h5py", "distributed", "viser")


class Finding(NamedTuple):
    """One thing looked at."""

    name: str
    fine: bool
    detail: str


def missing_libraries() -> list[str]:
    """Return the shared libraries that Blender's module needs and this system lacks."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None or not sys.platform.startswith("linux"):
        return []
    binaries = sorted(Path(spec.origin).parent.glob("*.so"))
    listing = "".join(
        subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=False).stdout
        for path in binaries
    )
    return sorted(set(re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE)))


def install_advice(libraries: list[str]) -> str:
    """Return the one line that installs missing libraries."""
    packages = sorted({DEBIAN_PACKAGES.get(library, library) for library in libraries})
    return (
        f"Blender needs the system libraries {', '.join(libraries)}; "
        f"on Debian or Ubuntu: apt-get install -y {' '.join(packages)}"
    )


def examine() -> Iterator[Finding]:
    """Look at the interpreter, packages, system libraries, devices and gated assets."""
    version = sys.version.split()[0]
    yield Finding("Python", sys.version_info[:2] == (3, 11), f"{version} (3.11 is needed)")
    for name in PACKAGES:
        yield _package(name)
    libraries = missing_libraries()
    advice = install_advice(libraries) if libraries else "all there"
    yield Finding("system libraries", not libraries, advice)
    yield Finding("cores", True, str(len(os.sched_getaffinity(0))))
    yield _cuda()
    yield from _assets()


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed; pip install {name}")


def _cuda() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding("GPU", True, torch.cuda.get_device_name(0))
    return Finding("GPU", True, "none; everything runs on the CPU")


def _assets() -> Iterator[Finding]:
    from obman_gen.assets import GATED, open_default, require_one_usable
    from obman_gen.errors import InputError

    for name, variable in GATED.items():
        path = os.environ.get(variable, "")
        if not path:
            yield Finding(name, True, f"{open_default(name)} (set {variable} to bring your own)")
        else:
            try:
                require_one_usable(name, path)
            except InputError as error:
                yield Finding(name, False, f"{variable}={path}: {error}")
            else:
                yield Finding(name, True, path)
