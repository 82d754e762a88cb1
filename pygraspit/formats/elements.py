"""XML elements that know which file they are from, so that errors can say so."""

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree as ET

import numpy as np

from pygraspit.errors import DescriptionError


class Element:
    """One element of one file."""

    def __init__(self, node: ET.Element, file: Path, place: str):
        self._node, self.file, self._place = node, file, place

    @classmethod
    def root_of(cls, path: Path) -> "Element":
        """Parse a file.

        Raises:
            DescriptionError: if it is not there or is not XML.
        """
        try:
            node = ET.parse(path).getroot()
        except FileNotFoundError:
            raise DescriptionError(f"{path}: there is no such file") from None
        except (ET.ParseError, UnicodeDecodeError) as error:
            raise DescriptionError(f"{path}: not XML: {error}") from None
        return cls(node, Path(path), node.tag)

    @property
    def tag(self) -> str:
        """Name of the element."""
        return self._node.tag

    def fail(self, reason: str) -> NoReturn:
        """Raise the error that names file and element."""
        raise DescriptionError(f"{self.file}, <{self._place}>: {reason}")

    def attribute(self, name: str, default: str | None = None) -> str:
        """Return an attribute's text; without a default it must be there."""
        value = self._node.get(name, default)
        if value is None:
            self.fail(f"has no attribute {name!r}")
        return value

    def attributes(self) -> dict[str, str]:
        """Return all attributes."""
        return dict(self._node.attrib)

    def children(self, name: str | None = None) -> Iterator["Element"]:
        """Yield child elements in order, of one name or of any."""
        seen: dict[str, int] = {}
        for node in self._node:
            if not isinstance(node.tag, str):
                continue  # a comment
            seen[node.tag] = seen.get(node.tag, -1) + 1
            if name is None or node.tag == name:
                place = f"{self._place}/{node.tag}[{seen[node.tag]}]"
                yield Element(node, self.file, place)

    def find(self, name: str) -> "Element | None":
        """Return the first child of a name, or None."""
        return next(self.children(name), None)

    def need(self, name: str) -> "Element":
        """Return the first child of a name, which must be there."""
        found = self.find(name)
        return self.fail(f"has no <{name}>") if found is None else found

    @property
    def text(self) -> str:
        """The element's own text, without white space around it."""
        return (self._node.text or "").strip()

    def numbers(self, count: int) -> np.ndarray:
        """Return the text as so many finite numbers."""
        try:
            values = np.array([float(word) for word in self.text.replace(",", " ").split()])
        except ValueError:
            self.fail(f"should hold {count} numbers, holds {self.text!r}")
        if len(values) != count or not np.isfinite(values).all():
            self.fail(f"should hold {count} finite numbers, holds {self.text!r}")
        return values

    def number(self) -> float:
        """Return the text as one finite number."""
        return float(self.numbers(1)[0])
