"""The table of greenswitch's exceptions is whole."""

from __future__ import annotations

import ast
import builtins
import inspect
import socket

import greenswitch.esl
import pytest

from fsorch.edge.greenswitch_errors import TABLE, LinkRefused, mapped
from fsorch.errors import LinkError

IN_TABLE = {row[0] for row in TABLE}
# `raise e`: what an except clause just caught.
CAUGHT_AGAIN = {"e"}


def raised() -> set[str]:
    """Every name in a raise statement of greenswitch, and SystemExit if it calls sys.exit."""
    tree = ast.parse(inspect.getsource(greenswitch.esl))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            thing = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            names.add(ast.unparse(thing))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "sys.exit":
            names.add("SystemExit")
    return names - CAUGHT_AGAIN


def test_everything_greenswitch_raises_is_in_the_table() -> None:
    names = raised()
    assert {"NotConnectedError", "ValueError", "SystemExit"} <= names
    kinds = {getattr(greenswitch.esl, name, None) or getattr(builtins, name) for name in names}
    assert kinds <= IN_TABLE


def test_everything_greenswitch_defines_is_in_the_table() -> None:
    defined = {
        thing
        for _, thing in inspect.getmembers(greenswitch.esl, inspect.isclass)
        if issubclass(thing, BaseException) and thing.__module__ == greenswitch.esl.__name__
    }
    assert defined
    assert defined <= IN_TABLE


def test_the_most_specific_comes_first() -> None:
    for place, (kind, _, _) in enumerate(TABLE):
        assert not [before for before, _, _ in TABLE[:place] if issubclass(kind, before)], kind


@pytest.mark.parametrize(("kind", "ours", "text"), TABLE)
def test_each_becomes_one_sentence(kind: type[BaseException], ours: type[LinkError], text: str) -> None:
    original = kind("utf-8", b"x", 0, 1, "bad") if kind is UnicodeDecodeError else kind("the cause")
    with pytest.raises(LinkError) as caught, mapped("switch a"):
        raise original
    assert type(caught.value) is ours
    assert caught.value.__cause__ is original
    assert str(caught.value).startswith("switch a: ")
    assert "{" not in str(caught.value)


def test_subclasses_find_their_row() -> None:
    with pytest.raises(LinkError, match="cannot be resolved"), mapped("x"):
        raise socket.gaierror(-2, "Name or service not known")
    with pytest.raises(LinkRefused), mapped("x"):
        raise ValueError("Invalid password.")


def test_what_is_not_greenswitchs_passes() -> None:
    with pytest.raises(ZeroDivisionError), mapped("x"):
        raise ZeroDivisionError
    with mapped("x"):
        pass
