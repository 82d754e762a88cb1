"""Open Image Denoise, as Blender brings it along, with guides that Cycles does not have.

Cycles' own call takes noisy albedo and normals from the same few samples as the light, and
returns silhouettes that do not fit its noisy coverage. Here both are exact.
"""

import ctypes
from functools import cache
from pathlib import Path

import bpy
import numpy as np
from jaxtyping import Float32

from obman_gen.errors import InputError

CPU, FLOAT3 = 1, 3
QUALITIES = {"fast": 4, "balanced": 5, "high": 6}

Image = Float32[np.ndarray, "height width 3"]


class Denoiser:
    """One device of Open Image Denoise; its pictures depend on their inputs alone."""

    def __init__(self, threads: int):
        """Open the library.

        Raises:
            InputError: if Blender comes without it.
        """
        self._library = _library()
        self._device = self._library.oidnNewDevice(CPU)
        self._library.oidnSetDeviceInt(self._device, b"numThreads", threads)
        self._library.oidnSetDeviceBool(self._device, b"setAffinity", False)
        self._library.oidnCommitDevice(self._device)
        self._check()

    def __call__(self, light: Image, albedo: Image, normals: Image, quality: str) -> Image:
        """Return the light without its noise.

        Args:
            light: linear, any brightness.
            albedo: of what is seen, without noise, linear in [0, 1].
            normals: of what is seen, without noise; zero where nothing is.
            quality: of `QUALITIES`.
        """
        library, result = self._library, np.zeros_like(light, order="C")
        images = {b"color": light, b"albedo": albedo, b"normal": normals, b"output": result}
        images = {name: np.ascontiguousarray(image) for name, image in images.items()}
        height, width = light.shape[:2]
        filter_ = library.oidnNewFilter(self._device, b"RT")
        for name, image in images.items():
            library.oidnSetSharedFilterImage(
                filter_, name, image.ctypes.data, FLOAT3, width, height, 0, 0, 0
            )
        library.oidnSetFilterBool(filter_, b"hdr", True)
        library.oidnSetFilterBool(filter_, b"cleanAux", True)
        library.oidnSetFilterInt(filter_, b"quality", QUALITIES[quality])
        library.oidnCommitFilter(filter_)
        library.oidnExecuteFilter(filter_)
        library.oidnReleaseFilter(filter_)
        self._check()
        return images[b"output"]

    def _check(self) -> None:
        message = ctypes.c_char_p()
        if self._library.oidnGetDeviceError(self._device, ctypes.byref(message)):
            text = (message.value or b"").decode()
            raise RuntimeError(f"Open Image Denoise: {text}")


@cache
def _library() -> ctypes.CDLL:
    """Load the library from the folder of Blender's own, with its signatures."""
    folder = Path(bpy.utils.resource_path("LOCAL")).parent / "lib"
    files = [
        path
        for path in sorted(folder.glob("*OpenImageDenoise*"))
        if not any(word in path.name for word in ("_core", "_device"))
    ]
    if not files:
        raise InputError(
            f"render.denoise: this Blender has no Open Image Denoise in {folder}; set "
            "render.denoise=false and more render.samples"
        )
    library = ctypes.CDLL(str(files[0]))
    handle, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    signatures = {
        "oidnNewDevice": (handle, [ctypes.c_int]),
        "oidnSetDeviceInt": (None, [handle, text, ctypes.c_int]),
        "oidnSetDeviceBool": (None, [handle, text, ctypes.c_bool]),
        "oidnCommitDevice": (None, [handle]),
        "oidnGetDeviceError": (ctypes.c_int, [handle, ctypes.POINTER(text)]),
        "oidnNewFilter": (handle, [handle, text]),
        "oidnSetSharedFilterImage": (None, [handle, text, handle, ctypes.c_int, *[size] * 5]),
        "oidnSetFilterBool": (None, [handle, text, ctypes.c_bool]),
        "oidnSetFilterInt": (None, [handle, text, ctypes.c_int]),
        "oidnCommitFilter": (None, [handle]),
        "oidnExecuteFilter": (None, [handle]),
        "oidnReleaseFilter": (None, [handle]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
