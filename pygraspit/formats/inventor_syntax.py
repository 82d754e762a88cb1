"""The common syntax of Open Inventor, VRML 1 and VRML 2 text files, read into a tree of nodes.

Meaning comes later (`pygraspit.formats.inventor`): here a node has a type, named fields that
hold numbers, words, strings or nodes, and children that stand in it without a name.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from pygraspit.errors import DescriptionError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*|[{}\[\]]|[^\s,{}\[\]"#]+')
HEADERS = ("#Inventor V2.0 ascii", "#Inventor V2.1 ascii", "#VRML V1.0 ascii", "#VRML V2.0 utf8")
_WORD = re.compile(r"[A-Za-z_]")


@dataclass
class Node:
    """One node of a scene graph."""

    kind: str
    line: int
    fields: dict[str, list] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class _Token:
    text: str
    line: int

    @property
    def is_word(self) -> bool:
        return bool(_WORD.match(self.text))


def parse(path: Path) -> list[Node]:
    """Return the nodes at the top of a file.

    Raises:
        DescriptionError: naming file, line and reason.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read: {error.strerror}") from None
    header = text.split("\n", 1)[0].strip()
    if not header.startswith(HEADERS):
        raise DescriptionError(
            f"{path}: begins with {header[:40]!r}, not with one of {', '.join(HEADERS)}"
        )
    return _Parser(path, _tokens(text)).nodes()


def _tokens(text: str) -> list[_Token]:
    tokens, line, place = [], 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", place, match.start())
        place = match.start()
        if match[0][0] != "#":
            tokens.append(_Token(match[0], line))
    return tokens


class _Parser:
    def __init__(self, path: Path, tokens: list[_Token]):
        self._path, self._tokens, self._place = path, tokens, 0
        self._named: dict[str, Node] = {}

    def nodes(self) -> list[Node]:
        """Parse to the end of the file."""
        found = []
        while self._peek() is not None:
            if self._skip_statement():
                continue
            found.append(self._node())
        return found

    def _peek(self, ahead: int = 0) -> _Token | None:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise DescriptionError(f"{self._path}: ends in the middle of a node")
        self._place += 1
        return token

    def _fail(self, token: _Token, reason: str):
        raise DescriptionError(f"{self._path}, line {token.line}: {reason}")

    def _expect(self, text: str) -> None:
        token = self._next()
        if token.text != text:
            self._fail(token, f"expected {text!r}, found {token.text!r}")

    def _skip_statement(self) -> bool:
        """Skip ROUTE a.b TO c.d; it moves things only while time passes."""
        token = self._peek()
        if token is None or token.text != "ROUTE":
            return False
        self._place += 4
        return True

    def _node(self) -> Node:
        token = self._next()
        if token.text == "USE":
            name = self._next()
            if name.text not in self._named:
                self._fail(name, f"uses {name.text!r}, which is not defined above")
            return self._named[name.text]
        name = ""
        if token.text == "DEF":
            name, token = self._next().text, self._next()
        if not token.is_word:
            self._fail(token, f"expected a node, found {token.text!r}")
        if token.text in ("PROTO", "EXTERNPROTO"):
            self._fail(token, "prototypes are not read")
        self._expect("{")
        node = Node(token.text, token.line)
        if name:
            self._named[name] = node
        while (here := self._peek()) is not None and here.text != "}":
            self._member(node)
        self._expect("}")
        return node

    def _member(self, node: Node) -> None:
        """Read a child node, or a field with its value."""
        if self._skip_statement():
            return
        if self._is_node():
            node.children.append(self._node())
            return
        name = self._next()
        if not name.is_word:
            self._fail(name, f"expected a field or a node in {node.kind}, found {name.text!r}")
        node.fields[name.text] = self._value()

    def _is_node(self) -> bool:
        token, after = self._peek(), self._peek(1)
        if token is None or not token.is_word:
            return False
        return token.text in ("DEF", "USE") or (after is not None and after.text == "{")

    def _value(self) -> list:
        """Read a list in brackets, one node, some numbers, or one word or string."""
        token = self._peek()
        if token is not None and token.text == "[":
            return self._bracketed()
        if self._is_node():
            return [self._node()]
        values = []
        while (token := self._peek()) is not None and not _ends_value(token):
            values.append(_plain(self._next().text))
        if not values and token is not None and token.is_word:
            values.append(self._next().text)
        return values

    def _bracketed(self) -> list:
        self._expect("[")
        values = []
        while (token := self._peek()) is not None and token.text != "]":
            values.append(self._node() if self._is_node() else _plain(self._next().text))
        self._expect("]")
        return values


def _ends_value(token: _Token) -> bool:
    return token.text in "{}[]" or token.is_word


def _plain(text: str) -> float | str:
    """Return a number where the text is one, else the text without quotes."""
    try:
        return float(text)
    except ValueError:
        return text.strip('"')
