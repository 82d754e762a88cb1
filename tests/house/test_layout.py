"""Rules about the code base that a linter cannot express."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imports_under(folder: str, outside: str = "-"):
    """Yield (place, dotted name) of every import below ``folder`` except below ``outside``."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(outside):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((f"{place}:{node.lineno}", alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield f"{place}:{node.lineno}", node.module or ""


@pytest.mark.parametrize(
    ("folder", "outside", "forbidden"),
    [
        ("obman_gen", "obman_gen/blender/", ("bpy", "mathutils")),
        ("pygraspit", "-", ("obman_gen", "bpy")),
        ("obman_gen/metrics", "-", ("obman_gen.training", "obman_gen.reconstruction", "bpy")),
        ("obman_gen/scene", "-", ("obman_gen.blender",)),
        ("obman_gen", "obman_gen/training/", ("accelerate",)),
    ],
)
def test_imports_point_one_way(folder, outside, forbidden):
    offenders = [
        f"{place} imports {name}"
        for place, name in imports_under(folder, outside)
        if any(name == banned or name.startswith(banned + ".") for banned in forbidden)
    ]
    assert not offenders


def test_nobody_draws_from_hidden_randomness():
    banned = ("random", "uuid", "secrets")
    offenders = [
        f"{place} imports {name}"
        for folder in ("obman_gen", "pygraspit")
        for place, name in imports_under(folder)
        if name in banned
    ]
    assert not offenders
