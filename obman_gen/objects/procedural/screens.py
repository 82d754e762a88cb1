"""What displays show."""

import numpy as np

from obman_gen.objects.procedural import finishes as fin
from obman_gen.objects.procedural.print import Sheet, Style

HEIGHT_PX = 640


def home(rng: np.random.Generator, aspect: float) -> np.ndarray:
    """Show a home screen inside a black border: time, icons over a picture."""
    width = int(HEIGHT_PX * aspect)
    sheet = Sheet(width, HEIGHT_PX, (0.01, 0.01, 0.012))
    if rng.random() < 0.35:
        return sheet.pixels()
    low, high = np.array(fin.color(rng)), np.array(fin.color(rng))
    margin = int(0.02 * HEIGHT_PX)
    rows = np.linspace(0, 1, HEIGHT_PX - 2 * margin)[:, None, None]
    waves = 0.15 * fin.noise(rng, (HEIGHT_PX - 2 * margin, width - 2 * margin), 40)[..., None]
    picture = low + np.clip(rows + waves, 0, 1) * (high - low)
    pixels = sheet.pixels()
    pixels[margin:-margin, margin:-margin] = np.rint(picture * 255)
    from PIL import Image

    sheet.image.paste(Image.fromarray(pixels))
    hour, minute = rng.integers(0, 24), rng.integers(0, 60)
    sheet.text(0.5, 0.14, 0.06, f"{hour}:{minute:02d}", (1, 1, 1), Style(widest=0.6))
    for row in range(int(rng.integers(2, 6))):
        for column in range(4):
            x, y = 0.14 + column * 0.2, 0.34 + row * 0.1
            sheet.box(x, y, x + 0.13, y + 0.13 * aspect, fin.color(rng, (0, 0.9)), 0.015)
    return sheet.pixels()
