"""``fsorch tenant``, and a centre of two clients from its file."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from fsorch.edge.settings import read_settings
from fsorch.store import open_database
from tests.cli.cli import fsorch
from tests.store.facts import SECOND, contact_ended
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
    assert (refused.code, "domain is 'acme.example', which is the tenant 'acme''s" in refused.err) == (3, True)


def test_the_example_is_taken_as_it_is(home: Path) -> None:
    assert fsorch("tenant", "example", "--into", "here").out.startswith("wrote here/clients.yaml")
    assert fsorch("tenant", "example", "--into", "here").code == 3
    assert fsorch("apply", "here/clients.yaml").code == 0
    assert fsorch("diff", "here/clients.yaml") == (0, "", "")
    shown = json.loads(fsorch("tenant", "show", "dairy", "--json").out)
    assert (shown["queues"], shown["campaigns"]) == (["dairy-orders", "dairy-out"], ["deliveries"])
    assert [fsorch("flow", "lint", flow).out for flow in ("dairy", "house")] == [
        "nothing against dairy\n",
        "nothing against house\n",
    ]


def test_contacts_of_before_are_adopted(home: Path) -> None:
    assert fsorch("apply", "two.yaml").code == 0
    assert fsorch("tenant", "adopt", "beta").out == "There is no contact that beta could have.\n"
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        store.write([contact_ended("c1", queue="beta-q"), contact_ended("c2", queue="beta-q", tenant="acme")])
    dry = fsorch("tenant", "adopt", "beta", "--queue", "beta-q", "--dry-run").out
    assert dry.splitlines()[-1] == "1 contacts and 0 promises would be beta's"
    done = json.loads(fsorch("tenant", "adopt", "beta", "--json").out)
    assert (done["contacts"], done["applied"]) == ({"beta-q": 1}, True)
    refused = fsorch("tenant", "adopt", "beta", "--queue", "common")
    assert "fsorch queue set common tenant=beta" in refused.err


def test_one_person_is_a_customer_of_both(home: Path) -> None:
    assert fsorch("apply", "two.yaml").code == 0
    zoe = ("customer", "add", "--reference", "4711", "--number", "+442079460001", "--name")
    assert fsorch(*zoe, "Zoë", "--tenant", "acme").code == 0
    assert fsorch(*zoe, "Zoe Q", "--field", "tenant=beta").code == 0
    assert fsorch(*zoe, "Zoë", "--tenant", "acmee").err == "fsorch: no tenant called 'acmee'; did you mean acme?\n"
    both = fsorch("customer", "show", "4711")
    assert (both.code, both.err) == (
        3,
        "fsorch: 4711 is a customer of several tenants; say whose: --tenant 'acme' or --tenant 'beta'\n",
    )
    assert "Zoe Q" in fsorch("customer", "show", "+442079460001", "--tenant", "beta").out
    assert fsorch("ticket", "open", "4711", "a leak", "--tenant", "acme").code == 0
    assert json.loads(fsorch("ticket", "list", "--customer", "4711", "--tenant", "beta", "--json").out) == []
    assert fsorch("customer", "remove", "4711", "--tenant", "acme").code == 0
    assert "Zoe Q" in fsorch("customer", "show", "4711").out
    cut = fsorch("customer", "list", "--limit", "1")
    assert cut.err == ""
    assert fsorch("customer", "add", "--reference", "1").code == 0
    assert fsorch("customer", "list", "--limit", "1").err == "these are 1, and there are more: give a higher --limit\n"


def test_a_contract_is_reported_day_by_day(home: Path) -> None:
    assert fsorch("apply", "two.yaml").code == 0
    assert fsorch("report", "--tenant", "beta").out.splitlines()[-1].startswith("beta has no contract; give it one: ")
    assert fsorch("tenant", "set", "beta", "contract.within_s=15", "contract.abandoned_max=0.05").code == 0
    # Two days of the tenant's own clock, wherever this machine is.
    span = ("--since", "2027-01-10T00:00+00:00", "--until", "2027-01-12T00:00+00:00")
    empty = fsorch("report", "--tenant", "beta", *span)
    assert empty.out.splitlines()[-1] == "80% within 15 s, at most 5.0% give up: nothing to measure"
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        noon = round(datetime(2027, 1, 10, 12, tzinfo=UTC).timestamp()) * SECOND
        for n, waited_s in enumerate((3, 9, 40)):
            times = {"began_at": noon, "enqueued_at": noon, "ended_at": noon + SECOND, "waited_us": waited_s * SECOND}
            store.write([contact_ended(f"c{n}", tenant="beta", queue="beta-q", **times)])
    ran = fsorch("report", "--tenant", "beta", *span)
    assert ran.out.splitlines()[-1] == (
        "80% within 15 s, at most 5.0% give up: "
        "NOT held over all (67 % in time, 0.0% gave up), and on 0 of 1 days (UTC)"
    )
    report = json.loads(fsorch("report", "--tenant", "beta", *span, "--json").out)
    assert (report["whole"]["held"], report["days_measured"], report["contract"]["within_s"]) == (False, 1, 15)
    by_queue = json.loads(fsorch("report", "--tenant", "beta", "--by", "queue", *span, "--json").out)
    assert [(row["group"], row["contacts"]) for row in by_queue] == [("common", 0), ("beta-q", 3), ("all", 3)]
    assert fsorch("report", "--tenant", "beta", *span, "--csv").out.count("\n") == 4
    assert fsorch("report", "--tenant", "beat").err == "fsorch: no tenant called 'beat'; did you mean beta?\n"
    assert fsorch("report", "--tenant", "beta", "--queue", "beta-q").code == 2
