"""What a flow's names refer to: targets, prompts, queues, variables, expressions. Every fault says flow, node, key (and
column), what was expected, and the nearest name there is.

A flow with a fault of this kind must not answer a call; whether one without is humane, is for the linter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from fsorch.belongings import belonging_fault, references
from fsorch.demands import parse_demand
from fsorch.errors import ConfigError
from fsorch.expressions import Expression, ExpressionError, Type, parse, parse_template, spoken_type
from fsorch.flow_names import known_names, masked_variables, slot_name, source_text
from fsorch.flow_nodes import (
    PERSON,
    RETURN,
    Branch,
    Callback,
    Collect,
    Flow,
    Hours,
    Http,
    Language,
    Lookup,
    Menu,
    Message,
    Node,
    Note,
    QueueNode,
    Record,
    Set,
    Source,
    Survey,
    Transfer,
    VoicemailNode,
    kind_of,
    ways,
)
from fsorch.flows import NODE_NAME, Fault, FlowSpec, FlowWorld, prompt_file
from fsorch.nearest import near
from fsorch.prompts import PromptSpec, Slot, check_prompt, parse_text
from fsorch.rules import Names
from fsorch.waits import check_hours

__all__ = ["check_flow", "faults", "prompts_of"]

INTO_PATH = re.compile(r"[^\s.\[\]]+(\.[^\s.\[\]]+|\[[0-9]{1,4}\])*")
# What a pattern for keys may be made of: no group is repeated, and few things are repeated without end, so that no
# answer takes long to compare.
PATTERN = re.compile(r"(?!.*\)[*+?{])[0-9*#\[\]^\\d().?+{},|-]*")
ENDLESS = re.compile(r"(?<!\\)[*+]|,\}")
MOST_ENDLESS = 3
# A query's own names, such as :number; a cast (::text) is none.
PLACE = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
# Where a masked variable may be used: it reaches the one who checks it, and nothing that is written down.
MASKED_PLACES = ("http.json", "http.body", "http.headers", "sql.values", "own.pin")


def check_flow(spec: FlowSpec, world: FlowWorld, where: str) -> None:
    """Raises ConfigError with the first fault of a flow; ``where`` names the source."""
    found = faults(spec, world)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ConfigError(f"{where}: {found[0]}{more}")


def faults(spec: FlowSpec, world: FlowWorld) -> tuple[Fault, ...]:
    """All faults of a flow, those of the whole flow first, then node by node as written."""
    check = _Check(spec, world)
    check.whole()
    for name, node in spec.nodes.items():
        check.node(name, node)
    return tuple(check.found)


def prompts_of(node: Node) -> Iterator[tuple[str, str]]:
    """The prompts that a node plays: the key where each stands, and its name."""
    for key in ("prompt", "invalid", "silent"):
        name = getattr(node, key, "")
        if name:
            yield key, name
    match node:
        case Collect() if node.confirm is not None:
            yield "confirm.prompt", node.confirm.prompt
        case Survey():
            yield from ((f"questions[{n}].prompt", question.prompt) for n, question in enumerate(node.questions))
            if node.comment is not None:
                yield "comment.prompt", node.comment.prompt


class _Check:
    """The checks of one flow; ``found`` grows."""

    def __init__(self, spec: FlowSpec, world: FlowWorld) -> None:
        self.spec = spec
        self.world = world
        self.names = known_names(spec, world)
        self.masked = frozenset(f"vars.{name}" for name in masked_variables(spec, world))
        self.found: list[Fault] = []
        self._at = ""
        self._nodes: dict[type[Node], Callable[..., None]] = {
            Menu: self._menu,
            Collect: self._collect,
            Branch: self._branch,
            Set: self._set,
            Lookup: self._lookup,
            Language: self._language,
            QueueNode: self._queue,
            Callback: self._callback,
            VoicemailNode: self._voicemail,
            Record: self._record,
            Transfer: self._transfer,
            Survey: self._survey,
            Message: self._message,
            Note: lambda node: self._template("text", node.text),
            Flow: lambda node: self._known("flow", node.flow, self._flows(), "a flow"),
            Hours: lambda node: self._known("calendar", node.calendar, self.world.calendars, "a calendar"),
        }

    def fault(self, key: str, what: str, column: int = 0) -> None:
        """Add one, at the node that is looked at."""
        self.found.append(Fault(flow=self.spec.id, node=self._at, key=key, column=column, what=what))

    # -- the whole flow -----------------------------------------------------------------------------------------------

    def whole(self) -> None:
        """What is not in a node."""
        spec = self.spec
        self._target("start", spec.start, words=())
        if len(set(spec.languages)) < len(spec.languages):
            self.fault("languages", "a language stands there twice; name each once")
        if spec.person:
            self._known("person", spec.person, self.world.queues, "a queue")
        for name in spec.nodes:
            if name in (PERSON, RETURN):
                self.fault("nodes", f"no node can be called {name!r}, which is a target of its own; rename it")
            elif not NODE_NAME.fullmatch(name):
                self.fault("nodes", f"{name!r} is no name of a node; use small letters, digits, '_' and '-'")
        for name in spec.prompts:
            self._own_prompt(name)
        self._calls_itself()
        self._closing()
        self._belongs()

    def _belongs(self) -> None:
        """All that it names is its own tenant's, or shared."""
        tenant, known = self.spec.tenant, self.world.belongings
        if self.world.queues is None:
            return
        if tenant:
            self._known("tenant", tenant, known.tenants, "a tenant")
        for one in references(self.spec):
            if what := belonging_fault(one, tenant, known):
                inside = one.path.startswith(".nodes.")
                self._at, _, key = one.path.removeprefix(".nodes.").partition(".") if inside else ("", "", one.path[1:])
                self.fault(key, what)
        self._at = ""

    def _closing(self) -> None:
        """The flow's own hours, as far as the world is known."""
        spec, world = self.spec, self.world
        if world.calendars is None or world.queues is None or world.ways is None:
            return
        names = Names(queues=world.queues, flows=self._flows() or frozenset())
        try:
            check_hours(spec.calendar, spec.on_closed, world.calendars, names, world.ways, "")
        except ConfigError as error:
            key, _, what = str(error).removeprefix(".").partition(" ")
            self.fault(key, what)

    def _own_prompt(self, name: str) -> None:
        spec, key = self.spec, f"prompts.{name}"
        prompt = spec.prompt(name) or PromptSpec()
        for language in prompt.languages:
            if language not in spec.languages:
                self.fault(key, f"{language!r} is not one of the flow's languages{near(language, spec.languages)}")
        try:
            check_prompt(prompt_file(spec.id, name), prompt, "prompt")
        except ConfigError as error:
            self.fault(key, str(error).removeprefix("prompt").lstrip(":. "))

    def _calls_itself(self) -> None:
        """A flow that would call itself, by others in between too, has no end."""
        flows = dict(self.world.flows or {}) | {self.spec.id: self.spec}
        ways = [(self.spec.id, self.spec.id)]
        seen: set[str] = set()
        while ways:
            id, way = ways.pop()
            for called in sorted(flows[id].subflows & flows.keys()):
                if called == self.spec.id:
                    self.fault("nodes", f"the flow calls itself: {way} > {called}; take one of the calls out")
                    return
                if called not in seen:
                    seen.add(called)
                    ways.append((called, f"{way} > {called}"))

    # -- any node -----------------------------------------------------------------------------------------------------

    def node(self, name: str, node: Node) -> None:
        """All of one node."""
        self._at = name
        for way in ways(node):
            self._target(way.key, way.target)
        for key, prompt in prompts_of(node):
            self._prompt(key, prompt)
        check = self._nodes.get(type(node))
        if check is not None:
            check(node)
        self._at = ""

    def _target(self, key: str, target: str, words: tuple[str, ...] = (PERSON, RETURN)) -> None:
        if target not in self.spec.nodes and target not in words:
            self.fault(key, f"{target!r} is no node of the flow{near(target, (*self.spec.nodes, *words))}")

    def _known(self, key: str, name: str, known: Iterable[str] | None, what: str) -> None:
        if known is not None and name not in known:
            self.fault(key, f"{name!r} is not {what} of the centre{near(name, known)}")

    def _flows(self) -> frozenset[str] | None:
        return None if self.world.flows is None else frozenset(self.world.flows)

    def _way(self, way: str, what: str) -> None:
        if self.world.ways is not None and way not in self.world.ways:
            self.fault("kind", f"{kind_of(self.spec.nodes[self._at])} needs {what}, which the centre has not set up")

    def _prompt(self, key: str, name: str) -> None:
        """It exists, and its slots are values there are."""
        centre: Mapping[str, str | PromptSpec] = self.world.prompts or {}
        if name not in self.spec.prompts and self.world.prompts is not None and name not in centre:
            self.fault(
                key, f"{name!r} is no prompt of the flow or the centre{near(name, (*self.spec.prompts, *centre))}"
            )
            return
        prompt = self.spec.prompt(name) or centre.get(name)
        for language, text in prompt.text.items() if isinstance(prompt, PromptSpec) else ():
            try:
                slots = [part for part in parse_text(text) if isinstance(part, Slot)]
            except ConfigError:
                continue  # said once, where the prompt is
            for slot in slots:
                self._slot(key, name, language, slot)

    def _slot(self, key: str, prompt: str, language: str, slot: Slot) -> None:
        full = slot_name(slot.name)
        try:
            expression = parse(full, self.names)
        except ExpressionError as error:
            self.fault(key, f"the prompt {prompt!r} ({language}) says {{{slot.name}}}: {error.what}")
        else:
            self._unmasked(key, expression)

    def _unmasked(self, key: str, expression: Expression, offset: int = 0) -> None:
        for name in sorted(expression.names & self.masked):
            if not key.startswith(MASKED_PLACES):
                what = f"{name} is masked, so it may stand in {', '.join(MASKED_PLACES)} only"
                self.fault(key, what, offset + expression.text.find(name) + 1)

    def _expression(self, key: str, source: Source | None, *wanted: Type) -> None:
        """An expression that gives one of the types ``wanted``; none: any."""
        if source is None:
            return
        try:
            expression = parse(source_text(source), self.names)
        except ExpressionError as error:
            self.fault(key, error.what, error.column)
            return
        self._unmasked(key, expression)
        if wanted and expression.type not in (*wanted, Type.ANY):
            expected = " or ".join(spoken_type(type) for type in wanted)
            self.fault(key, f"this gives {spoken_type(expression.type)}; expected {expected}", 1)

    def _template(self, key: str, text: str) -> None:
        try:
            pieces = parse_template(text, self.names)
        except ExpressionError as error:
            self.fault(key, error.what, error.column)
            return
        for piece in pieces:
            if isinstance(piece, Expression):
                self._unmasked(key, piece, max(0, text.find("{" + piece.text + "}") + 1))

    # -- node by node -------------------------------------------------------------------------------------------------

    def _menu(self, node: Menu) -> None:
        if not node.timeout_s and node.tries > 1:
            self.fault("timeout_s", "0 leaves no time to press a key after the prompt; expected more, or tries: 1")

    def _collect(self, node: Collect) -> None:
        if node.min > node.max:
            self.fault("min", f"{node.min} is more than max, which is {node.max}")
        if node.terminator and node.terminator in node.options:
            self.fault(f"options.{node.terminator}", "this key ends the answer; choose another, or another terminator")
        if node.masked and node.confirm is not None:
            self.fault("confirm", "masked input is not spoken; take confirm away, or masked")
        if node.confirm is not None and node.confirm.right == node.confirm.wrong:
            self.fault("confirm.wrong", f"{node.confirm.wrong!r} means right already; choose another key")
        self._pattern(node.pattern)

    def _pattern(self, pattern: str) -> None:
        if not PATTERN.fullmatch(pattern) or len(ENDLESS.findall(pattern)) > MOST_ENDLESS:
            what = "a pattern is made of digits, *, #, [0-9], \\d, . and groups that are not repeated"
            self.fault("pattern", f"{what}; expected something such as 4[0-9]{{7}}")
            return
        try:
            re.compile(pattern)
        except re.error as error:
            self.fault("pattern", f"no regular expression: {error.msg}", (error.pos or 0) + 1)

    def _branch(self, node: Branch) -> None:
        for n, case in enumerate(node.cases):
            self._expression(f"cases[{n}].if", case.condition, Type.BOOL)

    def _set(self, node: Set) -> None:
        for name, source in node.values.items():
            self._expression(f"values.{name}", source)
            if f"vars.{name}" in self.masked:
                self.fault(f"values.{name}", "a masked variable has this name; choose another")

    def _lookup(self, node: Lookup) -> None:
        if sum(one is not None for one in (node.http, node.sql, node.own)) != 1:
            self.fault("kind", "a lookup asks one of http, sql and own; give exactly one of them")
        if node.music:
            self._prompt("music", node.music)
        for name, into in node.into.items():
            path = into if isinstance(into, str) else into.path
            if not INTO_PATH.fullmatch(path):
                self.fault(f"into.{name}", f"{path!r} is no place in an answer; expected one such as rows[0].state")
            if f"vars.{name}" in self.masked:
                self.fault(f"into.{name}", "a masked variable has this name; choose another")
        if node.http is not None:
            self._http(node.http)
        if node.sql is not None:
            self._sql(node)
        if node.own is not None:
            self._expression("own.number", node.own.number, Type.TEXT)
            self._expression("own.customer", node.own.customer, Type.TEXT)
            self._expression("own.pin", node.own.pin, Type.TEXT)
            if node.own.number is not None and node.own.customer is not None:
                self.fault("own", "number and customer both say who it is; give one")

    def _http(self, http: Http) -> None:
        self._template("http.url", http.url)
        for name, header in http.headers.items():
            self._template(f"http.headers.{name}", header)
        for name, source in http.json.items():
            self._expression(f"http.json.{name}", source)
        if http.body:
            self._template("http.body", http.body)
        if http.body and http.json:
            self.fault("http", "json and body both say what is sent; give one")

    def _sql(self, node: Lookup) -> None:
        sql = node.sql
        if sql is None:
            return
        self._known("sql.source", sql.source, self.world.sources, "a source")
        if not READS.match(sql.query) or ";" in sql.query.rstrip().rstrip(";"):
            self.fault("sql.query", "a lookup reads: one query that begins with select or with")
        asked = set(PLACE.findall(sql.query))
        for name in sorted(asked - sql.values.keys()):
            self.fault("sql.query", f":{name} has no value; give it under values{near(name, sql.values)}")
        for name, source in sql.values.items():
            self._expression(f"sql.values.{name}", source)
            if name not in asked:
                self.fault(f"sql.values.{name}", f"the query has no :{name}{near(name, asked)}")

    def _language(self, node: Language) -> None:
        if bool(node.to) == (node.by is not None):
            self.fault("to", "a language node has either to or by; give one")
        if node.to and node.to not in self.spec.languages:
            self.fault("to", f"{node.to!r} is not one of the flow's languages{near(node.to, self.spec.languages)}")
        self._expression("by", node.by, Type.TEXT)

    def _queue(self, node: QueueNode) -> None:
        self._known("queue", node.queue, self.world.queues, "a queue")
        if isinstance(node.skills, str):
            self._demand(node.skills)
            return
        for skill in node.skills:
            self._known(f"skills.{skill}", skill, self.world.skills, "a skill")

    def _demand(self, text: str) -> None:
        try:
            demand = parse_demand(text, self.world.skills)
        except ExpressionError as error:
            self.fault("skills", error.what, error.column)
            return
        if not demand.possible:
            self.fault("skills", "it contradicts itself, so that nobody could ever fulfil it", 1)

    def _callback(self, node: Callback) -> None:
        self._known("queue", node.queue, self.world.queues, "a queue")
        self._expression("number", node.number, Type.TEXT)

    def _voicemail(self, node: VoicemailNode) -> None:
        self._known("queue", node.queue, self.world.queues, "a queue")
        self._way("voicemail", "'voicemail'")

    def _record(self, node: Record) -> None:
        self._way("voicemail", "'voicemail', which says where recordings are kept")

    def _transfer(self, node: Transfer) -> None:
        self._expression("number", node.number, Type.TEXT)
        self._way("outside", "'outside'")

    def _survey(self, node: Survey) -> None:
        seen: set[str] = set()
        for n, question in enumerate(node.questions):
            if question.low >= question.high:
                self.fault(f"questions[{n}].low", f"{question.low} is not less than high, which is {question.high}")
            if question.id in seen:
                self.fault(f"questions[{n}].id", f"{question.id!r} is asked already; choose another")
            seen.add(question.id)
        if node.comment is not None:
            self._way("voicemail", "'voicemail' for its comment, which says where recordings are kept")

    def _message(self, node: Message) -> None:
        self._expression("number", node.number, Type.TEXT)
        if isinstance(node.text, str):
            self._template("text", node.text)
            return
        for language, text in node.text.items():
            self._template(f"text.{language}", text)
            if language not in self.spec.languages:
                known = near(language, self.spec.languages)
                self.fault(f"text.{language}", f"{language!r} is not one of the flow's languages{known}")
