"""``fsorch audit verify``: what it says and how it ends."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.cli import fsorch


def test_a_changed_entry_ends_with_one_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    assert fsorch("apply", "centre.yaml").code == 0
    ran = fsorch("audit", "verify")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "the audit is whole: 2 entries checked")
    head = ran.out.splitlines()[1].removeprefix("head ")
    assert fsorch("audit", "verify", "--noted", head).code == 0
    assert fsorch("audit", "verify", "--noted", "2:short").code == 2
    assert fsorch("audit", "verify", "--noted", "1" + head[1:]).code == 1
    with closing(sqlite3.connect("fsorch.sqlite3")) as db:
        db.execute("UPDATE audit SET who = 'somebody' WHERE place = 2")
        db.commit()
    ran = fsorch("audit", "verify", "--json")
    assert (ran.code, json.loads(ran.out)["place"]) == (1, 2)
    assert fsorch("audit", "verify").out.startswith("the audit is not as it was written: entry 2 does not say")
    # The list itself is still shown.
    assert "somebody" in fsorch("audit", "--act", "centre").out
