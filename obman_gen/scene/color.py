"""Between scene-linear light and sRGB bytes."""

import numpy as np
from jaxtyping import Float, UInt8


def encode_srgb(linear: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Clip linear light to [0, 1] and encode it as sRGB bytes."""
    light = np.clip(linear, 0.0, 1.0)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


def decode_srgb(encoded: UInt8[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Undo `encode_srgb`, in float32."""
    return _DECODED[encoded]


def _decode(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


_DECODED = _decode(np.arange(256) / 255).astype(np.float32)


def color_of_temperature(kelvin: float) -> tuple[float, float, float]:
    """Return linear Rec. 709 of a black body, brightest channel 1, for 1,000 to 15,000 K.

    A fit by Tanner Helland's piecewise form in sRGB, decoded to linear light.
    """
    hundreds = kelvin / 100
    if hundreds <= 66:
        red = 255.0
        green = 99.4708 * np.log(hundreds) - 161.1196
        blue = 0.0 if hundreds <= 19 else 138.5177 * np.log(hundreds - 10) - 305.0448
    else:
        red = 329.6987 * (hundreds - 60) ** -0.1332048
        green = 288.1222 * (hundreds - 60) ** -0.0755148
        blue = 255.0
    linear = _decode(np.clip(np.array([red, green, blue]) / 255, 0, 1))
    r, g, b = (linear / linear.max()).tolist()
    return r, g, b
