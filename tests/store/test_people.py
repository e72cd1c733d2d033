"""Users, passwords, the audit, and the centre's desired state, on both engines."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher

from fsorch.clock import ManualClock
from fsorch.config import AgentSpec, BreakReason, Centre, MembershipSpec, QueueSpec
from fsorch.errors import ConfigError
from fsorch.flow_menus import menu_flow
from fsorch.names import BreakWeight, Role
from fsorch.prompts import PromptSpec, SpeechSpec
from fsorch.store import Passwords, Store, open_database
from fsorch.store.models import AgentRecord, FlowRecord, MemberRecord, QueueRecord, UserRecord
from tests.store.facts import contact_ended, leg_ended

PASSWORD = "correct horse battery"
CENTRE = Centre(
    name="Acme 📞",
    queues=(
        QueueSpec(id="support", title="Support", wrap_up_s=0),
        QueueSpec(id="sales", title="Sales", offer_timeout_s=12.5, service_level_s=30),
    ),
    agents=(
        AgentSpec(
            id="zoe",
            name="Zoë",
            phone="user/1002@pbx.example",
            switch="b",
            queues=(MembershipSpec(queue="sales", level=2, position=3), MembershipSpec(queue="support")),
        ),
        AgentSpec(id="ada", name="Ada", phone="user/1001@pbx.example", login="ada", role=Role.SUPERVISOR),
    ),
    flows=(
        menu_flow("night", {}, person="support"),
        menu_flow("day", {"1": "sales", "*": "support"}, person="sales"),
    ),
    flow="day",
    breaks=(BreakReason(id="lunch", title="Lunch 🍜", max_s=1800), BreakReason(id="call", weight=BreakWeight.GOOD)),
    prompts={
        "menu": "/var/p/menu.wav",
        "balance": PromptSpec(text={"de": "Sie haben {sum:money,currency=EUR}.", "en": "You have {sum:money}."}),
        "jingle": PromptSpec(file={"en": "/var/p/jingle.wav"}),
    },
    language="de",
    speech=SpeechSpec(engine="flite", voice="kal", voices={"de": "hans"}),
    prompts_dir="/var/prompts",
)


def changed(centre: Centre, **fields: Any) -> Centre:
    return msgspec.structs.replace(centre, **fields)


def stored_hashes(store: Store) -> list[str]:
    return [row.password for row in UserRecord.select().execute(store.db)]


class TestPasswords:
    def test_the_right_password_opens(self, store: Store) -> None:
        store.set_password("ada", PASSWORD, role="supervisor", agent="ada")
        user = store.verify("ada", PASSWORD)
        assert user is not None
        assert (user.login, user.role, user.agent, user.active, user.has_password) == (
            "ada",
            "supervisor",
            "ada",
            True,
            True,
        )

    def test_a_wrong_password_does_not(self, store: Store) -> None:
        store.set_password("ada", PASSWORD)
        wrong = ["", "x", PASSWORD + " ", PASSWORD[:-1], PASSWORD.upper(), "x" * 1_000_000, "\0", "\ud800"]
        assert [password for password in wrong if store.verify("ada", password)] == []

    def test_a_login_is_exact(self, store: Store) -> None:
        store.set_password("ada", PASSWORD)
        wrong = ["", "bob", "ADA", "ada ", " ada", "ada\0", "ad%", "' OR 1=1 --", "a" * 100_000, "adá", "ada\ud800"]
        assert [login for login in wrong if store.verify(login, PASSWORD) or store.user(login)] == []

    def test_a_new_password_replaces_the_old_and_keeps_the_rest(self, store: Store, clock: ManualClock) -> None:
        before = store.set_password("ada", PASSWORD, role="admin", agent="ada")
        clock.advance(5)
        after = store.set_password("ada", "another horse")
        assert store.verify("ada", PASSWORD) is None
        assert store.verify("ada", "another horse") == after
        assert (after.role, after.agent, after.created_at) == ("admin", "ada", before.created_at)
        assert after.changed_at == before.changed_at + 5_000_000

    def test_hashes_differ_and_are_argon2id(self, store: Store) -> None:
        store.set_password("ada", PASSWORD)
        store.set_password("bob", PASSWORD)
        hashes = stored_hashes(store)
        assert len(set(hashes)) == 2
        assert all(hash.startswith("$argon2id$") and PASSWORD not in hash for hash in hashes)

    def test_a_bad_password_is_refused_and_not_repeated(self, store: Store) -> None:
        bad = [
            "short",
            "ClueCon!"[:7],
            "cluecon",
            "password",
            "12345678",
            "aaaaaaaaaa",
            "xyz" * 400,
            "long\ud800enough",
        ]
        for password in bad:
            with pytest.raises(ConfigError, match="the password for 'ada'") as refused:
                store.set_password("ada", password)
            assert f"'{password}'" not in str(refused.value)
        assert store.user("ada") is None

    def test_the_login_is_no_password(self, store: Store) -> None:
        with pytest.raises(ConfigError):
            store.set_password("ada.lovelace", "Ada.Lovelace")

    def test_a_bad_login_is_refused(self, store: Store) -> None:
        for login in ("", " ada", "ada ", "a\nb", "a\0", "a" * 65, "a\ud800"):
            with pytest.raises(ConfigError, match="is not usable"):
                store.set_password(login, PASSWORD)

    def test_a_bad_role_is_refused(self, store: Store) -> None:
        with pytest.raises(ConfigError, match="agent, supervisor, admin, auditor"):
            store.set_password("ada", PASSWORD, role="root")
        assert store.users() == []

    def test_a_hash_of_another_cost_is_renewed_at_login(self, url: str, store: Store) -> None:
        store.set_password("ada", PASSWORD)
        dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
        other = open_database(url, passwords=Passwords(dearer))
        try:
            assert other.verify("ada", PASSWORD) is not None
            assert "m=16,t=2" in stored_hashes(other)[0]
            assert other.verify("ada", PASSWORD) is not None
        finally:
            other.close()


class CountingHasher(PasswordHasher):
    """Counts what it verifies."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        """As ever."""
        self.verified.append(str(hash))
        return super().verify(hash, password)


def test_every_refused_login_takes_the_same_work(url: str) -> None:
    hasher = CountingHasher()
    store = open_database(url, passwords=Passwords(hasher))
    try:
        store.save_centre(changed(CENTRE, agents=CENTRE.agents[1:]), "cli")
        store.set_password("bob", PASSWORD)
        store.set_password("gone", PASSWORD, agent="gone")
        store.save_centre(CENTRE, "cli")
        for login in ("bob", "ada", "gone", "nobody"):
            hasher.verified.clear()
            assert store.verify(login, "wrong password") is None
            (hash,) = hasher.verified
            assert hash.rpartition("$")[0].rpartition("$")[0] == "$argon2id$v=19$m=8,t=1,p=1"
        # A disabled user's right password does not open, nor does the stand-in's.
        assert store.verify("gone", PASSWORD) is None
        assert store.verify("ada", "") is None
    finally:
        store.close()


class TestAudit:
    def test_who_did_what(self, store: Store, clock: ManualClock) -> None:
        store.audit("sam", "agent.logout", {"agent": "ada"})
        clock.advance(1)
        store.audit("x" * 1000, "y" * 1000, "🧯" * 100_000)
        last, first = store.audits()
        assert (first.who, first.act, first.what) == ("sam", "agent.logout", {"agent": "ada"})
        assert first.at == last.at - 1_000_000
        assert last.who == "x" * 63 + "…"

    def test_no_password_is_ever_in_it(self, store: Store) -> None:
        store.set_password("ada", PASSWORD, role="admin", by="root")
        (entry,) = store.audits()
        assert (entry.who, entry.act) == ("root", "user.password")
        assert entry.what == {"login": "ada", "role": "admin", "agent": ""}


class TestCentre:
    def test_an_empty_store_has_the_empty_centre(self, store: Store) -> None:
        assert store.load_centre() == Centre()
        assert store.revision() == 0

    def test_it_comes_back_as_it_was(self, store: Store) -> None:
        assert store.save_centre(CENTRE, "cli") == 1
        assert store.load_centre() == CENTRE
        assert store.revision() == 1

    def test_the_same_again_is_no_change(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        assert store.save_centre(CENTRE, "cli") == 1
        assert len(store.audits()) == 1

    def test_every_change_counts_and_is_audited(self, store: Store, clock: ManualClock) -> None:
        store.save_centre(CENTRE, "cli")
        clock.advance(1)
        queues = (msgspec.structs.replace(CENTRE.queues[0], title="Help"), CENTRE.queues[1])
        assert store.save_centre(changed(CENTRE, queues=queues), "sam") == 2
        (last, _) = store.audits()
        assert (last.who, last.act) == ("sam", "centre.save")
        assert last.what == {"revision": 2, "changes": ["queue ~support"]}

    def test_order_is_kept_and_can_change(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        turned = changed(
            CENTRE,
            queues=CENTRE.queues[::-1],
            agents=CENTRE.agents[::-1],
            flows=CENTRE.flows[::-1],
            breaks=CENTRE.breaks[::-1],
        )
        assert store.save_centre(turned, "cli") == 2
        assert store.load_centre() == turned

    def test_it_can_be_emptied(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        assert store.save_centre(Centre(), "cli") == 2
        assert store.load_centre() == Centre()
        assert QueueRecord.select().count(store.db) == AgentRecord.select().count(store.db) == 0
        assert MemberRecord.select().count(store.db) == 0

    def test_whom_records_name_is_marked_not_deleted(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        store.write([contact_ended("c1", queue="sales", agent="ada"), leg_ended("l1", agent="zoe")])
        bare = changed(CENTRE, queues=(), agents=(), flows=(), flow="")
        store.save_centre(bare, "cli")
        assert store.load_centre() == bare
        assert [(row.id, row.removed_at > 0) for row in QueueRecord.select().execute(store.db)] == [("sales", True)]
        assert {row.name for row in AgentRecord.select().execute(store.db)} == {"Ada", "Zoë"}
        # It comes back as the one it was.
        store.save_centre(CENTRE, "cli")
        assert store.load_centre() == CENTRE

    def test_flows_have_versions(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        flow = msgspec.structs.replace(CENTRE.flows[0], title="moin")
        store.save_centre(changed(CENTRE, flows=(flow,), flow=""), "sam")
        rows = FlowRecord.select().order_by(FlowRecord.id, FlowRecord.version).execute(store.db)
        assert [(row.id, row.version, row.made_by, row.removed_at > 0) for row in rows] == [
            ("day", 1, "cli", True),
            ("night", 1, "cli", False),
            ("night", 2, "sam", False),
        ]
        assert store.load_centre().flows == (flow,)

    def test_what_no_column_holds_is_refused_and_nothing_changes(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        long = msgspec.structs.replace(CENTRE.agents[0], phone="user/" + "1" * 300)
        with pytest.raises(ConfigError, match="agent 'zoe': phone has 305 characters; use at most 255"):
            store.save_centre(changed(CENTRE, name="x", agents=(long,)), "cli")
        assert store.load_centre() == CENTRE
        assert store.revision() == 1


class TestUsersOfTheCentre:
    def test_an_agent_with_a_login_gets_a_user_who_cannot_log_in_yet(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        (user,) = store.users()
        assert (user.login, user.role, user.agent, user.has_password) == ("ada", "supervisor", "ada", False)
        assert store.verify("ada", "") is None

    def test_the_password_survives_every_apply(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        store.set_password("ada", PASSWORD)
        ada = msgspec.structs.replace(CENTRE.agents[1], name="Countess", role=Role.ADMIN)
        store.save_centre(changed(CENTRE, agents=(ada,)), "cli")
        user = store.verify("ada", PASSWORD)
        assert user is not None
        assert user.role == "admin"

    def test_a_new_login_for_the_same_agent_keeps_the_password(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        store.set_password("ada", PASSWORD)
        ada = msgspec.structs.replace(CENTRE.agents[1], login="lovelace")
        store.save_centre(changed(CENTRE, agents=(ada,)), "cli")
        assert store.user("ada") is None
        assert store.verify("lovelace", PASSWORD) is not None

    def test_who_is_gone_cannot_log_in_until_they_are_back(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        store.set_password("ada", PASSWORD)
        store.save_centre(changed(CENTRE, agents=CENTRE.agents[:1]), "cli")
        assert store.verify("ada", PASSWORD) is None
        store.save_centre(CENTRE, "cli")
        assert store.verify("ada", PASSWORD) is not None

    def test_who_loses_the_login_cannot_log_in(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        store.set_password("ada", PASSWORD)
        ada = msgspec.structs.replace(CENTRE.agents[1], login="")
        store.save_centre(changed(CENTRE, agents=(ada,)), "cli")
        assert store.verify("ada", PASSWORD) is None

    def test_other_users_are_left_alone(self, store: Store) -> None:
        store.save_centre(CENTRE, "cli")
        store.set_password("root", PASSWORD, role="admin")
        store.set_password("zoe", PASSWORD, agent="zoe")
        store.save_centre(changed(CENTRE, name="x"), "cli")
        assert store.verify("root", PASSWORD) is not None
        assert store.verify("zoe", PASSWORD) is not None
