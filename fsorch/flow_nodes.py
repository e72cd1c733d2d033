"""The nodes of a flow as data: what a caller hears, is asked, and where each answer leads.

A *target* is the name of a node of the same flow, or one of two words that are no node's name: ``person``, the flow's
person, and ``return``, back to the flow that called this one. Expressions are those of :mod:`fsorch.expressions`;
in a *template*, such as the text of a message, they stand in braces. Prompts are named, not pathed. Keys that end in
``_s`` are seconds. :func:`ways` says where a node may lead.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec

from fsorch.demands import Wanted
from fsorch.rules import Name, Rule, Seconds

__all__ = [
    "PERSON",
    "RETURN",
    "Branch",
    "Callback",
    "Case",
    "Collect",
    "Comment",
    "Confirm",
    "Flow",
    "Hangup",
    "Hours",
    "Http",
    "Into",
    "IntoType",
    "Language",
    "Lookup",
    "Menu",
    "Message",
    "Method",
    "Node",
    "Note",
    "OptOut",
    "Own",
    "OwnRecords",
    "Question",
    "QueueNode",
    "Record",
    "Say",
    "Set",
    "Source",
    "Sql",
    "Survey",
    "Tag",
    "Transfer",
    "VoicemailNode",
    "Way",
    "kind_of",
    "ways",
]

# The targets that are no nodes.
PERSON = "person"
RETURN = "return"

Key = Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]\Z", description="one key of a phone: 0-9, * or #")]
# A variable, which expressions know as vars.<name>.
Variable = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z_][a-z0-9_]{0,31}\Z", description="the name of a variable: small letters, digits and '_'"
    ),
]
# An expression; YAML gives 5 and true as what they are, and they are expressions too.
Source: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | int | float | bool
Template = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Timeout = Annotated[float, msgspec.Meta(ge=0, le=60)]
Tries = Annotated[int, msgspec.Meta(ge=1, le=10)]
Limit = Annotated[float, msgspec.Meta(ge=1, le=600)]


class Say(Rule, frozen=True, kw_only=True, tag_field="kind", tag="say"):
    """Play a prompt. With ``barge_in`` a key ends it, and counts as the first key of what is asked next; without, keys
    are not heard."""

    prompt: Name
    next: Name
    barge_in: bool = True
    title: str = ""


class Menu(Rule, frozen=True, kw_only=True, tag_field="kind", tag="menu"):
    """Play a prompt and take one key, until ``timeout_s`` after its end. Silence is asked again up to ``tries`` rounds
    in all (``silent``: what is played before, empty for nothing) and then leads to ``no_key``; the ``invalids``-th
    key without an option leads to ``wrong_key``, those before it to ``invalid`` and the prompt again."""

    prompt: Name
    options: Annotated[dict[Key, Name], msgspec.Meta(min_length=1)]
    timeout_s: Timeout = 5.0
    tries: Tries = 3
    invalids: Tries = 3
    invalid: str = "invalid"
    silent: str = ""
    no_key: Name = PERSON
    wrong_key: Name = PERSON
    barge_in: bool = True
    title: str = ""


class Confirm(Rule, frozen=True, kw_only=True):
    """Ask whether what was keyed is right: ``prompt`` speaks it (a slot such as ``{account:digits}``). ``right`` and
    ``wrong`` are the keys that say so (``yes`` and ``no`` would be no texts in YAML)."""

    prompt: Name
    right: Key = "1"
    wrong: Key = "2"


class Collect(Rule, frozen=True, kw_only=True, tag_field="kind", tag="collect"):
    """Play a prompt and take ``min`` to ``max`` keys into the variable ``into``, ended by ``terminator`` (empty: by
    none), by the ``max``-th, or by ``digit_timeout_s`` without one. ``pattern``: a regular expression that the whole
    answer matches. An answer that is no more than one of the ``options`` leads there instead. ``masked``: for PINs and
    cards; the answer is never written, logged or spoken, and lookups alone may use it. Rounds as in a menu."""

    prompt: Name
    into: Variable
    next: Name
    min: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    max: Annotated[int, msgspec.Meta(ge=1, le=64)] = 20
    terminator: Annotated[str, msgspec.Meta(pattern=r"^[*#]?\Z", description="* or #, or nothing")] = "#"
    pattern: Annotated[str, msgspec.Meta(max_length=200)] = ""
    confirm: Confirm | None = None
    masked: bool = False
    options: dict[Key, Name] = {}
    timeout_s: Timeout = 5.0
    digit_timeout_s: Timeout = 3.0
    tries: Tries = 3
    invalids: Tries = 3
    invalid: str = "invalid"
    silent: str = ""
    no_key: Name = PERSON
    wrong_key: Name = PERSON
    barge_in: bool = True
    title: str = ""


class Case(Rule, frozen=True, kw_only=True, rename={"condition": "if"}):
    """Where a branch leads when an expression is true. ``condition`` is written ``if``."""

    condition: Source
    then: Name


class Branch(Rule, frozen=True, kw_only=True, tag_field="kind", tag="branch", rename={"otherwise": "else"}):
    """The first case whose expression is true; none: ``otherwise``, which is written ``else``."""

    cases: Annotated[tuple[Case, ...], msgspec.Meta(min_length=1)]
    otherwise: Name
    title: str = ""


class Set(Rule, frozen=True, kw_only=True, tag_field="kind", tag="set"):
    """Give variables the values of expressions, in the order written."""

    values: Annotated[dict[Variable, Source], msgspec.Meta(min_length=1)]
    next: Name
    title: str = ""


class Method(StrEnum):
    """How an address is asked."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Http(Rule, frozen=True, kw_only=True):
    """Ask an address. ``url`` and ``headers`` are templates, whose values are quoted in the url; a variable that is
    masked may stand in ``json``, ``body`` and ``headers`` only. ``json``: expressions by key, sent as one object;
    or ``body``, a template. Each of 1 + ``retries`` attempts has ``timeout_s``. The answer is JSON."""

    url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^https?://[^\s{}/]+(/\S.*|/|\?.*)?\Z",
            max_length=1000,
            description="an address that begins with http:// or https:// and a host without braces",
        ),
    ]
    method: Method = Method.GET
    headers: dict[Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")], Template] = {}
    json: dict[Name, Source] = {}
    body: Annotated[str, msgspec.Meta(max_length=10_000)] = ""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=30)] = 3.0
    retries: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1


class Sql(Rule, frozen=True, kw_only=True):
    """Ask a read-only source of the centre, by its name. ``values`` fill the query's ``:names``. The answer is
    ``first`` (the first row, by column), ``rows`` and ``count``."""

    source: Name
    query: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    values: dict[Variable, Source] = {}
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=30)] = 3.0


class OwnRecords(StrEnum):
    """What of the centre's own a flow may look up: the customer; their open tickets; the promises made to them."""

    CUSTOMER = "customer"
    TICKETS = "tickets"
    PROMISES = "promises"


class Own(Rule, frozen=True, kw_only=True):
    """The centre's own records ``of`` a customer: by the ``number`` they call from (the default), or by the
    ``customer`` number, both expressions. With a ``pin`` (which may be masked) nothing is found unless it is theirs.
    The answer is ``first``, ``rows`` and ``count``."""

    of: OwnRecords
    number: Source | None = None
    customer: Source | None = None
    pin: Source | None = None


class IntoType(StrEnum):
    """What a looked up value must be; ``any``: whatever comes."""

    ANY = "any"
    NUMBER = "number"
    TEXT = "text"
    BOOL = "bool"
    LIST = "list"


class Into(Rule, frozen=True, kw_only=True):
    """Where a value stands in an answer, such as ``account.balance`` or ``rows[0].state``, and what it must be; else
    the lookup has failed. ``optional``: it may be missing, and is none then."""

    path: Annotated[str, msgspec.Meta(pattern=r"^[^\s.\[\]]+(\.[^\s.\[\]]+|\[[0-9]{1,4}\])*\Z", max_length=200)]
    type: IntoType = IntoType.ANY
    optional: bool = False


class Lookup(Rule, frozen=True, kw_only=True, tag_field="kind", tag="lookup"):
    """Ask ``http``, ``sql`` or ``own`` (one of them), while ``music`` plays (empty: the centre's). ``into``: variables
    from the answer, as an :class:`Into` or no more than its path. ``not_found``: nothing was there (no row, or 404;
    empty: as ``default``); ``default``: no answer, or none that can be used (empty: the flow's person)."""

    next: Name
    http: Http | None = None
    sql: Sql | None = None
    own: Own | None = None
    into: dict[Variable, Into | str] = {}
    default: str = ""
    not_found: str = ""
    music: str = ""
    title: str = ""


class Language(Rule, frozen=True, kw_only=True, tag_field="kind", tag="language"):
    """Go on in another language: ``to`` one of the flow's, or the one that an expression ``by`` gives; if that is none
    of the flow's, the language stays."""

    next: Name
    to: str = ""
    by: Source | None = None
    title: str = ""


class QueueNode(Rule, frozen=True, kw_only=True, tag_field="kind", tag="queue"):
    """Into a queue, with a ``priority`` and ``skills`` (all of them, or an expression: see :mod:`fsorch.demands`) that
    count beside the queue's own. An end of the flow."""

    queue: Name
    prompt: str = ""
    priority: int | None = None
    skills: Wanted = {}
    title: str = ""


class Callback(Rule, frozen=True, kw_only=True, tag_field="kind", tag="callback"):
    """Promise a call to ``number`` (an expression; none: the number of the caller) with the place in ``queue``. An
    end."""

    queue: Name
    prompt: str = ""
    number: Source | None = None
    title: str = ""


class VoicemailNode(Rule, frozen=True, kw_only=True, tag_field="kind", tag="voicemail"):
    """Take a message for ``queue``. An end."""

    queue: Name
    prompt: str = ""
    title: str = ""


class Record(Rule, frozen=True, kw_only=True, tag_field="kind", tag="record"):
    """Record what the caller says, up to ``limit_s``, ``silence_s`` without a word, or a key. ``into``: the variable
    that gets the recording's name. ``failed``: nothing was recorded (empty: as ``next``)."""

    prompt: Name
    into: Variable
    next: Name
    limit_s: Limit = 60.0
    silence_s: Timeout = 5.0
    failed: str = ""
    title: str = ""


class Transfer(Rule, frozen=True, kw_only=True, tag_field="kind", tag="transfer"):
    """To a number, an expression (a number that is fixed stands in quotes). An end."""

    number: Source
    prompt: str = ""
    title: str = ""


class Question(Rule, frozen=True, kw_only=True):
    """One question of a survey, answered by a key from ``low`` to ``high``."""

    id: Variable
    prompt: Name
    low: Annotated[int, msgspec.Meta(ge=0, le=9)] = 1
    high: Annotated[int, msgspec.Meta(ge=0, le=9)] = 5


class Comment(Rule, frozen=True, kw_only=True):
    """A spoken comment of up to ``limit_s``."""

    prompt: Name
    limit_s: Limit = 60.0
    silence_s: Timeout = 5.0


class Survey(Rule, frozen=True, kw_only=True, tag_field="kind", tag="survey"):
    """Ask for the caller's opinion. A customer who was asked within ``every_days`` passes by. A question without an
    answer after ``tries`` ends the survey. A score of ``low_score`` or less is told to a supervisor (0: never), and
    ``low`` is where that caller goes (empty: as ``next``)."""

    questions: Annotated[tuple[Question, ...], msgspec.Meta(min_length=1, max_length=10)]
    next: Name
    comment: Comment | None = None
    every_days: Seconds = 30.0
    low_score: Annotated[int, msgspec.Meta(ge=0, le=9)] = 2
    low: str = ""
    timeout_s: Timeout = 5.0
    tries: Tries = 2
    invalid: str = "invalid"
    title: str = ""


class Message(Rule, frozen=True, kw_only=True, tag_field="kind", tag="message"):
    """Send a text message (a template, or one for each language) to a number (an expression; none: the caller's).
    ``failed``: it could not be sent (empty: as ``next``)."""

    text: Template | Annotated[dict[str, Template], msgspec.Meta(min_length=1)]
    next: Name
    number: Source | None = None
    failed: str = ""
    title: str = ""


class Tag(Rule, frozen=True, kw_only=True, tag_field="kind", tag="tag"):
    """Mark the contact with words that reports and agents see."""

    tags: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=64)], ...], msgspec.Meta(min_length=1)]
    next: Name
    title: str = ""


class Note(Rule, frozen=True, kw_only=True, tag_field="kind", tag="note"):
    """Write a note (a template) for the agent who gets the contact."""

    text: Template
    next: Name
    title: str = ""


class OptOut(Rule, frozen=True, kw_only=True, tag_field="kind", tag="opt_out"):
    """Who is spoken to wants no more calls: their number goes on the no-call list of the campaign that called them, or,
    ``everywhere`` and for those who called themselves, on that of the whole centre."""

    next: Name
    everywhere: bool = False
    title: str = ""


class Flow(Rule, frozen=True, kw_only=True, tag_field="kind", tag="flow"):
    """Walk another flow, which has the same variables; where that one says ``return``, go on at ``next``."""

    flow: Name
    next: Name
    title: str = ""


class Hours(Rule, frozen=True, kw_only=True, tag_field="kind", tag="hours"):
    """Whether a calendar is open."""

    calendar: Name
    open: Name
    closed: Name
    title: str = ""


class Hangup(Rule, frozen=True, kw_only=True, tag_field="kind", tag="hangup"):
    """Say why and end the call. ``reason`` is what the records say. An end."""

    prompt: Name
    reason: Name
    title: str = ""


Node: TypeAlias = (
    Say
    | Menu
    | Collect
    | Branch
    | Set
    | Lookup
    | Language
    | QueueNode
    | Callback
    | VoicemailNode
    | Record
    | Transfer
    | Survey
    | Message
    | Tag
    | Note
    | OptOut
    | Flow
    | Hours
    | Hangup
)


class Way(NamedTuple):
    """One way out of a node: the ``key`` of the file where it stands, ``label`` for people, and the ``target``."""

    key: str
    label: str
    target: str


def kind_of(node: Node) -> str:
    """The word that stands for the node's kind in a file."""
    return str(node.__struct_config__.tag)


def ways(node: Node) -> tuple[Way, ...]:
    """Every way out of a node, in the order written; none: an end of the flow. What is left out in the file stands
    here with the target that it has."""
    match node:
        case Menu():
            return (*_options(node.options), *_rounds(node))
        case Collect():
            return (Way("next", "answered", node.next), *_options(node.options), *_rounds(node))
        case Branch():
            cases = (Way(f"cases[{n}].then", str(case.condition), case.then) for n, case in enumerate(node.cases))
            return (*cases, Way("else", "else", node.otherwise))
        case Lookup():
            default = node.default or PERSON
            found = (Way("next", "found", node.next), Way("not_found", "not found", node.not_found or default))
            return (*found, Way("default", "no answer", default))
        case Hours():
            return (Way("open", "open", node.open), Way("closed", "closed", node.closed))
        case Record() | Message():
            return (Way("next", "", node.next), Way("failed", "failed", node.failed or node.next))
        case Survey():
            return (Way("next", "", node.next), Way("low", "low score", node.low or node.next))
        case Say() | Set() | Language() | Tag() | Note() | OptOut() | Flow():
            return (Way("next", "", node.next),)
        case _:
            return ()


def _options(options: dict[str, str]) -> tuple[Way, ...]:
    return tuple(Way(f"options.{key}", key, target) for key, target in options.items())


def _rounds(node: Any) -> tuple[Way, ...]:
    return (Way("no_key", "no key", node.no_key), Way("wrong_key", "wrong keys", node.wrong_key))
