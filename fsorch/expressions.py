"""A small safe language for conditions and values: ``customer.tier == "gold" and queue.sales.waiting < 10``.

Comparison (``== != < <= > >= in not in``), ``and or not``, arithmetic (``+ - * / %``), lists, numbers, quoted texts,
``true false none``, dotted names and the `FUNCTIONS`. :func:`parse` checks a text against the names there are and their
types, and says at which column something is wrong; :func:`evaluate` never raises: what has no value (a name that is
none, a division by zero, a comparison of unlike things at run time) is ``none``, or false where a truth is asked for.
Nothing is ever handed to Python to run. Length and depth are bounded. In a name, ``-`` after a dot belongs to it
(``queue.after-sales.waiting``); a minus that is meant as one has spaces around it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from fnmatch import translate
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from fsorch.errors import ConfigError
from fsorch.nearest import near

__all__ = [
    "FUNCTIONS",
    "LONGEST",
    "LONGEST_TEXT",
    "Environment",
    "Expression",
    "ExpressionError",
    "Type",
    "Value",
    "evaluate",
    "fill",
    "parse",
    "parse_template",
    "plain",
    "spoken_type",
    "type_of",
    "written",
]

# Bounds: signs in an expression, levels of nesting, signs in a text that is made by one.
LONGEST = 1000
DEEPEST = 40
LONGEST_TEXT = 1000
# Whole numbers past this are not exact any more, and grow without end when multiplied.
EXACT = 2**53

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | None"


class Type(StrEnum):
    """What a value is; ``any``: known only when it is there."""

    NUMBER = "number"
    TEXT = "text"
    BOOL = "bool"
    LIST = "list"
    NONE = "none"
    ANY = "any"


_T = Type


class ExpressionError(ConfigError):
    """An expression that cannot be understood. ``column`` counts from 1; ``what`` is the message without it."""

    def __init__(self, column: int, what: str) -> None:
        super().__init__(f"column {column}: {what}")
        self.column = column
        self.what = what


class Environment(Protocol):
    """Where names get their values; a dict is one."""

    def get(self, name: str, /) -> Any:
        """The value of a name, None when it has none."""
        ...


class Literal(msgspec.Struct, frozen=True):
    """A value that stands in the text, at ``column`` (from 1)."""

    value: Value
    type: Type
    column: int = 1


class Ref(msgspec.Struct, frozen=True):
    """A name, at ``column`` (from 1)."""

    name: str
    type: Type
    column: int = 1


class Many(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Tree, ...]
    type: Type = Type.LIST


class Apply(msgspec.Struct, frozen=True):
    """An operator or a function, by its name in `OPERATORS` or `FUNCTIONS`, what it works on, and the ``column`` (from
    1) where that name stands."""

    name: str
    items: tuple[Tree, ...]
    type: Type
    column: int = 1


Tree: TypeAlias = Literal | Ref | Many | Apply


class Expression(msgspec.Struct, frozen=True):
    """A checked expression. ``names``: those it uses; ``type``: what it gives."""

    text: str
    tree: Tree
    names: frozenset[str]

    @property
    def type(self) -> Type:
        """What it gives."""
        return self.tree.type


# -- values -----------------------------------------------------------------------------------------------------------


def type_of(value: object) -> Type:
    """What a value is."""
    match value:
        case None:
            return Type.NONE
        case bool():
            return Type.BOOL
        case int() | float():
            return Type.NUMBER
        case str():
            return Type.TEXT
        case list() | tuple():
            return Type.LIST
        case _:
            return Type.ANY


def spoken_type(type: Type) -> str:
    """A type as a sentence calls it."""
    return {Type.BOOL: "true or false", Type.NONE: "none", Type.ANY: "something"}.get(type, f"a {type.value}")


def plain(value: object, depth: int = DEEPEST) -> Value:
    """``value`` as this language may hold it: numbers finite, texts and lists bounded, what is in more than ``depth``
    lists and all other things none."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -EXACT <= value <= EXACT else plain(float(value) if abs(value) < 10**300 else None)
        case float():
            return value if math.isfinite(value) else None
        case str():
            return value[:LONGEST_TEXT]
        case list() | tuple():
            return tuple(plain(item, depth - 1) for item in value[:LONGEST_TEXT]) if depth > 0 else None
        case _:
            return None


def _same(left: Value, right: Value) -> bool:
    """Whether both are the same thing; true is not 1."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(_same(one, other) for one, other in zip(left, right, strict=True))
    return type_of(left) is type_of(right) and left == right


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    def compare(left: Value, right: Value) -> Value:
        alike = type_of(left) is type_of(right) and type_of(left) in (Type.NUMBER, Type.TEXT)
        return alike and test(left, right)

    return compare


def _reckoned(work: Callable[[Any, Any], Value]) -> Callable[[Value, Value], Value]:
    def reckon(left: Value, right: Value) -> Value:
        if type_of(left) is not Type.NUMBER or type_of(right) is not Type.NUMBER:
            return None
        try:
            return plain(work(left, right))
        except (ZeroDivisionError, OverflowError):
            return None

    return reckon


def _plus(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return plain(left + right)
    return _reckoned(lambda one, other: one + other)(left, right)


def _within(item: Value, whole: Value) -> bool:
    if isinstance(whole, tuple):
        return any(_same(item, one) for one in whole)
    return isinstance(item, str) and isinstance(whole, str) and item in whole


def _number(value: Value) -> Value:
    """A number, or a text that is one."""
    if isinstance(value, str):
        text = value.strip()
        plain = re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", text, re.ASCII)
        return None if plain is None else float(text) if plain[1] else int(text)
    return value if type_of(value) is Type.NUMBER else None


def written(value: Value) -> str:
    """A value as a text: what templates put in."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.10g}" if abs(value) < 1e10 else f"{value:.0f}"
        case tuple():
            return ", ".join(written(item) for item in value)[:LONGEST_TEXT]
        case _:
            return str(value)


def _round(value: Value, places: Value = 0) -> Value:
    if type_of(value) is not Type.NUMBER or type_of(places) is not Type.NUMBER:
        return None
    wanted = max(0, min(12, int(places)))  # type: ignore[arg-type]  # checked above
    rounded: float = round(value, wanted)  # type: ignore[arg-type]  # checked above
    return plain(int(rounded) if wanted == 0 else rounded)


def _matches(text: Value, pattern: Value) -> Value:
    """Patterns as for file names; a few stars at most, so that no text takes long."""
    if not isinstance(text, str) or not isinstance(pattern, str) or pattern.count("*") > 4:
        return False
    return re.fullmatch(translate(pattern), text) is not None


def _on_text(work: Callable[[str], Value]) -> Callable[[Value], Value]:
    return lambda value: work(value) if isinstance(value, str) else None


class Operator(NamedTuple):
    """What may stand between two values: how strongly it binds, what it takes on both sides, and what it gives."""

    power: int
    takes: tuple[Type, ...]
    gives: Type
    work: Callable[[Value, Value], Value]


class Function(NamedTuple):
    """A function: the types of what it takes, one set for each place, the last ``spare`` of which may be left out."""

    takes: tuple[tuple[Type, ...], ...]
    gives: Type
    work: Callable[..., Value]
    spare: int = 0


ORDER = (_T.NUMBER, _T.TEXT)
OPERATORS: dict[str, Operator] = {
    "or": Operator(1, (_T.BOOL,), _T.BOOL, lambda left, right: left is True or right is True),
    "and": Operator(2, (_T.BOOL,), _T.BOOL, lambda left, right: left is True and right is True),
    "==": Operator(4, tuple(_T), _T.BOOL, _same),
    "!=": Operator(4, tuple(_T), _T.BOOL, lambda left, right: not _same(left, right)),
    "<": Operator(4, ORDER, _T.BOOL, _ordered(lambda left, right: left < right)),
    "<=": Operator(4, ORDER, _T.BOOL, _ordered(lambda left, right: left <= right)),
    ">": Operator(4, ORDER, _T.BOOL, _ordered(lambda left, right: left > right)),
    ">=": Operator(4, ORDER, _T.BOOL, _ordered(lambda left, right: left >= right)),
    "in": Operator(4, tuple(_T), _T.BOOL, _within),
    "not in": Operator(4, tuple(_T), _T.BOOL, lambda left, right: not _within(left, right)),
    "+": Operator(5, ORDER, _T.ANY, _plus),
    "-": Operator(5, (_T.NUMBER,), _T.NUMBER, _reckoned(lambda left, right: left - right)),
    "*": Operator(6, (_T.NUMBER,), _T.NUMBER, _reckoned(lambda left, right: left * right)),
    "/": Operator(6, (_T.NUMBER,), _T.NUMBER, _reckoned(lambda left, right: left / right)),
    "%": Operator(6, (_T.NUMBER,), _T.NUMBER, _reckoned(lambda left, right: left % right)),
}
NOT_POWER = 3
MINUS_POWER = 7
COMPARISON = 4
TEXTS = (_T.TEXT,)
FUNCTIONS: dict[str, Function] = {
    "len": Function(((_T.TEXT, _T.LIST),), _T.NUMBER, lambda v: len(v) if isinstance(v, str | tuple) else None),
    "lower": Function((TEXTS,), _T.TEXT, _on_text(str.lower)),
    "upper": Function((TEXTS,), _T.TEXT, _on_text(str.upper)),
    "starts_with": Function((TEXTS, TEXTS), _T.BOOL, lambda v, s: _texts(v, s) and v.startswith(s)),
    "ends_with": Function((TEXTS, TEXTS), _T.BOOL, lambda v, s: _texts(v, s) and v.endswith(s)),
    "contains": Function(((_T.TEXT, _T.LIST), tuple(_T)), _T.BOOL, lambda whole, item: _within(item, whole)),
    "matches": Function((TEXTS, TEXTS), _T.BOOL, _matches),
    "round": Function(((_T.NUMBER,), (_T.NUMBER,)), _T.NUMBER, _round, spare=1),
    "number": Function((tuple(_T),), _T.NUMBER, _number),
    "text": Function((tuple(_T),), _T.TEXT, written),
    "default": Function((tuple(_T), tuple(_T)), _T.ANY, lambda value, other: other if value is None else value),
}
# The two that are no operators between values.
UNARY: dict[str, Callable[[Value], Value]] = {
    "not": lambda value: value is not True,
    "minus": lambda value: _reckoned(lambda left, right: left - right)(0, value),
}
CONSTANTS: dict[str, Value] = {"true": True, "false": False, "none": None}


def _texts(*values: Value) -> bool:
    return all(isinstance(value, str) for value in values)


def evaluate(expression: Expression, environment: Environment) -> Value:
    """The value of an expression; see the module for what has none. Never raises."""
    return _value_of(expression.tree, environment)


def _value_of(tree: Tree, environment: Environment) -> Value:
    match tree:
        case Literal():
            return tree.value
        case Ref():
            return plain(environment.get(tree.name))
        case Many():
            return tuple(_value_of(item, environment) for item in tree.items)
        case Apply():
            values = [_value_of(item, environment) for item in tree.items]
            if tree.name in UNARY:
                return UNARY[tree.name](values[0])
            if tree.name in OPERATORS:
                return OPERATORS[tree.name].work(*values)
            return plain(FUNCTIONS[tree.name].work(*values))


# -- reading ----------------------------------------------------------------------------------------------------------


class Token(NamedTuple):
    """A piece of the text. ``kind``: number, text, name, sign or end."""

    kind: str
    text: str
    column: int


TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<name>[A-Za-z_]\w*(?:\.\w+(?:-\w+)*)*)"
    r"|(?P<sign>==|!=|<=|>=|[-+*/%<>()\[\],]))",
    re.ASCII | re.DOTALL,
)
WORDS = {"and", "or", "not", "in", *CONSTANTS}


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        hit = TOKEN.match(text, at)
        if hit is None:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise ExpressionError(column, _strange(text[column - 1]))
        kind = str(hit.lastgroup)
        yield Token(kind, hit[kind], hit.start(kind) + 1)
        at = hit.end()
    yield Token("end", "", end + 1)


def _strange(sign: str) -> str:
    if sign in "\"'":
        return f"a text that begins with {sign} has no end"
    if sign == "=":
        return "a single '='; to compare, write '=='"
    if sign in "&|!":
        return f"{sign!r} means nothing here; write 'and', 'or', 'not' or '!='"
    return f"{sign!r} means nothing here; a text stands in quotes"


def parse(text: str, names: Mapping[str, Type]) -> Expression:
    """Read an expression. ``names``: those there are, and their types; ``*`` in one stands for any part
    (``queue.*.waiting``). Raises ExpressionError, a ConfigError with the column."""
    if len(text) > LONGEST:
        raise ExpressionError(LONGEST + 1, f"the expression has {len(text)} signs; expected at most {LONGEST}")
    return _Parser(text, names).whole()


class _Parser:
    """A Pratt parser that checks types as it goes."""

    def __init__(self, text: str, names: Mapping[str, Type]) -> None:
        self.text = text
        self.names = names
        self.used: set[str] = set()
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    @property
    def here(self) -> Token:
        """The token that is next."""
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        """The next token if it is one of the signs or words ``texts``, which is then behind us."""
        token = self.here
        if token.kind in ("sign", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def whole(self) -> Expression:
        """All of the text."""
        tree = self.expression(0)
        if self.here.kind != "end":
            raise ExpressionError(self.here.column, f"{self.here.text!r} is not expected here; an operator is missing")
        return Expression(self.text, tree, frozenset(self.used))

    def expression(self, power: int) -> Tree:
        """As much as binds stronger than ``power``."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(self.here.column, f"more than {DEEPEST} levels of nesting; split the expression")
        left_at = self.here.column
        left = self.operand()
        compared = False
        while (found := self.operator(power)) is not None:
            token, name = found
            operator = OPERATORS[name]
            if operator.power == COMPARISON:
                if compared:
                    raise ExpressionError(token.column, f"a second comparison; join them by 'and' before {name!r}")
                compared = True
            right_at = self.here.column
            right = self.expression(operator.power)
            left = self.binary(token, name, (left, left_at), (right, right_at))
        self.depth -= 1
        return left

    def operator(self, power: int) -> tuple[Token, str] | None:
        """The next operator if it binds stronger than ``power``, which is then behind us."""
        token = self.here
        name = token.text
        if name == "not" and self.tokens[self.at + 1].text == "in":
            name = "not in"
        if token.kind not in ("sign", "name") or name not in OPERATORS or OPERATORS[name].power <= power:
            return None
        self.at += 2 if name == "not in" else 1
        return token, name

    def binary(self, token: Token, name: str, left: tuple[Tree, int], right: tuple[Tree, int]) -> Tree:
        """An operator between two values, if they fit it and each other."""
        operator = OPERATORS[name]
        for tree, column in (left, right):
            _expect(tree.type, operator.takes, column, f"{name!r}")
        one, other = left[0].type, right[0].type
        loose = (Type.ANY, Type.NONE)
        if name in ("in", "not in"):
            _expect(other, (Type.LIST, Type.TEXT), right[1], f"{name!r}")
        elif one is not other and one not in loose and other not in loose:
            what = f"{name!r} between {spoken_type(one)} and {spoken_type(other)}"
            raise ExpressionError(token.column, f"{what}; expected the same on both sides")
        gives = operator.gives
        if name == "+" and one is other:
            gives = one
        return Apply(name, (left[0], right[0]), gives, token.column)

    def operand(self) -> Tree:
        """A value: a literal, a name, a call, a list, something in parentheses, or one of these with a sign."""
        token = self.here
        self.at += 1
        match token.kind:
            case "number":
                if len(token.text) > 15:
                    raise ExpressionError(token.column, "a number of more than 15 digits; a text stands in quotes")
                number = float(token.text) if "." in token.text else int(token.text)
                return Literal(number, Type.NUMBER, token.column)
            case "text":
                text = re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
                return Literal(text, Type.TEXT, token.column)
            case "name" if token.text in WORDS:
                return self.word(token)
            case "name":
                return self.call(token) if self.take("(") else self.name(token)
            case "sign" if token.text in "(-[":
                return self.sign(token)
        what = f"{token.text!r} is not expected here" if token.text else "the expression ends here"
        raise ExpressionError(token.column, f"{what}; expected a value")

    def word(self, token: Token) -> Tree:
        """``not``, or one of the constants."""
        if token.text == "not":
            column = self.here.column
            tree = self.expression(NOT_POWER)
            _expect(tree.type, (Type.BOOL,), column, "'not'")
            return Apply("not", (tree,), Type.BOOL, token.column)
        if token.text not in CONSTANTS:
            raise ExpressionError(token.column, f"{token.text!r} is not expected here; expected a value")
        value = CONSTANTS[token.text]
        return Literal(value, type_of(value), token.column)

    def sign(self, token: Token) -> Tree:
        """What begins with a parenthesis, a bracket or a minus."""
        if token.text == "(":
            tree = self.expression(0)
            self.close(")", token)
            return tree
        if token.text == "[":
            return Many(tuple(tree for tree, _ in self.items("]", token)))
        column = self.here.column
        tree = self.expression(MINUS_POWER)
        _expect(tree.type, (Type.NUMBER,), column, "'-'")
        return Apply("minus", (tree,), Type.NUMBER, token.column)

    def items(self, end: str, opened: Token) -> list[tuple[Tree, int]]:
        """Expressions with commas between them, and the columns where they begin."""
        found: list[tuple[Tree, int]] = []
        if self.take(end):
            return found
        while True:
            column = self.here.column
            found.append((self.expression(0), column))
            if not self.take(","):
                self.close(end, opened)
                return found

    def close(self, end: str, opened: Token) -> None:
        """The end of what was opened."""
        if not self.take(end):
            what = f"{self.here.text!r} is not expected here" if self.here.text else "the expression ends here"
            raise ExpressionError(
                self.here.column, f"{what}; expected {end!r} for {opened.text!r} at column {opened.column}"
            )

    def call(self, token: Token) -> Tree:
        """A function, whose parenthesis is open."""
        function = FUNCTIONS.get(token.text)
        if function is None:
            raise ExpressionError(token.column, f"there is no function {token.text!r}{near(token.text, FUNCTIONS)}")
        given = self.items(")", self.tokens[self.at - 1])
        most = len(function.takes)
        if not most - function.spare <= len(given) <= most:
            few = f"{most - function.spare} or {most}" if function.spare else str(most)
            values = "value" if few == "1" else "values"
            raise ExpressionError(token.column, f"{token.text} takes {few} {values}, not {len(given)}")
        for (tree, column), takes in zip(given, function.takes, strict=False):
            _expect(tree.type, takes, column, token.text)
        return Apply(token.text, tuple(tree for tree, _ in given), function.gives, token.column)

    def name(self, token: Token) -> Tree:
        """A name that there is."""
        kind = _type_of_name(token.text, self.names)
        if kind is None:
            raise ExpressionError(token.column, f"there is no {token.text!r}{_hint(token.text, self.names)}")
        self.used.add(token.text)
        return Ref(token.text, kind, token.column)


def _expect(type: Type, takes: tuple[Type, ...], column: int, who: str) -> None:
    if type not in takes and type not in (Type.ANY, Type.NONE):
        wanted = " or ".join(spoken_type(one) for one in takes)
        raise ExpressionError(column, f"{who} works on {wanted}, and this is {spoken_type(type)}")


def _type_of_name(name: str, names: Mapping[str, Type]) -> Type | None:
    if name in names:
        return names[name]
    for pattern, kind in names.items():
        if "*" in pattern:
            head, _, tail = pattern.partition("*")
            if name.startswith(head) and name.endswith(tail) and len(name) > len(head) + len(tail):
                return kind
    return None


def _hint(name: str, names: Mapping[str, Type]) -> str:
    head, minus, _ = name.partition("-")
    if minus and _type_of_name(head, names) is not None:
        return f"; for {head} minus something, put spaces around the minus"
    if "." not in name and not near(name, names).startswith("; did"):
        return f"; a text stands in quotes{near(name, names)}"
    return near(name, names)


# -- templates --------------------------------------------------------------------------------------------------------

HOLE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def parse_template(text: str, names: Mapping[str, Type]) -> tuple[str | Expression, ...]:
    """A text with expressions in braces, as its pieces; ``{{`` and ``}}`` are braces.

    Raises ExpressionError, with the column in the whole text."""
    pieces: list[str | Expression] = []
    at = 0
    for hit in HOLE.finditer(text):
        pieces.append(text[at : hit.start()])
        at = hit.end()
        if hit[1] is None:
            if len(hit[0]) == 1:
                raise ExpressionError(hit.start() + 1, f"a lone {hit[0]!r}; write {hit[0] * 2!r} for the sign itself")
            pieces.append(hit[0][0])
            continue
        try:
            pieces.append(parse(hit[1], names))
        except ExpressionError as error:
            raise ExpressionError(hit.start() + 1 + error.column, error.what) from None
    return tuple(piece for piece in (*pieces, text[at:]) if piece != "")


def fill(pieces: tuple[str | Expression, ...], environment: Environment, quote: Callable[[str], str] = str) -> str:
    """A template with the values in; ``quote`` is what each value goes through."""
    return "".join(
        piece if isinstance(piece, str) else quote(written(evaluate(piece, environment))) for piece in pieces
    )
