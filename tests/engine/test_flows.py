"""Callers in flows, through the engine: every kind of node does what the file says."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.customers import Customer, CustomerFile, Ticket
from fsorch.demands import demand_of
from fsorch.engine import CommandDone, CommandLost, Configure, FactKind
from fsorch.engine.inputs import History, LookedUp
from fsorch.esl.commands import Break, Chat, Execute, FlushDigits, Kill, Playback, Record
from fsorch.esl.replies import Reply
from fsorch.ivr.answers import MOST_BYTES
from fsorch.ivr.steps import Failed, HttpAnswer, HttpAsk, OwnAsk, Rows, Secret, SqlAsk
from tests.engine.callers import Caller
from tests.engine.desk import Desk
from tests.engine.flow_desk import BYE, NEVER, PIN, asking, at, centre, flow, in_shop, whole_story
from tests.engine.test_flow_trouble import reborn
from tests.ivr.shops import SHOP

# -- every kind of node ---------------------------------------------------------------------------------------------


def test_say_and_menu_lead_into_a_queue_with_priority_and_skills() -> None:
    desk, caller = at(
        flow(
            first={"kind": "say", "prompt": "welcome", "next": "menu"},
            menu={"kind": "menu", "prompt": "main", "options": {"1": "sell", "0": "person"}},
            sell={"kind": "queue", "queue": "sales", "priority": 7, "skills": {"german": 3}, "title": "Sales"},
        )
    )
    assert caller.hears == ["tried.welcome"]
    caller.key("")
    assert (caller.hears, caller.asks.max, caller.asks.timeout_ms) == (["tried.main"], 1, 5000)
    caller.key("1")
    assert caller.state == "waiting"
    assert (caller.contact.queue, caller.contact.priority) == ("sales", 7)
    contact = desk.engine._core.contacts[caller.id]
    assert contact.need is not None
    assert contact.need.skills == demand_of({"german": 3})
    assert [(answer.digits, answer.means) for answer in caller.contact.answers] == [("1", "Sales")]
    assert caller.nodes == ["first", "menu", "sell"]


def test_a_key_during_the_greeting_counts_in_the_menu() -> None:
    desk, caller = in_shop()
    caller = Caller(desk, "second", caller_number="+449")
    desk.tell(History(caller.id))
    caller.key("1")
    assert caller.hears == ["shop.account"]


def test_collect_is_confirmed_and_may_be_keyed_again() -> None:
    desk, caller = in_shop()
    caller.key("1")
    assert (caller.asks.max, caller.asks.terminators) == (8, "#")
    caller.key("12345")
    assert caller.hears[0] == "shop.right.1"
    assert [name for name in caller.hears if name.startswith("say_")] == [f"say_{digit}" for digit in "12345"]
    assert FlushDigits in [type(command) for command in caller.commands[-3:]], "keys ahead would answer for the caller"
    caller.key("2")
    assert caller.hears[-1] == "shop.account"
    caller.key("4321")
    caller.key("1")
    assert caller.hears == ["shop.pin"]
    assert caller.told("confirmed") == ["no", "yes"]
    assert caller.contact.answers[-1].digits == "4321"


def test_masked_digits_are_nowhere_but_in_the_question() -> None:
    desk, caller = in_shop()
    caller.key("1")
    caller.key("4321")
    caller.key("1")
    variable = caller.asks.variable
    caller.key(PIN)
    ask = desk.asked[-1].ask
    assert isinstance(ask, HttpAsk)
    assert isinstance(ask.body, Secret)
    assert msgspec.json.decode(ask.body.reveal()) == {"pin": PIN, "caller": "+441234"}
    assert PIN not in whole_story(desk)
    assert (caller.marks[variable], caller.marks[f"{variable}_invalid"]) == ("", ""), "the switch forgets it"
    assert caller.contact.answers[-1].digits == "****"
    caller.is_told(HttpAnswer(200, b'{"account": {"balance": 12.5}}'))
    caller.hears_out()
    caller.hangs_up()
    assert PIN not in whole_story(desk)
    assert PIN not in repr(caller.row)


def test_a_wrong_pin_is_not_told_either() -> None:
    desk, caller = in_shop()
    caller.key("1")
    caller.key("4321")
    caller.key("1")
    caller.key("99")
    assert caller.hears == ["invalid", "shop.pin"]
    (wrong,) = [fact.data for fact in desk.of(FactKind.ANSWER_KEYED) if not fact.data["valid"]]
    assert wrong["digits"] == "****"


def test_an_answer_leads_on_through_set_tag_note_message_and_sub_flow() -> None:
    desk, caller = in_shop()
    caller.key("1")
    caller.key("4321")
    caller.key("1")
    caller.key(PIN)
    caller.is_told(HttpAnswer(200, b'{"account": {"balance": 12.5}}'))
    assert caller.hears[0] == "shop.balance.1"
    caller.hears_out()
    chat = desk.last(Chat)
    assert (chat.protocol, chat.to, chat.text) == ("sip", "+441234@sms.example", "You owe 12.5.")
    desk.tell(CommandDone("main", desk.tag(Chat), Reply(True, "Sent", "api")))
    assert caller.told("sent") == ["ok"]
    assert caller.hears == ["goodbye.thanks"]
    caller.hears_out()
    assert caller.hears == ["shop.bye"]
    assert caller.marks["playback_terminators"] == "none", "last words are heard to their end"
    caller.hears_out()
    assert desk.last(Kill).uuid == "caller"
    (note,) = [fact.data["row"] for fact in desk.of(FactKind.NOTE_MADE)]
    assert (note["text"], note["author"]) == ("owes 12.5, orders ", "flow:shop")
    assert caller.told("tagged") == ["orders"]
    caller.hangs_up()
    assert (caller.row["outcome"], caller.row["ended_by"]) == ("self_served", "system")


def test_branches_see_staffing_and_estimated_wait() -> None:
    spec = flow(
        first={
            "kind": "branch",
            "cases": [
                {"if": "queue.sales.available > 0", "then": "sell"},
                {"if": "queue.sales.logged_in > 0 and default(queue.sales.estimated_wait_s, 0) >= 0", "then": "long"},
            ],
            "else": "person",
        },
        sell={"kind": "queue", "queue": "sales"},
        long={"kind": "callback", "queue": "sales", "prompt": "welcome"},
    )
    desk, nobody = at(spec)
    assert (nobody.contact.queue, nobody.told("left")) == ("reception", ["queue"])
    desk.log_in("ann")
    desk.ends("caller")
    first = Caller(desk, "first")
    assert first.contact.queue == "sales"
    second = Caller(desk, "second", caller_number="+4420")
    assert second.hears == ["tried.welcome"], "there is an agent, and the agent is taken"


def test_opening_hours_and_the_night() -> None:
    desk, day = in_shop()
    assert day.nodes[:2] == ["again", "hours"]
    desk.tell(Configure(centre(calendars=(NEVER,))))
    night = Caller(desk, "night", caller_number="+447")
    desk.tell(History(night.id))
    assert night.nodes == ["again", "hours", "message"]
    assert night.hears == ["leave_message"]
    assert night.state == "aside"


def test_a_flow_that_is_closed_leads_elsewhere_by_itself() -> None:
    closed = {"calendar": "office", "on_closed": {"act": "overflow", "to": "message", "name": "closed"}}
    desk, caller = at(flow(first=BYE, more=closed), calendars=(NEVER,))
    assert caller.hears == ["closed"]
    caller.hears_out()
    assert desk.last(Kill).uuid == "caller"
    caller.hangs_up()
    assert caller.row["outcome"] == "overflowed"


def test_the_language_changes_what_is_said_and_is_kept() -> None:
    desk, caller = in_shop()
    assert caller.language == "en"
    caller.key("4")
    assert (caller.language, caller.contact.id) == ("de", caller.id)
    caller.key("0")
    assert desk.engine._core.contacts[caller.id].language == "de"
    assert caller.contact.queue == "reception"


def test_the_customers_own_language_comes_first() -> None:
    desk = Desk(centre())
    caller = Caller(desk)
    assert caller.commands[-1:] != [], "the flow waits to be told who rings"
    assert not caller.nodes
    known = CustomerFile(customer=Customer(id="c1", name="Zoë", language="de"))
    desk.tell(History(caller.id, customer=known))
    assert (caller.hears, caller.language) == (["shop.welcome"], "de")


def test_nobody_waits_long_to_be_known() -> None:
    desk = Desk(centre())
    caller = Caller(desk)
    desk.passes(0.6)
    assert caller.hears == ["shop.welcome"]


def test_a_look_up_in_a_named_source_and_in_our_own() -> None:
    desk, caller = in_shop()
    caller.key("1")
    caller.key("4321")
    caller.key("1")
    caller.key(PIN)
    caller.is_told(HttpAnswer(404))
    ask = desk.asked[-1].ask
    assert isinstance(ask, SqlAsk)
    assert (ask.source, ask.values) == ("erp", (("who", "4321"),))
    caller.is_told(Rows(({"n": 3},)))
    own = desk.asked[-1].ask
    assert isinstance(own, OwnAsk)
    assert (own.of, own.number, own.pin) == ("tickets", "+441234", None)
    caller.is_told(Rows())
    assert caller.told("looked_up") == ["not_found", "found", "not_found"]
    assert desk.last(Chat).text == "You owe ."


BAD_ANSWERS = [
    HttpAnswer(500),
    HttpAnswer(200, b"garbage"),
    HttpAnswer(200, b"[1, 2]"),
    HttpAnswer(200, b'{"account": {"balance": "lots"}}'),
    HttpAnswer(200, b" " * (MOST_BYTES + 1)),
    Failed("more than 262144 bytes"),
    Failed("no answer from shop.example:443 within 3 s"),
]


@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_an_answer_that_is_none_leads_to_the_person(answer: HttpAnswer | Failed) -> None:
    _, caller = asking()
    caller.is_told(answer)
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")
    assert caller.told("looked_up") == ["failed"]


def test_a_look_up_of_which_nothing_is_ever_heard_leads_to_the_person() -> None:
    desk, caller = asking()
    desk.passes(5.0)
    assert caller.state == "flow"
    desk.passes(20.0)
    if caller.state == "flow":
        caller.breaks_off()
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")
    late = desk.asked[-1]
    desk.tell(LookedUp(late.contact, late.serial, HttpAnswer(200, b"{}")))
    assert caller.state == "waiting", "what comes too late changes nothing"


def test_music_plays_only_when_an_answer_takes_its_time_and_ends_before_anything_else() -> None:
    desk, caller = asking()
    asked = len(caller.commands)
    desk.passes(0.5)
    assert not [one for one in caller.commands[asked:] if isinstance(one, Playback)]
    desk.passes(0.2)
    assert caller.hears == ["local_stream://desk"]
    caller.is_told(HttpAnswer(200, b'{"account": {"balance": 5}}'))
    assert isinstance(caller.commands[-1], Break)
    caller.breaks_off()
    assert caller.hears[0] == "shop.balance.1"


def test_music_that_comes_to_its_end_begins_again_and_one_that_cannot_be_played_becomes_a_tone() -> None:
    desk, caller = asking()
    desk.passes(0.7)
    caller.hears_out()
    assert caller.hears[0].startswith("tone_stream://")
    desk.passes(2.5)
    caller.hears_out()
    assert caller.hears[0].startswith("tone_stream://")
    caller.is_told(HttpAnswer(200, b'{"account": {"balance": 5}}'))
    desk.passes(1.1)
    assert caller.hears[0] == "shop.balance.1", "an end that is never told holds nobody up"


def test_a_callback_keeps_the_place() -> None:
    desk, caller = in_shop()
    caller.key("#")
    assert caller.state == "waiting"
    assert caller.contact.queue == "sales"
    assert desk.engine._core.contacts[caller.id].question is not None, "the number is confirmed"


def test_voicemail_is_asked_for_in_our_words_or_in_the_flows() -> None:
    own = flow(first={"kind": "voicemail", "queue": "sales"})
    _, caller = at(own)
    assert caller.hears == ["leave_message"]
    desk, caller = at(flow(first={"kind": "voicemail", "queue": "sales", "prompt": "say_it"}))
    assert caller.hears == ["tried.say_it"]
    caller.hears_out()
    assert caller.hears[0].startswith("tone_stream://"), "who has heard what to do hears no more than the tone"
    caller.hears_out()
    caller.speaks(5000)
    assert desk.of(FactKind.MESSAGE_LEFT)[0].data["lasted_us"] == 5_000_000


def test_voicemail_where_there_is_none_is_the_queue() -> None:
    _, caller = at(flow(first={"kind": "voicemail", "queue": "sales"}), voicemail=None)
    assert caller.hears == ["not_recorded"]
    caller.hears_out()
    assert caller.state == "waiting"


def test_a_recording_has_a_name_that_no_caller_chose() -> None:
    desk, caller = in_shop()
    caller.key("3")
    assert caller.hears == ["shop.say_it"]
    caller.hears_out()
    recording = caller.running
    assert isinstance(recording, Execute)
    path, limit, _, silence = recording.arg.split()
    assert path.startswith(f"/var/messages/{caller.id}-")
    assert (limit, silence, caller.marks["playback_terminators"]) == ("60", "5", "any")
    caller.speaks(4000)
    (name,) = caller.told("recorded")
    assert path == f"/var/messages/{name}.wav"
    assert caller.hears == ["shop.bye"]


@pytest.mark.parametrize("how", ["silent", "unwritable", "no_folder"])
def test_a_recording_that_fails_leads_to_its_other_way(how: str) -> None:
    desk = Desk(centre(**({"voicemail": None} if how == "no_folder" else {})))
    caller = Caller(desk)
    desk.tell(History(caller.id))
    caller.key("3")
    if how == "unwritable":
        tag = next(tag for command, tag in desk.sent if isinstance(command, Record) and tag)
        desk.tell(CommandDone("main", tag, Reply(False, "-ERR Cannot record session!", "api")))
    caller.hears_out()
    if how == "silent":
        caller.speaks(0)
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")


def test_a_transfer_leaves_for_a_number_and_comes_back_to_the_person_when_nobody_answers() -> None:
    desk, caller = in_shop()
    caller.key("5")
    bridge = caller.running
    assert isinstance(bridge, Execute)
    assert (bridge.app, bridge.arg.endswith("sofia/gateway/carrier/+493012345")) == ("bridge", True)
    assert caller.state == "aside"
    desk.event(
        "CHANNEL_EXECUTE_COMPLETE",
        "caller",
        {"originate_disposition": "USER_BUSY"},
        application_uuid=bridge.event_uuid,
    )
    assert caller.state == "waiting"


def test_a_transfer_where_there_is_no_way_outside_is_the_person() -> None:
    desk = Desk(centre(outside=""))
    caller = Caller(desk)
    desk.tell(History(caller.id))
    caller.hears_out()
    caller.key("5")
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")


def test_a_survey_is_scored_recorded_and_a_low_score_is_promised_to_a_supervisor() -> None:
    desk, caller = in_shop()
    caller.key("2")
    assert caller.hears == ["shop.happy"]
    caller.key("7")
    assert caller.hears == ["invalid", "shop.happy"]
    caller.key("1")
    assert caller.hears == ["shop.say_it"]
    caller.hears_out()
    caller.speaks(3000)
    assert (caller.state, caller.contact.queue) == ("waiting", "reception"), "a low score leads to a person here"
    rows = [fact.data["row"] for fact in desk.of(FactKind.SURVEY_ANSWERED)]
    scores = [(row["question"], row["score"]) for row in rows if row["score"]]
    assert scores == [("happy", 1)]
    (comment,) = [row["comment"] for row in rows if row["comment"]]
    assert comment.startswith(caller.id)
    (promise,) = [fact.data["row"] for fact in desk.of(FactKind.PROMISE_MADE)]
    assert (promise["kind"], promise["role"], promise["contact"]) == ("supervisor", "supervisor", caller.id)


def test_a_customer_who_was_asked_lately_passes_the_survey_by() -> None:
    desk = Desk(centre())
    caller = Caller(desk)
    desk.tell(History(caller.id, surveyed_at=desk.clock.now().wall - 86_400_000_000))
    caller.hears_out()
    caller.key("2")
    assert caller.hears == ["shop.bye"]
    assert not desk.of(FactKind.SURVEY_ANSWERED)


def test_a_text_message_that_is_not_taken_goes_on() -> None:
    spec = flow(first={"kind": "message", "text": "Hello {contact.name}", "next": "bye", "failed": "person"}, bye=BYE)
    for reply in ("-ERR no such interface", "Error!"):
        desk, caller = at(spec)
        assert desk.last(Chat).text == "Hello Zoë"
        desk.tell(CommandDone("main", desk.tag(Chat), Reply(not reply.startswith("-"), reply, "api")))
        assert (caller.state, caller.told("sent")) == ("waiting", ["failed"])
    desk, caller = at(spec)
    desk.tell(CommandLost("main", desk.tag(Chat), "deadline"))
    assert caller.state == "waiting"
    _, caller = at(spec, texts=None)
    assert caller.state == "waiting"


def test_the_state_of_open_matters_is_told() -> None:
    spec = flow(
        first={"kind": "lookup", "own": {"of": "tickets"}, "into": {"n": "count"}, "next": "say", "default": "person"},
        say={"kind": "say", "prompt": "open", "next": "bye"},
        bye=BYE,
        more={"prompts": {**SHOP["prompts"], "open": {"en": "You have {n:number} matters.", "de": "{n:number}."}}},
    )
    desk, caller = at(spec)
    ticket = msgspec.to_builtins(Ticket(id="t", reference="100", customer="c"))
    caller.is_told(Rows((ticket, ticket)))
    assert caller.hears == ["tried.open.1", "say_2", "tried.open.2"]


class TestIdentified:
    """Who keys a customer number, or a PIN that is right, is that customer for everybody who comes after the flow."""

    FLOW = flow(
        first={"kind": "collect", "prompt": "account", "into": "who", "min": 2, "max": 2, "next": "pin"},
        pin={"kind": "collect", "prompt": "pin", "into": "pin", "min": 4, "max": 4, "masked": True, "next": "check"},
        check={
            "kind": "lookup",
            "own": {"of": "customer", "customer": "vars.who", "pin": "vars.pin"},
            "into": {"name": "first.name"},
            "next": "hours",
            "default": "person",
        },
        hours={"kind": "menu", "prompt": "main", "options": {"1": "which", "0": "person"}},
        which={"kind": "branch", "cases": [{"if": 'customer.name == "Ann"', "then": "person"}], "else": "bye"},
        bye=BYE,
    )
    ANN = CustomerFile(customer=Customer(id="c-ann", reference="77", name="Ann"))
    BEN = CustomerFile(customer=Customer(id="c-ben", reference="78", name="Ben"))

    def keyed(self, rows: Rows) -> tuple[Desk, Caller]:
        desk, caller = at(self.FLOW)
        for keys in ("77", PIN):
            caller.key(keys)
        caller.is_told(rows)
        return desk, caller

    def test_the_records_are_asked_who_that_is_and_the_flow_goes_on(self) -> None:
        desk, caller = self.keyed(Rows(({"id": "c-ann", "reference": "77", "name": "Ann"},)))
        [fact] = [one for one in desk.facts if one.kind is FactKind.CUSTOMER_KEYED]
        assert fact.data == {"customer": "c-ann", "reference": "77", "number": "+441234", "proven": True}
        assert caller.marks["fsorch_customer"] == "c-ann"
        desk.tell(History(caller.id, customer=self.ANN))
        caller.key("1")
        assert desk.contact().queue == "reception"
        assert PIN not in whole_story(desk)

    def test_what_the_number_says_comes_too_late(self) -> None:
        desk, caller = self.keyed(Rows(({"id": "c-ann", "reference": "77", "name": "Ann"},)))
        desk.tell(History(caller.id, customer=self.ANN))
        desk.tell(History(caller.id, customer=self.BEN))
        desk.tell(History(caller.id))
        caller.key("1")
        assert desk.contact().queue == "reception"

    def test_a_new_life_of_ours_asks_for_the_same_customer(self) -> None:
        desk, caller = self.keyed(Rows(({"id": "c-ann", "reference": "77", "name": "Ann"},)))
        reborn(desk, caller, current_application="play_and_get_digits")
        assert desk.of(FactKind.CONTACT_FOUND)[-1].data == {"number": "+441234", "customer": "c-ann"}
        desk.tell(History(caller.id, customer=self.BEN))
        desk.tell(History(caller.id, customer=self.ANN))
        caller.key("1")
        assert desk.contact().queue == "reception"

    def test_a_wrong_pin_is_nobody(self) -> None:
        desk, _ = self.keyed(Rows())
        assert not [one for one in desk.facts if one.kind is FactKind.CUSTOMER_KEYED]
