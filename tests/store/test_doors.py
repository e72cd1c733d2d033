"""What numbers lead to, and the secrets of the agents' phones."""

from __future__ import annotations

import hashlib

import pytest

from fsorch.config import Centre, decode
from fsorch.doors import DoorSettings, check_doors, phone_login
from fsorch.errors import ConfigError
from fsorch.store.store import Store

CENTRE = decode(
    {
        "queues": [{"id": "sales"}],
        "agents": [{"id": "ada", "phone": "user/1001@pbx.example"}],
        "numbers": {"+4930555": {"queue": "sales", "priority": 7, "skills": {"german": 3}}, "110": {"queue": "sales"}},
    },
    Centre,
    where="centre.yaml",
)


def test_numbers_survive_the_store(store: Store) -> None:
    store.save_centre(CENTRE, by="test")
    assert store.load_centre() == CENTRE
    revision = store.revision()
    store.save_centre(CENTRE, by="test")
    assert store.revision() == revision
    store.save_centre(Centre(), by="test")
    assert store.load_centre().numbers == {}


@pytest.mark.parametrize(
    ("number", "spec", "message"),
    [
        ("1 XML default", {"queue": "sales"}, "numbers has the number"),
        ("110", {}, "numbers.110 must have a flow or a queue"),
        ("110", {"queue": "sale"}, "did you mean sales"),
        ("110", {"flow": "main"}, "numbers.110.flow is 'main', which does not exist"),
    ],
)
def test_a_number_that_leads_nowhere_is_refused(number: str, spec: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        decode({"queues": [{"id": "sales"}], "numbers": {number: spec}}, Centre, where="centre.yaml")


def test_a_phones_password_is_kept_as_its_digest_alone(store: Store) -> None:
    assert store.phone_secret("ada") is None
    first = store.new_phone_secret("ada", "1001", "pbx.example")
    second = store.new_phone_secret("ada", "1001", "pbx.example", by="sam")
    assert first != second
    kept = store.phone_secret("ada")
    assert kept is not None
    assert kept.a1 == hashlib.md5(f"1001:pbx.example:{second}".encode()).hexdigest()
    assert kept.made_by == "sam"
    assert second not in repr(kept)
    assert [row.act for row in store.audits()][:2] == ["phone.secret", "phone.secret"]


@pytest.mark.parametrize(
    ("phone", "login"),
    [
        ("user/1001@PBX.example", ("1001", "pbx.example")),
        ("user/1001", ("1001", "home.example")),
        ("sofia/gateway/x/1001", None),
        ("user/1001@a,user/1002@a", None),
        ("{x=y}user/1001@a", None),
    ],
)
def test_the_login_of_a_phone(phone: str, login: tuple[str, str] | None) -> None:
    assert phone_login(phone, "Home.example") == login
    assert phone_login("user/1001", "") is None


def test_doors_that_anybody_could_open_are_refused() -> None:
    check_doors(DoorSettings(), "web.doors")
    with pytest.raises(ConfigError, match=r"web.doors.token is too easy to guess"):
        check_doors(DoorSettings(token="short"), "web.doors")
    with pytest.raises(ConfigError, match=r"web.doors.allow\[0\]: 'nowhere'"):
        check_doors(DoorSettings(allow=("nowhere",)), "web.doors")
