"""Between scene-linear light and sRGB bytes, and what a camera decides in between."""

import numpy as np
from jaxtyping import Float, UInt8

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Of linear Rec. 709."""


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


def white_balance_gains(light: Float[np.ndarray, "3"], balance: float) -> Float[np.ndarray, "3"]:
    """Return channel gains that take a share of its colour out of a light, 1: entirely."""
    return (light / max(float(light @ LUMINANCE), 1e-6)).clip(1e-3) ** -balance


def tone_mapped(
    linear: Float[np.ndarray, "height width 3"], key: float, white: float
) -> Float[np.ndarray, "height width 3"]:
    """Expose by the log-average and roll highlights off, as film and phones do.

    Reinhard et al., Photographic Tone Reproduction for Digital Images (SIGGRAPH 2002),
    equations 1, 2 and 4, channel by channel.

    Args:
        linear: any light.
        key: what the log-average becomes before highlights are rolled off.
        white: the light, at that exposure, that is shown as 1.
    """
    log_average = np.exp(np.log(np.maximum(linear @ LUMINANCE, 1e-3)).mean())
    exposed = linear * (key / log_average)
    return exposed * (1 + exposed / white**2) / (1 + exposed)
