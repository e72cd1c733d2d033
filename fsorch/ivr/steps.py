"""What a flow asks to be done with a caller, and what came of it.

A :class:`~fsorch.ivr.session.FlowSession` gives one step at a time and is told its result. Every step names its
``flow`` and ``node``; ``serial`` numbers the steps of a caller. What is said is a list of utterances (see
:mod:`fsorch.ivr.speech`). ``limit_s``: when the result should be there; past it, the session is told
:class:`Trouble`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from fsorch.demands import NOTHING, Demand
from fsorch.expressions import Value
from fsorch.flow_nodes import Method, OwnRecords
from fsorch.ivr.speech import Utterance

__all__ = [
    "END",
    "KEYS",
    "Ask",
    "Collect",
    "End",
    "Failed",
    "Fetch",
    "HangUp",
    "HttpAnswer",
    "HttpAsk",
    "Keys",
    "OwnAsk",
    "Play",
    "Record",
    "Recorded",
    "Result",
    "Rows",
    "Secret",
    "SendText",
    "Sent",
    "SqlAsk",
    "Step",
    "ToCallback",
    "ToNumber",
    "ToQueue",
    "ToVoicemail",
    "Trouble",
]

# The keys of a telephone.
KEYS = "0123456789*#"


class Secret:
    """A text with masked input in it. It shows itself as stars, and no encoder takes it; :meth:`reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    flow: str
    node: str
    serial: int


class Play(_Step, frozen=True, kw_only=True):
    """Play ``say``. One of ``keys`` ends it and is the result; none: keys are not heard. Answered by :class:`Keys`."""

    say: tuple[Utterance, ...]
    keys: str
    limit_s: float


class Collect(_Step, frozen=True, kw_only=True):
    """Play ``say`` and take any keys, up to ``max``, waiting ``timeout_s`` seconds for the first and
    ``digit_timeout_s`` for each other; ``terminator`` ends them (empty: nothing does). Whether they are an answer is
    for the session to say. ``flush``: keys pressed before do not count; ``barge_in``: keys during the prompt do.
    ``masked``: the keys go nowhere but into the result. Answered by :class:`Keys`."""

    say: tuple[Utterance, ...]
    max: int
    terminator: str
    timeout_s: float
    digit_timeout_s: float
    barge_in: bool
    flush: bool
    masked: bool
    limit_s: float


class HttpAsk(msgspec.Struct, frozen=True, kw_only=True):
    """An address to ask: once, and ``retries`` times more while it gives no answer or one from 500 on."""

    method: Method
    url: str
    headers: tuple[tuple[str, str | Secret], ...] = ()
    body: str | Secret = ""
    timeout_s: float = 3.0
    retries: int = 0


class SqlAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A query for a read-only source, with the ``values`` of its ``:names``."""

    source: str
    query: str
    values: tuple[tuple[str, Value | Secret], ...] = ()
    timeout_s: float = 3.0


class OwnAsk(msgspec.Struct, frozen=True, kw_only=True):
    """The centre's own records of a customer, by the telephone ``number`` or the ``customer`` number (the other is
    empty). With a ``pin``, be it empty, only if it is theirs; None: none is asked for. ``tenant``: whose caller asks;
    another tenant's customer is nobody to them."""

    of: OwnRecords
    number: str = ""
    customer: str = ""
    pin: str | Secret | None = None
    tenant: str = ""


Ask: TypeAlias = HttpAsk | SqlAsk | OwnAsk


class Fetch(_Step, frozen=True, kw_only=True):
    """Ask, while ``music`` plays (a prompt; empty: the centre's music). Answered by :class:`HttpAnswer`,
    :class:`Rows` or :class:`Failed`."""

    ask: Ask
    music: tuple[Utterance, ...]
    limit_s: float


class Record(_Step, frozen=True, kw_only=True):
    """Play ``say``, then record up to ``longest_s``, ``silence_s`` without a word, or a key. Answered by
    :class:`Recorded`."""

    say: tuple[Utterance, ...]
    longest_s: float
    silence_s: float
    limit_s: float


class SendText(_Step, frozen=True, kw_only=True):
    """Send a text message. Answered by :class:`Sent`."""

    to: str
    text: str
    limit_s: float


class ToQueue(_Step, frozen=True, kw_only=True):
    """The flow is over: into this queue. ``priority`` None: as it is. ``why``: chosen (the flow leads there), person
    (the target person), or trouble."""

    queue: str
    priority: int | None = None
    skills: Demand = NOTHING
    why: str = "chosen"


class ToCallback(_Step, frozen=True, kw_only=True):
    """The flow is over: promise a call to ``number`` (empty: the number of the caller)."""

    queue: str
    number: str = ""


class ToVoicemail(_Step, frozen=True, kw_only=True):
    """The flow is over: take a message. ``greeted``: the caller has heard what to do; else the usual prompt."""

    queue: str
    greeted: bool = False


class ToNumber(_Step, frozen=True, kw_only=True):
    """The flow is over: to this number."""

    number: str


class HangUp(_Step, frozen=True, kw_only=True):
    """The flow is over, and the caller has been told: end the call."""

    reason: str


End: TypeAlias = ToQueue | ToCallback | ToVoicemail | ToNumber | HangUp
END = (ToQueue, ToCallback, ToVoicemail, ToNumber, HangUp)
Step: TypeAlias = Play | Collect | Fetch | Record | SendText | End


class Keys(msgspec.Struct, frozen=True):
    """What was keyed, empty for nothing, without the terminator."""

    digits: str = ""

    def __repr__(self) -> str:
        # It may be a PIN: how many it were is all that a log may say.
        return f"Keys({len(self.digits)})"


class HttpAnswer(msgspec.Struct, frozen=True):
    """What an address said."""

    status: int
    body: bytes = b""


class Rows(msgspec.Struct, frozen=True):
    """What a source or the own records hold: rows by column, of plain values."""

    rows: tuple[dict[str, object], ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """A lookup without an answer, and why: a short text for the records."""

    why: str


class Recorded(msgspec.Struct, frozen=True):
    """A recording is over: ``name`` is what it can be found by, ``lasted_s`` 0 when there is none."""

    name: str = ""
    lasted_s: float = 0.0


class Sent(msgspec.Struct, frozen=True):
    """Whether a text message was taken by the switch."""

    ok: bool = True


class Trouble(msgspec.Struct, frozen=True):
    """A step could not be carried out, or nothing was heard of it in time."""

    why: str = ""


Result: TypeAlias = Keys | HttpAnswer | Rows | Failed | Recorded | Sent | Trouble
