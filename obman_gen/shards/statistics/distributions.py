"""One quantity over many samples, as numbers that fit into JSON."""

from typing import Any, SupportsFloat

import numpy as np
from jaxtyping import Float, Num

PERCENTILES = (5, 25, 50, 75, 95)
MAX_BINS = 40


def describe(values: Num[np.ndarray, "sample"], unit: str, label: str) -> dict[str, Any]:
    """Summarise a quantity; NaN means not measured and only lowers ``count``."""
    measured = np.asarray(values, np.float64)
    measured = measured[np.isfinite(measured)]
    summary: dict[str, Any] = {"label": label, "unit": unit, "count": len(measured)}
    if not len(measured):
        return summary
    levels = np.percentile(measured, PERCENTILES)
    return summary | {
        "mean": rounded(measured.mean()),
        "std": rounded(measured.std()),
        "min": rounded(measured.min()),
        **{f"p{at}": rounded(level) for at, level in zip(PERCENTILES, levels, strict=True)},
        "max": rounded(measured.max()),
        "histogram": histogram(measured, bins_for(measured)),
    }


def bins_for(measured: Float[np.ndarray, "value"]) -> Float[np.ndarray, "edge"]:
    """Choose edges of equal bins: one per whole number, or as many as the count supports.

    They cover the central 99 % and a little more, so that one outlier does not squeeze all the
    rest into a single bin. The number of bins is Rice's rule, 2 cbrt(n).
    """
    low, high = measured.min(), measured.max()
    if high - low <= MAX_BINS and np.array_equal(measured, np.rint(measured)):
        return np.arange(low - 0.5, high + 1)
    low, high = (float(level) for level in np.percentile(measured, (0.5, 99.5)))
    margin = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    low = 0.0 if measured.min() >= 0 and low <= margin else low - margin
    count = int(np.clip(round(2 * len(measured) ** (1 / 3)), 5, MAX_BINS))
    return np.linspace(low, high + margin, count + 1)


def histogram(
    measured: Float[np.ndarray, "value"], edges: Float[np.ndarray, "edge"]
) -> dict[str, list]:
    """Count values in equal bins; what lies outside counts in the end bins."""
    counts, _ = np.histogram(np.clip(measured, edges[0], edges[-1]), bins=edges)
    return {"edges": [rounded(edge) for edge in edges], "counts": counts.tolist()}


def rounded(value: SupportsFloat, digits: int = 6) -> float:
    """Keep six significant digits: what a sum in another order can change is left out."""
    return float(f"{float(value):.{digits}g}")


def shares(labels: np.ndarray) -> dict[str, int]:
    """Count labels, most frequent first."""
    names, counts = np.unique(labels.astype(str), return_counts=True)
    order = np.lexsort((names, -counts))
    return {str(names[at]): int(counts[at]) for at in order}
