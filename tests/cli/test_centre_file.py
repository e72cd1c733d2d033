"""The centre as a file: out and in again without a difference, and changed from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.config import BreakReason, Centre, QueueSpec, decode
from fsorch.names import Strategy
from fsorch.sim.demo_centre import demo_centre
from fsorch_cli.centre_file import centre_text
from fsorch_cli.diff import Change, compare
from tests.cli.cli import fsorch

PASSWORD = "correct horse 7"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with its example applied, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input=PASSWORD + "\n").code == 0
    assert fsorch("apply", "centre.yaml").code == 0
    return tmp_path


TEXT = st.text(max_size=12)
TIME = st.floats(0.5, 1e6)
CENTRES = st.builds(
    Centre,
    name=TEXT,
    queues=st.just(())
    | st.tuples(
        st.builds(
            QueueSpec,
            id=st.just("q1"),
            title=TEXT,
            strategy=st.sampled_from(Strategy),
            offer_timeout_s=TIME,
            strict=st.booleans(),
            skills=st.dictionaries(TEXT, st.integers(1, 5), max_size=2),
        )
    ),
    breaks=st.lists(st.builds(BreakReason, id=st.sampled_from("abcdef"), title=TEXT), unique_by=lambda one: one.id).map(
        tuple
    ),
    prompts=st.dictionaries(TEXT, TEXT, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(CENTRES)
def test_a_centre_comes_back_from_its_file(centre: Centre) -> None:
    assert decode(yaml.safe_load(centre_text(centre)), Centre, where="file") == centre


def test_the_demo_comes_back_and_says_no_more_than_it_must() -> None:
    text = centre_text(demo_centre())
    assert decode(yaml.safe_load(text), Centre, where="file") == demo_centre()
    assert "null" not in text
    assert "service_level_s: 20" not in text


def test_what_is_exported_changes_nothing(home: Path) -> None:
    assert fsorch("export", "out.yaml") == (0, "", "wrote out.yaml\n")
    assert (home / "out.yaml").read_text() == fsorch("export").out
    assert fsorch("diff", "out.yaml") == (0, "", "")
    assert fsorch("apply", "out.yaml").out == "nothing to change\n"
    assert fsorch("export").out == (home / "out.yaml").read_text()
    assert fsorch("export", "out.yaml").code == 3
    assert fsorch("export", "out.yaml", "--force").code == 0
    assert json.loads(fsorch("export", "--json").out) == yaml.safe_load(fsorch("export").out)
    assert fsorch("export", "--json", "out.yaml").code == 2


def test_a_difference_is_shown_and_changes_nothing(home: Path) -> None:
    before = fsorch("export").out
    (home / "centre.yaml").write_text(before.replace("title: Support", "title: Help desk"))
    assert fsorch("diff", "centre.yaml") == (1, "~ queue support: title Support → Help desk\n", "")
    [change] = json.loads(fsorch("diff", "centre.yaml", "--json").out)
    assert change == {"sign": "~", "what": "queue support", "detail": "title Support → Help desk"}
    assert fsorch("export").out == before


def test_another_order_is_a_difference() -> None:
    one, two = BreakReason(id="tea"), BreakReason(id="lunch")
    changes = compare(Centre(breaks=(one, two)), Centre(breaks=(two, one)))
    assert changes == [Change("~", "order of breaks", "tea, lunch → lunch, tea")]
    assert compare(Centre(breaks=(one,)), Centre(breaks=(two, one))) == [Change("+", "break lunch")]
