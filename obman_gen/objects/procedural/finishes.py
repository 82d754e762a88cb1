"""Materials of everyday things, and the colours they come in."""

import colorsys

import numpy as np
from scipy import ndimage

from obman_gen.objects.procedural.model import Color, Finish


def color(
    rng: np.random.Generator,
    saturation: tuple[float, float] = (0.45, 0.95),
    value: tuple[float, float] = (0.25, 0.95),
    hue: tuple[float, float] = (0.0, 1.0),
) -> Color:
    """Draw a colour from ranges of hue, saturation and value."""
    return colorsys.hsv_to_rgb(rng.uniform(*hue) % 1, rng.uniform(*saturation), rng.uniform(*value))


def shade(base: Color, factor: float) -> Color:
    """Return a darker (below 1) or lighter colour."""
    if factor <= 1:
        red, green, blue = (channel * factor for channel in base)
    else:
        red, green, blue = (1 - (1 - channel) / factor for channel in base)
    return red, green, blue


def ink_on(paper: Color) -> Color:
    """Return black or white, whichever reads better on a colour."""
    light = 0.3 * paper[0] + 0.59 * paper[1] + 0.11 * paper[2]
    return (0.08, 0.08, 0.08) if light > 0.55 else (0.97, 0.97, 0.95)


def grey(rng: np.random.Generator, low: float = 0.03, high: float = 0.9) -> Color:
    """Draw a grey."""
    value = float(rng.uniform(low, high))
    return value, value, value


def plastic(base: Color, gloss: float = 0.5) -> Finish:
    """Return plastic: dull at gloss 0, polished at 1."""
    return Finish(base, roughness=0.6 - 0.45 * gloss, specular=0.45)


def rubber(base: Color = (0.04, 0.04, 0.045)) -> Finish:
    """Return rubber."""
    return Finish(base, roughness=0.8, specular=0.25)


def metal(base: Color = (0.78, 0.78, 0.79), roughness: float = 0.3) -> Finish:
    """Return bare metal."""
    return Finish(base, roughness=roughness, metallic=1.0, specular=0.5)


def glaze(base: Color) -> Finish:
    """Return glazed ceramics."""
    return Finish(base, roughness=0.18, specular=0.5, coat=0.6)


def clear(base: Color = (0.96, 0.98, 0.98), roughness: float = 0.02) -> Finish:
    """Return clear glass or plastic."""
    return Finish(base, roughness=roughness, opacity=0.15)


def paper(texture: np.ndarray, gloss: float = 0.4) -> Finish:
    """Return something printed."""
    return Finish((1, 1, 1), roughness=0.65 - 0.4 * gloss, specular=0.4, texture=texture)


def brushed(
    rng: np.random.Generator, base: Color, size_px: int = 256, across: bool = False
) -> Finish:
    """Return metal brushed along u, or across."""
    streaks = ndimage.gaussian_filter(rng.random((size_px, size_px)), (0.4, 24), mode="wrap")
    streaks = (streaks - streaks.mean()) / max(streaks.std(), 1e-9)
    streaks = streaks.T if across else streaks
    pixels = np.clip(np.array(base) * (1 + 0.06 * streaks[..., None]), 0, 1)
    return Finish((1, 1, 1), 0.32, metallic=1.0, texture=np.rint(pixels * 255).astype(np.uint8))


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> np.ndarray:
    """Draw smooth noise with features of so many pixels, about -1 to 1, seamless."""
    field = ndimage.gaussian_filter(rng.normal(size=shape), cell, mode="wrap")
    return field / max(float(np.abs(field).max()), 1e-9)


def wood(rng: np.random.Generator, size_px: int = 256, upright: bool = False) -> Finish:
    """Return varnished wood, its grain along u, or along v if upright."""
    warp = 0.06 * noise(rng, (size_px, size_px), size_px / 10)
    rows = np.arange(size_px)[:, None] / size_px
    rings = np.sin(2 * np.pi * (rng.uniform(6, 14) * (rows + warp) + rng.random()))
    pores = ndimage.gaussian_filter(rng.random((size_px, size_px)), (0.5, 9), mode="wrap")
    pores = (pores - pores.mean()) / pores.std()
    base = np.array(color(rng, (0.45, 0.7), (0.3, 0.72), (0.05, 0.1)))
    pixels = base * (1 + 0.13 * rings + 0.07 * pores)[..., None]
    pixels = pixels.transpose(1, 0, 2) if upright else pixels
    return paper(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8), 0.6)


def speckled(rng: np.random.Generator, base: Color, spot: Color, share: float) -> np.ndarray:
    """Return a texture of a colour with specks, as stoneware has."""
    field = noise(rng, (256, 256), 1.2)
    spots = (field > np.quantile(field, 1 - share))[..., None]
    shade_ = 1 + 0.05 * noise(rng, (256, 256), 30)[..., None]
    pixels = np.where(spots, np.array(spot), np.array(base)) * shade_
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def glazed_print(texture: np.ndarray) -> Finish:
    """Return painted ceramics under a glaze."""
    return Finish((1, 1, 1), roughness=0.2, specular=0.5, coat=0.5, texture=texture)


def printed_metal(texture: np.ndarray) -> Finish:
    """Return lacquered print on metal."""
    return Finish((1, 1, 1), roughness=0.25, metallic=0.45, coat=0.3, texture=texture)


def leather(rng: np.random.Generator, base: Color) -> np.ndarray:
    """Return the grain of leatherette."""
    grain = noise(rng, (256, 512), 1.6)
    pixels = np.array(base) * (1 + 0.9 * grain[..., None])
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
