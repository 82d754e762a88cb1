"""One look for all charts: as PNG on white, and as SVG whose colours follow the page's theme."""

import io
import re
from collections.abc import Callable
from typing import Any

INK, MUTED, GRID = "#1f2328", "#69707a", "#d9dde3"
THEME = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--line)"}
"""Colours that a page replaces, so that charts are readable in light and dark."""
SERIES = ("#3b7dd8", "#e0803a", "#3aa37b", "#b0559f", "#c9a227", "#6d6fd6", "#d2555a", "#4aa6b5")
"""Mid-toned, told apart on white and on near-black, and by most colour-blind people."""
SPLIT_COLORS = {"train": SERIES[0], "val": SERIES[1], "test": SERIES[2]}
WIDTH_IN, HEIGHT_IN = 4.6, 2.9
PNG_DPI = 170

_SETTINGS = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "legend.handlelength": 1.2,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "figure.facecolor": "none",
    # Text stays text, in the page's font; ids depend on content alone.
    "svg.fonttype": "none",
    "svg.hashsalt": "obman-gen",
}

Draw = Callable[[Any], None]
"""Draws into an empty matplotlib figure."""


def render(draw: Draw, height_in: float = HEIGHT_IN) -> tuple[bytes, str]:
    """Draw a chart once and return it as PNG bytes and as an inline SVG element."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    settings: Any = {**mpl.rcParamsDefault, "backend": "agg", **_SETTINGS}
    with mpl.rc_context(settings):
        layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
        figure = Figure(figsize=(WIDTH_IN, height_in), layout=layout)
        draw(figure)
        png, svg = io.BytesIO(), io.StringIO()
        FigureCanvasAgg(figure).print_figure(
            png, dpi=PNG_DPI, facecolor="white", metadata={"Software": None}
        )
        figure.set_layout_engine("none")  # laid out once, both pictures are alike
        FigureCanvasSVG(figure).print_figure(
            svg, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return png.getvalue(), themed(svg.getvalue())


def themed(svg: str) -> str:
    """Cut an SVG file down to an element that scales with the page and takes its colours."""
    element = svg[svg.index("<svg") :].strip()
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    element = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element, count=1)
    element = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", element)
    for color, variable in THEME.items():
        element = element.replace(color, variable)
    return element
