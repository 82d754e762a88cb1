"""What each chart draws, given an empty figure and the content of ``stats.json``."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from obman_gen.sample import SPLITS
from obman_gen.shards.figures.style import INK, MUTED, SERIES, SPLIT_COLORS

Statistics = Mapping[str, Any]


def samples_per_category(figure, statistics: Statistics) -> None:
    categories = sorted(
        {name for split in statistics["splits"].values() for name in split["categories"]},
        reverse=True,
    )
    axes = figure.subplots()
    left = np.zeros(len(categories))
    for split in [split for split in SPLITS if split in statistics["splits"]]:
        table = statistics["splits"][split]["categories"]
        counts = np.array([table.get(name, {}).get("samples", 0) for name in categories])
        axes.barh(categories, counts, left=left, color=SPLIT_COLORS[split], label=split, height=0.7)
        left += counts
    axes.grid(visible=False, axis="y")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("samples")
    _legend_above(figure, axes)


def objects_and_grasps(figure, statistics: Statistics) -> None:
    for axes, what in zip(figure.subplots(1, 3), ("samples", "grasps", "objects"), strict=True):
        splits = [split for split in SPLITS if split in statistics["splits"]]
        counts = [statistics["splits"][split][what] for split in splits]
        bars = axes.bar(splits, counts, color=[SPLIT_COLORS[split] for split in splits])
        axes.bar_label(bars, labels=[f"{count:,}" for count in counts], color=INK, fontsize=9)
        axes.set_title(what)
        axes.grid(visible=False)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.margins(y=0.15)
        axes.set_xlim(-0.75, max(len(splits), 2) - 0.25)


def pose_map(figure, statistics: Statistics) -> None:
    found = statistics["hand_pose"]["map"]
    axes = _by_category(figure, found["neighbour_x"], found["neighbour_y"], found["category"])
    axes.set_axis_off()  # nothing along them has a unit


def pose_axes(figure, statistics: Statistics) -> None:
    found = statistics["hand_pose"]["map"]
    x_deg, y_deg = np.degrees([found["x_rad"], found["y_rad"]])
    axes = _by_category(figure, x_deg, y_deg, found["category"])
    axes.set_xlabel("first principal axis, degrees")
    axes.set_ylabel("second, degrees")


def _by_category(figure, x, y, category):
    """Scatter points in the colours of their categories; return the axes."""
    x, y, labels = np.array(x), np.array(y), np.array(category)
    size = float(np.clip(2000 / max(len(labels), 1), 3, 22))
    axes = figure.subplots()
    for place, name in enumerate(np.unique(labels)):
        of_it = labels == name
        color = SERIES[place % len(SERIES)]
        axes.scatter(x[of_it], y[of_it], s=size, color=color, label=name, alpha=0.75, linewidths=0)
    axes.set_aspect("equal", adjustable="datalim")
    figure.legend(loc="outside right upper", markerscale=1.3, handletextpad=0.1)
    return axes


def explained_variance(figure, statistics: Statistics) -> None:
    explained = 100 * np.array(statistics["hand_pose"]["explained_variance"])
    axes = figure.subplots()
    axes.plot(np.arange(1, len(explained) + 1), explained, color=SERIES[0], linewidth=1.8)
    at = statistics["hand_pose"]["axes_for_90_percent"]
    axes.plot([at], [explained[at - 1]], "o", color=SERIES[1], markersize=6)
    axes.annotate(
        f"{at} axes: {explained[at - 1]:.0f} %",
        (at, explained[at - 1]),
        xytext=(10, -14),
        textcoords="offset points",
    )
    axes.set(xlabel="principal axes", ylabel="variance explained, %", ylim=(0, 103), xlim=(0, 46))


def joint_bends(figure, statistics: Statistics) -> None:
    fingers = statistics["hand_pose"]["bend_deg"]
    all_axes = figure.subplots(len(fingers), 1, sharex=True)
    for axes, (finger, joints) in zip(all_axes, fingers.items(), strict=True):
        for place, (joint, name) in enumerate(zip(joints, ("base", "middle", "end"), strict=True)):
            edges, counts = np.array(joint["edges"]), np.array(joint["counts"])
            color = SERIES[place]
            axes.stairs(counts / counts.max(), edges, color=color, fill=True, alpha=0.22)
            axes.stairs(counts / counts.max(), edges, color=color, linewidth=1.1, label=name)
        axes.set_ylabel(finger, rotation=0, ha="right", va="center", color=INK)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    all_axes[-1].set_xlabel("turn of the joint from the flat hand, degrees")
    figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)


def histograms(*keys: str) -> Callable[[Any, Statistics], None]:
    """Return a chart with one histogram beside the other, of quantities by name."""

    def draw(figure, statistics: Statistics) -> None:
        found = [key for key in keys if "histogram" in statistics["quantities"].get(key, {})]
        columns = figure.subplots(1, len(found), squeeze=False)[0]
        for place, (axes, key) in enumerate(zip(columns, found, strict=True)):
            _histogram(axes, statistics["quantities"][key], SERIES[place])

    return draw


def _histogram(axes, quantity: Mapping[str, Any], color: str) -> None:
    edges, counts = quantity["histogram"]["edges"], np.array(quantity["histogram"]["counts"])
    axes.stairs(100 * counts / counts.sum(), edges, fill=True, color=color, alpha=0.8)
    axes.axvline(quantity["p50"], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    unit = f", {quantity['unit']}" if quantity["unit"] else ""
    axes.set_xlabel(f"{quantity['label'][0].lower()}{quantity['label'][1:]}{unit}")
    axes.set_title(f"median {quantity['p50']:.3g} {quantity['unit']}", color=MUTED, fontsize=9)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.locator_params(axis="x", nbins=4)


def contact_by_part(figure, statistics: Statistics) -> None:
    parts = statistics["contact"]["touching_share"]
    names = list(parts)[::-1]
    axes = figure.subplots()
    bars = axes.barh(names, [100 * parts[name] for name in names], color=SERIES[1], height=0.65)
    axes.bar_label(bars, fmt="%.0f %%", color=INK, fontsize=9, padding=3)
    axes.set(xlim=(0, 112), xlabel="samples in which the part touches, %")
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.grid(visible=False, axis="y")


def viewpoints(figure, statistics: Statistics) -> None:
    views = statistics["viewpoints"]
    longitudes = np.radians(views["longitude_edges_deg"])
    latitudes = np.arcsin(views["sine_of_latitude_edges"])
    counts = np.array(views["counts"], float)
    axes = figure.subplots(subplot_kw={"projection": "mollweide"})
    share = 100 * counts / counts.sum()
    cells = axes.pcolormesh(longitudes, latitudes, share.T, cmap="viridis", rasterized=True)
    for longitude_deg, name in ((0, "palm"), (90, "fingertips"), (-90, "wrist")):
        axes.text(np.radians(longitude_deg), 0, name, color="white", ha="center", va="center")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    bar = figure.colorbar(cells, ax=axes, location="bottom", shrink=0.6, aspect=30, pad=0.06)
    bar.set_label("share of samples, %")
    bar.outline.set_visible(False)


def occupancy(figure, statistics: Statistics) -> None:
    occupancy = statistics["images"]["occupancy"]
    for axes, part in zip(figure.subplots(1, 2), ("hand", "object"), strict=True):
        shown = axes.imshow(100 * np.array(occupancy[part]), cmap="magma", vmin=0)
        axes.text(1, 1, part, color="white", ha="left", va="top")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(shown, ax=axes, location="bottom", shrink=0.8, aspect=22, pad=0.03)
        bar.set_label("covered, % of images")
        bar.outline.set_visible(False)


def skin_tones(figure, statistics: Statistics) -> None:
    from obman_gen.scene.color import encode_srgb

    skin = statistics["images"]["skin"]
    swatches, groups = figure.subplots(2, 1, height_ratios=(1, 2.4))
    colors = encode_srgb(np.array(skin["linear_rgb"]))
    swatches.imshow(colors[None], aspect="auto", interpolation="nearest")
    swatches.set_axis_off()
    names = list(skin["groups"])
    total = max(sum(skin["groups"].values()), 1)
    heights = [100 * skin["groups"][name] / total for name in names]
    bars = groups.bar(names, heights, color=SERIES[4], width=0.7)
    groups.bar_label(bars, fmt="%.0f %%", color=INK, fontsize=9)
    groups.tick_params(axis="x", labelsize=8, length=0)
    groups.set_yticks([])
    groups.margins(y=0.18)
    groups.spines["left"].set_visible(False)
    groups.grid(visible=False)


def shares_of(key: str, color: str) -> Callable[[Any, Statistics], None]:
    """Return a chart of how often each name of ``appearance/KEY`` occurs."""

    def draw(figure, statistics: Statistics) -> None:
        table = statistics["appearance"][key]
        names = list(table)[:12][::-1]
        total = sum(table.values())
        axes = figure.subplots()
        shown = [100 * table[name] / total for name in names]
        bars = axes.barh(names, shown, color=color, height=0.65)
        axes.bar_label(bars, fmt="%.0f %%", color=INK, fontsize=9, padding=3)
        axes.grid(visible=False)
        axes.set_xticks([])
        axes.set_ylim(min(-0.6, (len(names) - 5) / 2), max(len(names) - 0.4, 4.4))
        axes.margins(x=0.15)
        axes.spines["bottom"].set_visible(False)

    return draw


def picture_values(figure, statistics: Statistics) -> None:
    keys = ("brightness", "contrast", "saturation")
    for place, (axes, key) in enumerate(zip(figure.subplots(1, 3), keys, strict=True)):
        _histogram(axes, statistics["images"][key], SERIES[place])


def _legend_above(figure, axes) -> None:
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
