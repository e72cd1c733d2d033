"""What the product's files import, read from their syntax trees: the base of the tests that hold its shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Import package -> its folder, from the root of the repository.
PACKAGES = {"fsorch": "fsorch", "fsorch_cli": "cli/fsorch_cli", "fsorch_web": "web/fsorch_web"}


@dataclass(frozen=True)
class Module:
    """One file of the product."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def shown(self) -> str:
        """The path as a person writes it."""
        return self.path.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Import:
    """One name that a file imports: `target` is a module of ours if there is one, else the dotted name as written."""

    module: Module
    line: int
    target: str

    def __str__(self) -> str:
        return f"{self.module.shown}:{self.line} imports {self.target}"


@cache
def product() -> dict[str, Module]:
    """Every Python file of the product, by its dotted name."""
    return {module.name: module for package, folder in PACKAGES.items() for module in _modules(package, ROOT / folder)}


def _modules(package: str, folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).with_suffix("").parts
        parts = inside[:-1] if inside[-1] == "__init__" else inside
        yield Module(".".join((package, *parts)), path, ast.parse(path.read_text(encoding="utf-8")))


def imports(module: Module) -> list[Import]:
    """Everything a file imports, also inside functions and for the type checker alone: both are knowledge."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found += [Import(module, node.lineno, _ours_or_written(alias.name)) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            found += [Import(module, node.lineno, _ours_or_written(base, alias.name)) for alias in node.names]
    return found


def _base(module: Module, node: ast.ImportFrom) -> str:
    """The dotted name behind `from`, with leading dots resolved."""
    if node.level == 0:
        return node.module or ""
    home = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    kept = home[: len(home) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _ours_or_written(base: str, name: str = "") -> str:
    """`from package import name` means the module of that name if there is one, else something inside the package."""
    whole = f"{base}.{name}" if name else base
    return whole if whole in product() else base


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """One closed way through the graph, first name repeated at the end; empty if there is none."""
    done: set[str] = set()
    way: list[str] = []

    def walk(name: str) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        way.append(name)
        for target in sorted(edges.get(name, ())):
            found = walk(target)
            if found:
                return found
        way.pop()
        done.add(name)
        return []

    for name in sorted(edges):
        found = walk(name)
        if found:
            return found
    return []
