"""What becomes of leads: attempts, words, promises, crashes, dead numbers; on SQLite and MariaDB."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fsorch.campaigns import (
    DncRow,
    Lead,
    LeadNumber,
    LeadState,
    OrderBy,
    OrderKey,
    Outcome,
)
from fsorch.clock import ManualClock
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import SaidWord
from fsorch.errors import RequestRefused
from fsorch.store import Store
from fsorch.store.leads import token_of
from tests.store.leads import MINUTE, NOW, attempt, campaign, make, names, told


class TestEnds:
    def end(self, store: Store, lead: Lead, **fields: Any) -> Lead:
        numbers = (msgspec.structs.replace(lead.numbers[0], attempts=1, last_at=NOW),)
        given = {"state": LeadState.READY, "attempts": 1, "last_at": NOW, "last_outcome": "busy", "numbers": numbers}
        return msgspec.structs.replace(lead, **(given | {"tried": {Outcome.BUSY: 1}, "next_at": NOW + MINUTE} | fields))

    def test_one_whose_number_is_none_is_open_again_with_another(self, store: Store) -> None:
        made, listed = make(store, 2)
        store.dnc.add(DncRow(number=listed.numbers[0].number), "test")
        found = store.leads.reserve(campaign(), 2, NOW, "t:1")
        (lead,) = (one.lead for one in found.leads)
        none = (msgspec.structs.replace(lead.numbers[0], attempts=1, dead=True),)
        store.write([told(FactKind.LEAD_CHANGED, self.end(store, lead, numbers=none, state=LeadState.BARRED), "f1")])
        assert store.leads.get(made.id).state is LeadState.BARRED
        with pytest.raises(RequestRefused, match="none of its numbers exists; give it another"):
            store.leads.promise(made.id, NOW, "test")
        changed = store.leads.change(made.id, "test", numbers=(LeadNumber(number="+49309"),))
        assert (changed.state, changed.attempts) == (LeadState.READY, 1)
        # One that stands on a list for its number's sake stays barred, whatever number it has.
        assert store.leads.change(listed.id, "test", numbers=(LeadNumber(number="+49308"),)).state is LeadState.BARRED
        assert names(store, campaign(), token="t:2") == [made.name]

    def test_facts_finish_a_lead_once(self, store: Store) -> None:
        make(store, 1)
        lead = store.leads.reserve(campaign(), 1, NOW, "t:1").leads[0].lead
        row = attempt(lead)
        store.write([told(FactKind.ATTEMPT_STARTED, row, "f1")])
        assert [one.id for one in store.leads.attempts.under_way()] == ["a1"]
        done = msgspec.structs.replace(row, ended_at=NOW + 1, outcome="busy", cause="USER_BUSY", checks={"hours": "ok"})
        facts = [
            told(FactKind.ATTEMPT_STARTED, row, "f1"),
            told(FactKind.ATTEMPT_ENDED, done, "f2"),
            told(FactKind.LEAD_CHANGED, self.end(store, lead), "f3"),
        ]
        store.write(facts)
        after = store.leads.get(lead.id)
        assert (after.state, after.next_at, after.tried, after.token) == (
            LeadState.READY,
            NOW + MINUTE,
            {Outcome.BUSY: 1},
            "",
        )
        assert (after.numbers[0].attempts, after.numbers[0].last_at) == (1, NOW)
        # Somebody has reserved it again when the same facts come once more.
        again = store.leads.reserve(campaign(), 1, NOW + MINUTE, "t:2").leads[0].lead
        store.write(facts)
        assert store.leads.refresh("c", [lead.id], "t:2")[0].lead == again
        assert store.leads.attempts.get("a1") == done
        assert store.leads.attempts.under_way() == []

    def test_what_an_agent_has_said_last_of_a_call_is_known_after_a_crash(self, store: Store) -> None:
        row = attempt(Lead(id="1", numbers=(LeadNumber(number="+4930"),)))
        later = {"disposition": "later", "note": "six", "answers": {"boxes": "2"}, "promised_at": NOW, "by": "ada"}
        words: tuple[dict[str, Any], ...] = ({"disposition": "sold"}, later)
        facts = [
            Fact(id=f"f{n}", at=NOW + n, kind=FactKind.WORD_SAID, contact=row.id, data=said)
            for n, said in enumerate(words)
        ]
        store.write(facts)
        assert store.leads.attempts.words([row, msgspec.structs.replace(row, id="other")]) == {
            row.id: SaidWord(disposition="later", note="six", answers={"boxes": "2"}, promised_at=NOW)
        }
        assert store.leads.attempts.words([]) == {}

    def test_a_callback_an_agent_promised(self, store: Store) -> None:
        make(store, 1)
        lead = store.leads.reserve(campaign(), 1, NOW, "t:1").leads[0].lead
        promised = self.end(
            store, lead, state=LeadState.CALLBACK, callback_agent="ada", callback_note="n", next_at=NOW + MINUTE
        )
        assert store.leads.finish(promised, attempt(lead))
        assert not store.leads.finish(promised)
        assert [one.callback_agent for one in store.leads.callbacks()] == ["ada"]

    def test_a_crash_frees_who_was_not_dialled_and_hands_over_who_was(self, store: Store) -> None:
        make(store, 5)
        leads = [one.lead for one in store.leads.reserve(campaign(), 4, NOW, "old:1").leads]
        mine = store.leads.reserve(campaign(), 1, NOW, "new:1").leads[0].lead
        ended = attempt(leads[1], "a2", ended_at=NOW + 1, outcome="live")
        before = attempt(leads[2], "a3", at=NOW - MINUTE, ended_at=NOW - 1, outcome="busy")
        store.write(
            [
                told(FactKind.ATTEMPT_STARTED, attempt(leads[0]), "f1"),
                told(FactKind.ATTEMPT_ENDED, ended, "f2"),
                told(FactKind.ATTEMPT_ENDED, before, "f3"),
            ]
        )
        for _ in range(2):
            unsettled = store.leads.recover("new:")
            assert sorted(one.row.id for one in unsettled) == ["a1", "a2"]
            assert {one.lead.id for one in unsettled} == {leads[0].id, leads[1].id}
        assert store.leads.get(mine.id).token == "new:1"
        assert sorted(names(store, campaign(), 9, "new:2")) == sorted([leads[2].name, leads[3].name])

    def test_homes_that_share_a_database_recover_their_own(self, store: Store, clock: ManualClock) -> None:
        make(store, 6)
        now = clock.now().wall
        here, there = token_of("aaaa", "1"), token_of("bbbb", "1")
        [ours, dialled] = [one.lead for one in store.leads.reserve(campaign(), 2, now, f"{here}:1").leads]
        theirs = [one.lead for one in store.leads.reserve(campaign(), 2, now, f"{there}:1").leads]
        [old] = [one.lead for one in store.leads.reserve(campaign(), 1, now, "0123:7").leads]
        rows = [attempt(dialled, "a1", at=now), attempt(theirs[0], "a2", at=now)]
        store.write([told(FactKind.ATTEMPT_STARTED, row, row.id) for row in rows])
        dropped = Fact(id="d1", at=now + 5, kind=FactKind.DROPPED, contact="a1", data={})
        store.write([dropped, msgspec.structs.replace(dropped, id="d2", contact="a9")])
        assert store.leads.attempts.dropped(rows) == {"a1": now + 5}
        assert store.leads.attempts.dropped([]) == {}
        again = token_of("aaaa", "2")
        assert [one.row.id for one in store.leads.recover(again)] == ["a1"]
        assert [store.leads.get(one.id).token for one in (ours, old)] == ["", ""]
        assert {store.leads.get(one.id).token for one in theirs} == {f"{there}:1"}
        assert store.leads.held_elsewhere([one.id for one in (dialled, *theirs)], again) == {one.id for one in theirs}
        # Whoever has not come back for a day will not, and what they write then changes nothing.
        clock.advance(25 * 3600)
        assert sorted(one.row.id for one in store.leads.recover(again)) == ["a1", "a2"]
        assert store.leads.held_elsewhere([one.id for one in theirs], again) == set()
        assert not store.leads.finish(msgspec.structs.replace(theirs[1], state=LeadState.FINISHED))

    def test_dead_numbers_and_the_next(self, store: Store) -> None:
        make(store, 1, numbers=(LeadNumber(number="+49301"), LeadNumber(number="+49302")))
        lead = store.leads.reserve(campaign(), 1, NOW, "t:1").leads[0].lead
        numbers = (msgspec.structs.replace(lead.numbers[0], dead=True), lead.numbers[1])
        assert store.leads.finish(self.end(store, lead, numbers=numbers, next_number=1, next_at=0))
        assert store.leads.get(lead.id).numbers[0].dead
        ordered = campaign(order=(OrderKey(by=OrderBy.NUMBER),))
        assert store.leads.reserve(ordered, 1, NOW, "t:2").leads[0].lead.next_number == 1

    def test_who_wants_no_more_calls_is_kept_once(self, store: Store) -> None:
        asked = {"campaign": "c", "number": "+49301", "lead": "1"}
        facts = [
            Fact(id=f"f{n}", at=NOW, kind=FactKind.DNC_ASKED, data=asked | {"source": source}, agent=agent)
            for n, (source, agent) in enumerate((("key", ""), ("disposition", "ada")))
        ]
        for _ in range(2):
            store.write(facts)
        assert sorted((one.campaign, one.source, one.by) for one in store.dnc.entries()) == [
            ("", "disposition", "ada"),
            ("c", "key", "engine"),
        ]
        assert store.leads.stranger(Lead(id="", numbers=(LeadNumber(number="+49301"),)), "x").dnc == {
            "+49301": "disposition"
        }

    def test_facts_about_nothing_change_nothing(self, store: Store) -> None:
        store.write(
            [told(FactKind.LEAD_CHANGED, Lead(id=id, token="t"), f"f{n}") for n, id in enumerate(("7", "x", ""))]
        )
        assert store.counts().facts == 3
