"""What a package offers, how long a file may be, and that the distribution names every package."""

from __future__ import annotations

import ast
import configparser
import importlib
from pathlib import Path

import pytest

import fsorch
from tests.floors import PACKAGES, ROOT, Module, product

LONGEST_FILE = 700
INITS = sorted(name for name, module in product().items() if module.is_package)
# The one value a package makes itself.
OWN_VALUES = {"__all__", "__version__"}


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def assigned(node: ast.stmt) -> set[str]:
    """The names a plain or annotated assignment sets; empty for any other statement."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def reexported(module: Module) -> set[str]:
    """The names a package's `__init__.py` imports, apart from `annotations`."""
    found = set()
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            found |= {alias.asname or alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("name", INITS)
def test_a_package_only_reexports(name: str) -> None:
    module = product()[name]
    for node in module.tree.body:
        allowed = (
            isinstance(node, ast.ImportFrom)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            or bool(assigned(node) and assigned(node) <= OWN_VALUES)
        )
        assert allowed, f"{module.shown}:{node.lineno} does more than re-export"


@pytest.mark.parametrize("name", INITS)
def test_all_is_what_the_package_imports(name: str) -> None:
    offered = importlib.import_module(name).__all__
    own = {"__version__"} if name == "fsorch" else set()
    assert sorted(offered) == sorted(reexported(product()[name]) | own)
    assert len(offered) == len(set(offered)), "a name stands twice"


def test_the_distribution_names_every_package() -> None:
    named = lines_of(setup_cfg()["options"]["packages"])
    mapped = {line.split("=")[0].strip() for line in lines_of(setup_cfg()["options"]["package_dir"])}
    assert set(INITS) == set(named) - {"fsorch._freeswitch"}, "setup.cfg, [options] packages, must name what is there"
    assert set(PACKAGES) <= mapped


def test_one_version() -> None:
    assert setup_cfg()["metadata"]["version"] == fsorch.__version__


def test_types_are_shipped() -> None:
    assert [folder for folder in PACKAGES.values() if not (ROOT / folder / "py.typed").is_file()] == []


def product_files() -> list[Path]:
    files = [module.path for module in product().values()]
    desktop = ROOT / "web" / "desktop"
    return files + [
        path
        for kind in ("*.ts", "*.tsx")
        for path in desktop.rglob(kind)
        if "node_modules" not in path.relative_to(desktop).parts
    ]


def test_no_file_is_too_long() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines()) for path in product_files()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}
