"""Whom a customer has met."""

from __future__ import annotations

import msgspec

from fsorch.acd.affinity import EncounterOutcome
from fsorch.customers import SurveyAnswer
from fsorch.engine.facts import FactKind
from fsorch.store import Store
from tests.store.facts import SECOND, T0, contact_began, contact_ended, fact


def test_the_talks_of_a_number_the_newest_first(store: Store) -> None:
    store.write(
        [
            contact_ended("old", began_at=T0 - 100 * SECOND, answered_at=T0, talked_us=30 * SECOND, tenant="acme"),
            contact_ended("new", agent="rob", answered_at=T0, talked_us=90 * SECOND, ended_by="system"),
            contact_ended("left", agent="", outcome="abandoned"),
            contact_ended("else", number="49301239", answered_at=T0),
            contact_began("now"),
        ]
    )
    new, old = store.encounters("4930123", 0)
    assert (new.agent, new.talked_s, new.outcome) == ("rob", 90.0, EncounterOutcome.CUT_OFF)
    assert (old.agent, old.at_us, old.outcome) == ("ada", T0 + 60 * SECOND, EncounterOutcome.SERVED)
    assert (new.tenant, old.tenant) == ("", "acme")
    assert [one.agent for one in store.encounters("4930123", T0)] == ["rob"]
    assert store.encounters("nobody", 0) == ()


def test_what_the_customer_thought_of_a_talk_is_known_with_it(store: Store) -> None:
    def answer(question: str, score: int, agent: str = "ada") -> SurveyAnswer:
        return SurveyAnswer(
            id=f"good:{question}",
            contact="good",
            survey="after",
            question=question,
            number="4930123",
            agent=agent,
            score=score,
            at=T0 + 70 * SECOND,
        )

    answers = [answer("kind", 5), answer("quick", 4), answer("spoken", 0), answer("else", 1, "rob")]
    store.write(
        [
            contact_ended("good", answered_at=T0, talked_us=30 * SECOND),
            contact_ended("unsaid", began_at=T0 - 100 * SECOND, answered_at=T0, talked_us=30 * SECOND),
            *(fact(one.id, FactKind.SURVEY_ANSWERED, row=msgspec.to_builtins(one)) for one in answers),
        ]
    )
    assert [one.rating for one in store.encounters("4930123", 0)] == [4, None]
