"""The floors of the product: a file imports its own floor and those below, and says so by the list at its top.

When a folder is new, give it its floor in FLOORS; when a library is new, say in HOMES where it may be known.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from tests.floors import ROOT, Import, Module, cycle, imports, product

# The longest matching name counts: what stands directly in fsorch/ is floor 0 unless it is named here.
FLOORS = {
    "fsorch": 0,
    "fsorch.esl": 1,
    "fsorch.acd": 2,
    "fsorch.ivr": 2,
    "fsorch.campaign": 2,
    "fsorch.engine": 3,
    "fsorch.store": 4,
    "fsorch.edge": 5,
    "fsorch.sim": 5,
    "fsorch.runner": 5,
    "fsorch_cli": 6,
    "fsorch_web": 6,
}
# Packages whose files never import a neighbour of the same floor.
MACHINES = {"fsorch.acd", "fsorch.ivr", "fsorch.campaign"}

# Where each thing that is not for everybody may be imported.
EDGE = (
    "fsorch.edge",
    "fsorch.sim.server",
    "fsorch.sim.connection",
    "fsorch.sim.outbound",
    "fsorch.runner",
    "fsorch_cli",
    "fsorch_web",
)
HOMES = {
    "gevent": EDGE,
    "socket": EDGE,
    "socketserver": EDGE,
    "select": EDGE,
    "selectors": EDGE,
    "ssl": EDGE,
    "greenswitch": ("fsorch.edge",),
    "urllib3": ("fsorch.edge",),
    "peewee": ("fsorch.store",),
    "playhouse": ("fsorch.store",),
    "pymysql": ("fsorch.store",),
    "sqlite3": ("fsorch.store",),
    "argon2": ("fsorch.store",),
    "phonenumbers": ("fsorch.places", "fsorch.e164", "fsorch.countries", "fsorch.store", "fsorch.edge"),
    "holidays": ("fsorch.calendar_rules", "fsorch.calendars", "fsorch.countries"),
    "click": ("fsorch_cli",),
    "rich": ("fsorch_cli",),
    "flask": ("fsorch_web",),
    "flask_login": ("fsorch_web",),
    "flask_socketio": ("fsorch_web",),
    "werkzeug": ("fsorch_web",),
    "prometheus_client": ("fsorch_web.metrics",),
    # One hub runs everything: a second kind of loop has no place.
    "asyncio": (),
    "multiprocessing": (),
}
# What reads the wall clock; the machines and the engine are told the time.
CLOCKS = {"time"}
NOW = {"now", "utcnow", "today"}
# What a fresh interpreter must not have loaded after the pure floors are in.
HEAVY = {"gevent", "greenlet", "greenswitch", "peewee", "flask", "flask_socketio", "click", "rich"}


def under(name: str, root: str) -> bool:
    return name == root or name.startswith(root + ".")


def floor(name: str) -> int:
    return FLOORS[max((root for root in FLOORS if under(name, root)), key=len)]


def package(name: str) -> str:
    """The folder a floor-2 module belongs to."""
    return ".".join(name.split(".")[:2])


def all_imports() -> list[Import]:
    return [found for module in product().values() for found in imports(module)]


def pure_modules() -> list[Module]:
    return [module for module in product().values() if floor(module.name) <= 3]


def report(broken: list[str]) -> None:
    assert not broken, "\n".join(["", *broken])


def test_every_folder_has_its_floor() -> None:
    folders = {package(name) for name, module in product().items() if module.is_package and name.startswith("fsorch.")}
    unknown = sorted(folders - FLOORS.keys())
    assert not unknown, f"give these a floor in FLOORS: {unknown}"


def test_nothing_imports_upward() -> None:
    ours = [found for found in all_imports() if found.target in product()]
    report(
        [
            f"{found} (floor {floor(found.module.name)} to floor {floor(found.target)})"
            for found in ours
            if floor(found.target) > floor(found.module.name)
        ]
    )


def test_no_import_cycle() -> None:
    edges: dict[str, set[str]] = {name: set() for name in product()}
    for found in all_imports():
        if found.target in product() and found.target != found.module.name:
            edges[found.module.name].add(found.target)
    found_cycle = cycle(edges)
    assert not found_cycle, " imports ".join(found_cycle)


def test_machines_do_not_know_each_other() -> None:
    report(
        [
            str(found)
            for found in all_imports()
            if package(found.module.name) in MACHINES
            and package(found.target) in MACHINES
            and package(found.target) != package(found.module.name)
        ]
    )


def test_each_library_is_known_where_it_belongs() -> None:
    broken = []
    for found in all_imports():
        homes = HOMES.get(found.target.split(".")[0])
        if homes is not None and not any(under(found.module.name, home) for home in homes):
            broken.append(f"{found}, which only {', '.join(homes) or 'nobody'} may")
    report(broken)


def test_machines_and_engine_are_told_the_time() -> None:
    broken = []
    for module in pure_modules():
        if floor(module.name) == 0:
            continue  # the clock itself lives there
        broken += [str(found) for found in imports(module) if found.target.split(".")[0] in CLOCKS]
        broken += [
            f"{module.shown}:{node.lineno} asks for the time with {node.func.attr}()"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in NOW
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"datetime", "date", "dt"}
        ]
    report(broken)


def test_no_state_in_module_globals() -> None:
    report(
        [
            f"{module.shown}:{node.lineno} changes a global: {', '.join(node.names)}"
            for module in product().values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Global)
        ]
    )


def test_pure_floors_load_nothing_heavy() -> None:
    names = [module.name for module in pure_modules()]
    script = (
        "import importlib, json, sys\n"
        "for name in json.loads(sys.argv[1]): importlib.import_module(name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(names)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
        ({"a": {"a"}}, ["a", "a"]),
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, []),
    ],
)
def test_a_cycle_is_found(edges: dict[str, set[str]], found: list[str]) -> None:
    assert cycle(edges) == found
