"""``fsorch tenant``, and a centre of two clients from its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.cli import fsorch
from tests.test_tenants import two_tenants


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with two clients."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    Path("two.yaml").write_text(yaml.safe_dump(two_tenants(), sort_keys=False))
    return tmp_path


def test_tenants_from_a_file_and_by_hand(home: Path) -> None:
    assert "+ tenant acme" in fsorch("diff", "two.yaml").out
    assert fsorch("apply", "two.yaml", "--dry-run").code == 0
    assert json.loads(fsorch("tenant", "list", "--json").out) == []
    assert fsorch("apply", "two.yaml").code == 0
    assert fsorch("diff", "two.yaml") == (0, "", "")
    exported = yaml.safe_load(fsorch("export").out)
    assert [one["id"] for one in exported["tenants"]] == ["acme", "beta"]
    shown = json.loads(fsorch("tenant", "show", "beta", "--json").out)
    assert (shown["domain"], shown["numbers"], shown["queues"]) == ("beta.example", ["500@beta", "800"], ["beta-q"])
    assert "500@acme" in fsorch("tenant", "show", "acme").out
    assert fsorch("tenant", "set", "beta", "limits.contacts=7", "zone=Asia/Tokyo").code == 0
    assert json.loads(fsorch("tenant", "list", "--json").out)[1]["limits"] == {"contacts": 7}
    assert fsorch("tenant", "add", "gamma", "domain=gamma.example").code == 0
    assert fsorch("tenant", "remove", "gamma").code == 0
    given = ("--role", "principal", "--password-stdin")
    assert fsorch("user", "add", "client", *given, "--tenant", "betta", input="correct horse 7\n").code == 4
    assert fsorch("user", "add", "client", *given, "--tenant", "beta", input="correct horse 7\n").code == 0
    assert "tenant beta" in fsorch("user", "list").out
    assert fsorch("user", "scope", "client", "--tenant", "acme").out == "client sees tenant acme\n"
    assert fsorch("user", "scope", "client", "--tenant", "acme", "--queues", "acme-q").code == 3
    assert json.loads(fsorch("token", "add", "wall", "--tenant", "beta", "--json").out)["tenant"] == "beta"
    assert "tenant beta" in fsorch("token", "list").out
    assert fsorch("tenant", "show", "acmee").err == "fsorch: no tenant called 'acmee'; did you mean acme?\n"
    refused = fsorch("tenant", "add", "gamma", "domain=acme.example")
    assert (refused.code, "tenants[2].domain is 'acme.example'" in refused.err) == (3, True)
