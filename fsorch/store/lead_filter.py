"""The filter of a campaign as a condition of the database, as far as it has one.

A filter is an expression (:mod:`fsorch.expressions`) over what a lead has (:data:`fsorch.campaigns.LEAD_NAMES`). What
joins its parts by ``and`` is taken apart; each part that both engines can decide exactly as the language does becomes
SQL, the others (patterns, arithmetic, changes of case) stay expressions that are evaluated on each lead.

The SQL stands in the definition of an index, where no engine takes bound values. So no text of anybody gets into it: a
text becomes the hexadecimal digits of its bytes, a number is written by us, and names are looked up in a table. Each
condition is 0 or 1, never NULL, for the language knows no third truth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fsorch.campaign_checks import parse_filter
from fsorch.campaigns import Lead
from fsorch.expressions import Apply, Environment, Expression, Literal, Many, Ref, Tree, Type, Value, evaluate
from fsorch.store.lead_rows import number_text

__all__ = ["Dialect", "LeadFilter", "RowNames", "compile_filter", "field_sql", "names_of"]

FIELD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
COLUMNS = frozenset(
    ("name", "list", "reference", "owner", "priority", "attempts", "zone", "country", "region", "postcode", "language")
    + ("last_outcome", "disposition", "number")
)
NUMERIC = frozenset(("priority", "attempts"))
COMPARED = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Dialect(NamedTuple):
    """What the engines write differently. ``text``: a text of these bytes; ``field``: one of the list's own fields by
    its JSON path; ``head``, ``tail``: so many characters of a text; ``number``: a text's number, NULL for none;
    ``forced``: that a query goes by this index; ``bytes``: a text that is compared byte by byte."""

    quote: Callable[[str], str]
    text: Callable[[bytes], str]
    field: Callable[[str], str]
    joined: Callable[[str, str], str]
    head: Callable[[str, int], str]
    tail: Callable[[str, int], str]
    number: Callable[[str], str]
    forced: Callable[[str], str]
    bytes: Callable[[str], str]


def _sqlite_number(text: str) -> str:
    """What ``number()`` of the language takes: up to 15 digits, a point and up to 15 more, with or without a sign. Most
    are digits and nothing else, which is decided first."""
    bare = f"ltrim({text}, '+-')"
    dot = f"instr({bare}, '.')"
    shape = (
        f"({text} GLOB '[0-9]*' OR {text} GLOB '[+-][0-9]*') AND {text} GLOB '*[0-9]' "
        f"AND {text} NOT GLOB '?*[^0-9.]*' AND {text} NOT GLOB '*.*.*'"
    )
    fits = f"({dot} = 0 AND length({bare}) <= 15 OR {dot} <= 16 AND length({bare}) - {dot} <= 15)"
    number = f"CAST({text} AS REAL)"
    return (
        f"(CASE WHEN {text} NOT GLOB '*[^0-9]*' AND length({text}) BETWEEN 1 AND 15 THEN {number} "
        f"WHEN {shape} AND {fits} THEN {number} END)"
    )


SQLITE = Dialect(
    quote=lambda name: f'"{name}"',
    text=lambda value: f"CAST(x'{value.hex()}' AS TEXT)",
    field=lambda name: f'json_extract("fields", \'$."{name}"\')',
    joined=lambda one, other: f"({one} || {other})",
    head=lambda text, length: f"substr({text}, 1, {length})",
    tail=lambda text, length: f"substr({text}, -{length})",
    number=_sqlite_number,
    forced=lambda index: f'INDEXED BY "{index}"',
    bytes=lambda text: text,
)
MYSQL = Dialect(
    quote=lambda name: f"`{name}`",
    text=lambda value: f"x'{value.hex()}'",
    field=lambda name: f"CAST(JSON_VALUE(`fields`, '$.\"{name}\"') AS CHAR(1000) CHARACTER SET utf8mb4)",
    joined=lambda one, other: f"CONCAT({one}, {other})",
    head=lambda text, length: f"LEFT({text}, {length})",
    tail=lambda text, length: f"RIGHT({text}, {length})",
    number=lambda text: (
        f"(CASE WHEN {text} REGEXP '^[+-]?[0-9]{{1,15}}([.][0-9]{{1,15}})?\\\\z' THEN CAST({text} AS DOUBLE) END)"
    ),
    forced=lambda index: f"FORCE INDEX (`{index}`)",
    # Any collation of text that is not told otherwise takes no notice of blanks at the end.
    bytes=lambda text: f"CAST({text} AS BINARY)",
)


class LeadFilter(msgspec.Struct, frozen=True):
    """A filter, taken apart. ``sql``: the part that the database decides, 0 or 1 (empty: none); ``rest``: what is
    decided on each lead."""

    sql: str
    rest: tuple[Expression, ...]

    def holds(self, names: Environment) -> bool:
        """Whether the rest of it holds for a lead for which the SQL does."""
        return all(evaluate(one, names) is True for one in self.rest)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rest of it is about, in order."""
        used = {name[5:] if name.startswith("lead.") else "fields" for one in self.rest for name in one.names}
        return tuple(sorted(used))


class RowNames:
    """What the names of a filter stand for, in a row of these ``columns``."""

    def __init__(self, columns: tuple[str, ...], row: Sequence[Any]) -> None:
        self._row = dict(zip(columns, row, strict=True))
        self._fields: dict[str, str] | None = None

    def get(self, name: str, /) -> Any:
        """The value of a name, None when it has none."""
        if name.startswith("field."):
            if self._fields is None:
                self._fields = _decode(self._row["fields"])
            return self._fields.get(name[6:])
        value = self._row[name[5:]]
        if name == "lead.number":
            return number_text(value) or None
        return value or "" if name == "lead.reference" else value


_decode = msgspec.json.Decoder(dict[str, str]).decode


def compile_filter(text: str, dialect: Dialect) -> LeadFilter:
    """The filter ``text``. Raises ConfigError with the column."""
    if not text.strip():
        return LeadFilter("", ())
    expression = parse_filter(text, "filter")
    sql: list[str] = []
    rest: list[Expression] = []
    for tree in _parts(expression.tree):
        try:
            sql.append(_condition(tree, dialect))
        except _NotInSql:
            rest.append(Expression(text, tree, frozenset(_names(tree))))
    return LeadFilter(f"(CASE WHEN {' AND '.join(sql)} THEN 1 ELSE 0 END)" if sql else "", tuple(rest))


def field_sql(name: str, dialect: Dialect) -> str:
    """One of the list's own fields as SQL. Raises ValueError for a name that none can have."""
    if not FIELD.fullmatch(name):
        raise ValueError(name)
    return dialect.field(name)


def names_of(lead: Lead) -> Mapping[str, Any]:
    """What a filter's names stand for."""
    values: dict[str, Any] = {f"field.{name}": value for name, value in lead.fields.items()}
    for name in COLUMNS - {"number"}:
        values[f"lead.{name}"] = getattr(lead, name)
    if lead.numbers:
        values["lead.number"] = lead.numbers[lead.next_number % len(lead.numbers)].number
    return values


class _NotInSql(Exception):
    """The engines cannot decide this as the language does."""


def _parts(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, Apply) and tree.name == "and":
        for item in tree.items:
            yield from _parts(item)
    else:
        yield tree


def _names(tree: Tree) -> Iterator[str]:
    match tree:
        case Ref():
            yield tree.name
        case Many() | Apply():
            for item in tree.items:
                yield from _names(item)


def _condition(tree: Tree, to: Dialect) -> str:
    """A truth, 0 or 1 and never NULL."""
    match tree:
        case Literal(value=bool()):
            return "1 = 1" if tree.value else "1 = 0"
        case Apply(name="and" | "or"):
            return f"({_condition(tree.items[0], to)} {tree.name.upper()} {_condition(tree.items[1], to)})"
        case Apply(name="not"):
            return f"(NOT {_condition(tree.items[0], to)})"
        case Apply(name="in" | "not in"):
            within = _within(tree.items[0], tree.items[1], to)
            return f"(NOT {within})" if tree.name == "not in" else within
        case Apply(name="contains", items=(whole, item)):
            return _within(item, whole, to)
        case Apply(name="starts_with" | "ends_with", items=(text, Literal(value=str() as wanted))):
            return _edge(text, wanted, tree.name == "starts_with", to)
        case Apply() if tree.name in COMPARED:
            return _comparison(tree, to)
    raise _NotInSql


def _comparison(tree: Apply, to: Dialect) -> str:
    left, right, name = tree.items[0], tree.items[1], tree.name
    if isinstance(left, Literal):
        left, right, name = right, left, MIRRORED[name]
    if not isinstance(right, Literal):
        raise _NotInSql
    sql, type = _value(left, to)
    if right.value is None and name in ("==", "!="):
        return f"({sql} IS {'NOT ' if name == '!=' else ''}NULL)"
    if isinstance(right.value, bool) or right.type is not type:
        raise _NotInSql
    # What is none is unlike everything, and neither more nor less.
    sql = to.bytes(sql) if type is Type.TEXT else sql
    return f"COALESCE({sql} {COMPARED[name]} {_literal(right.value, to)}, {1 if name == '!=' else 0})"


def _within(item: Tree, whole: Tree, to: Dialect) -> str:
    if isinstance(whole, Many):
        sql, type = _value(item, to)
        if not all(isinstance(one, Literal) and one.type is type for one in whole.items):
            raise _NotInSql
        sql = to.bytes(sql) if type is Type.TEXT else sql
        listed = ", ".join(_literal(one.value, to) for one in whole.items if isinstance(one, Literal))
        return f"COALESCE({sql} IN ({listed}), 0)" if listed else "1 = 0"
    if isinstance(item, Literal) and isinstance(item.value, str):
        sql, type = _value(whole, to)
        if type is Type.TEXT and item.value:
            return f"COALESCE(instr({to.bytes(sql)}, {_literal(item.value, to)}) > 0, 0)"
    raise _NotInSql


def _edge(text: Tree, wanted: str, is_head: bool, to: Dialect) -> str:
    sql, type = _value(text, to)
    if type is not Type.TEXT or not wanted:
        raise _NotInSql
    part = to.head(sql, len(wanted)) if is_head else to.tail(sql, len(wanted))
    return f"COALESCE({to.bytes(part)} = {_literal(wanted, to)}, 0)"


def _value(tree: Tree, to: Dialect) -> tuple[str, Type]:
    match tree:
        case Ref(name=name) if name.startswith("field.") and FIELD.fullmatch(name[6:]):
            return to.field(name[6:]), Type.TEXT
        case Ref(name="lead.number"):
            return to.joined("'+'", to.quote("number")), Type.TEXT
        case Ref(name="lead.reference"):
            return f"COALESCE({to.quote('reference')}, '')", Type.TEXT
        case Ref(name=name) if name[5:] in COLUMNS:
            return to.quote(name[5:]), Type.NUMBER if name[5:] in NUMERIC else Type.TEXT
        case Apply(name="number", items=(Ref() as ref,)):
            sql, type = _value(ref, to)
            return (to.number(sql), Type.NUMBER) if type is Type.TEXT else (sql, type)
    raise _NotInSql


def _literal(value: Value, to: Dialect) -> str:
    match value:
        case bool():
            raise _NotInSql
        case int() | float():
            return repr(value)
        case str() if "\0" not in value:
            return to.text(value.encode("utf-8", "replace"))
    raise _NotInSql
