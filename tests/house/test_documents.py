"""What README and docs tell people to type exists, and so do the files they link to."""

import ast
import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest

from obman_gen.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"(?:^|`)\s*(?:[A-Z_]+=\S+ )*(obman-gen [^`#\n]*)", re.MULTILINE)
PLACEHOLDERS = re.compile(r"\[[^\]]*\]|\.\.\.")
"""Optional words and omissions, which nobody types."""


def commands_in(text):
    joined = text.replace("\\\n", " ")
    return [PLACEHOLDERS.sub("", found) for found in COMMAND.findall(joined)]


def epilogs(command):
    """Return the examples of a command's help and of those below it."""
    found = [command.epilog or ""]
    for below in getattr(command, "commands", {}).values():
        found += epilogs(below)
    return found


def parse(group, words):
    """Follow words through groups to a command, as far as options go.

    Raises:
        click.UsageError: for a command or an option that does not exist.
    """
    context = click.Context(group)
    _, rest, _ = group.make_parser(context).parse_args(list(words))
    if not rest or not isinstance(group, click.Group):
        return
    command = group.get_command(context, rest[0])
    if command is None:
        raise click.UsageError(f"no command {rest[0]}")
    parse(command, rest[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_pages_exist_with_their_options(page):
    for line in commands_in(page.read_text()):
        _, *words = shlex.split(line)
        try:
            parse(main, words)
        except click.UsageError as error:
            pytest.fail(f"{page.name}: {line}: {error.format_message()}")


def test_examples_in_the_help_exist_with_their_options():
    lines = [
        line for text in epilogs(main) for line in commands_in(text.replace("Example: ", "\n"))
    ]

    assert len(lines) > 20
    for line in lines:
        _, *words = shlex.split(re.sub(r"\s{3,}.*", "", line))
        parse(main, words)


def test_what_does_not_exist_is_noticed():
    with pytest.raises(click.UsageError):
        parse(main, ["nothing"])
    with pytest.raises(click.UsageError):
        parse(main, ["--run", "x", "stats", "--nothing"])
    assert commands_in("    X=1 obman-gen a --b  # c\ntext `obman-gen d`") == [
        "obman-gen a --b  ",
        "obman-gen d",
    ]


def is_there(module, name):
    """Tell whether a module has a name, or a module of that name below it."""
    if hasattr(importlib.import_module(module), name):
        return True
    return importlib.util.find_spec(f"{module}.{name}") is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_pages_imports_what_exists(page):
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    assert is_there(node.module, alias.name), f"{node.module}.{alias.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
