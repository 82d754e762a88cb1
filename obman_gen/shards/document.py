"""Write ``docs/dataset.md`` from the schema: ``python -m obman_gen.shards.document``."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from obman_gen.shards.field import SIZES, Field
from obman_gen.shards.manifest import MANIFEST_FORMAT
from obman_gen.shards.reader import DERIVED
from obman_gen.shards.schema import ATTRIBUTES, FIELDS, SCHEMA_VERSION

PAGE = Path(__file__).parents[2] / "docs" / "dataset.md"

GROUPS = {
    "sample_id": "Name",
    "images": "Images",
    "depth": "Depth",
    "segmentation": "Segmentation",
    "normals": "Normals",
    "camera": "Camera",
    "hand": "Hand",
    "body": "Body",
    "object": "Object",
    "meshes": "Object meshes, once per shard",
    "grasp": "Grasp",
    "visibility": "Visibility",
    "scene": "Scene",
    "crc32": "Checksum",
}
"""First part of a path to heading, in the order of the page."""


def page() -> str:
    """Return the whole page, Markdown."""
    template = (Path(__file__).parent / "dataset_page.md").read_text()
    parts = {
        "VERSION": str(SCHEMA_VERSION),
        "MANIFEST_FORMAT": MANIFEST_FORMAT,
        "SIZES": table(("size", "is"), ((f"`{name}`", text) for name, text in SIZES.items())),
        "FIELDS": "\n\n".join(sections()),
        "DERIVED": table(("name", "is"), ((f"`{name}`", text) for name, text in DERIVED.items())),
        "ATTRIBUTES": table(
            ("attribute", "is"), ((f"`{name}`", text) for name, text in ATTRIBUTES.items())
        ),
    }
    for name, text in parts.items():
        template = template.replace(f"<<{name}>>", text)
    return template


def sections() -> Iterator[str]:
    """Yield a heading and a table for each group of fields."""
    header = ("dataset", "shape", "type", "unit, frame", "meaning", "from other fields")
    for group, heading in GROUPS.items():
        rows = [row(field) for path, field in FIELDS.items() if path.split("/")[0] == group]
        yield f"### {heading}\n\n{table(header, rows)}"


def row(field: Field) -> tuple[str, ...]:
    """Return a field's cells."""
    shape = " x ".join(str(extent) for extent in field.shape)
    frame = f"{field.frame} frame" if field.frame else ""
    where = ", ".join(part for part in (field.unit, frame) if part)
    meaning = field.meaning + (" (optional)" if field.optional else "")
    return (f"`{field.path}`", shape, field.dtype, where, meaning, field.recompute)


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    PAGE.write_text(page())
