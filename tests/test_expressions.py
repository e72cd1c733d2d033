"""The language of conditions and values: what it gives, what it refuses and where, and that nothing breaks it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.expressions import (
    DEEPEST,
    LONGEST,
    LONGEST_TEXT,
    ExpressionError,
    Type,
    Value,
    evaluate,
    fill,
    parse,
    parse_template,
    type_of,
)

NAMES = {
    "contact.number": Type.TEXT,
    "customer.tier": Type.TEXT,
    "customer.tags": Type.LIST,
    "queue.*.waiting": Type.NUMBER,
    "vars.any": Type.ANY,
    "vars.n": Type.NUMBER,
    "vars.yes": Type.BOOL,
}
VALUES = {
    "contact.number": "+49301234",
    "customer.tier": "gold",
    "customer.tags": ["vip", "late payer"],
    "queue.after-sales.waiting": 3,
    "vars.n": 5,
    "vars.yes": True,
}


def result(text: str) -> Value:
    return evaluate(parse(text, NAMES), VALUES)


def column_of_fault(work: Callable[[], object]) -> int:
    """0: there is none."""
    try:
        work()
    except ExpressionError as error:
        return error.column
    return 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - -4", 11),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("-7 % 3", 2),
        ("10 - 3 - 2", 5),
        ('customer.tier == "gold" and queue.after-sales.waiting < 10', True),
        ("not vars.n > 3", False),
        ("not not vars.yes", True),
        ("vars.n > 3 or 1 / 0 > 1", True),
        ("false or true and false", False),
        ('"vip" in customer.tags', True),
        ('"VIP" not in customer.tags', True),
        ('"930" in contact.number', True),
        ("vars.n in [1, 5, 9]", True),
        ("vars.any == none", True),
        ("vars.any > 3", False),
        ("vars.any + 1 == none", True),
        ("1 / 0 == none", True),
        ("vars.yes == vars.any", False),
        ("[1, true] == [1, 1]", False),
        ("len(contact.number)", 9),
        ("len(customer.tags)", 2),
        ('lower("ABC") + upper("d")', "abcD"),
        ('starts_with(contact.number, "+49") and ends_with(contact.number, "34")', True),
        ('contains(customer.tags, "vip")', True),
        ('matches(contact.number, "+4930????")', True),
        ('matches(contact.number, "+41*")', False),
        ("round(2.567, 1)", 2.6),
        ("round(2.567)", 3),
        ('number("12.50") + 1', 13.5),
        ('number("12a")', None),
        ("text(2.50)", "2.5"),
        ('default(vars.any, "x")', "x"),
        (r'"a \"quoted\" word"', 'a "quoted" word'),
        ("'single'", "single"),
    ],
)
def test_what_expressions_give(text: str, value: Value) -> None:
    found = result(text)
    assert found == value
    assert type_of(found) is type_of(value)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "the expression ends here; expected a value"),
        ('3 < "x"', 3, "'<' between a number and a text"),
        ("custmer.tier == 1", 1, "did you mean customer.tier"),
        ("customer.tier == gold", 18, "a text stands in quotes"),
        ("vars.n-1 > 0", 1, "put spaces around the minus"),
        ("len(contact.number, 2)", 1, "len takes 1 value, not 2"),
        ("1 + lenn(vars.n)", 5, "no function 'lenn'; did you mean len?"),
        ("(1", 3, "expected ')' for '(' at column 1"),
        ("1 2", 3, "an operator is missing"),
        ("vars.n = 1", 8, "to compare, write '=='"),
        ("vars.yes && vars.yes", 10, "write 'and'"),
        ('"abc', 1, "has no end"),
        ("1 < 2 < 3", 7, "a second comparison"),
        ("true and 1", 10, "'and' works on true or false, and this is a number"),
        ("not vars.n", 5, "'not' works on true or false"),
        ('-"x"', 2, "'-' works on a number, and this is a text"),
        ("1 in 2", 6, "'in' works on a list or a text"),
        ("__import__('os')", 1, "no function '__import__'"),
        ("vars.yes.__class__", 1, "there is no 'vars.yes.__class__'"),
        ("1 +", 4, "the expression ends here"),
        ("(" * (DEEPEST + 5), DEEPEST + 1, "levels of nesting"),
        ("-" * (DEEPEST + 5), DEEPEST + 1, "levels of nesting"),
        ("1" * 16, 1, "more than 15 digits"),
        ("1 +" * LONGEST, LONGEST + 1, f"expected at most {LONGEST}"),
        ("vars.yes and ünder", 14, "means nothing here"),
    ],
)
def test_what_is_refused_and_where(text: str, column: int, words: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text, NAMES)
    assert refused.value.column == column
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"column {column}: ")


def test_it_says_which_names_it_uses_and_what_it_gives() -> None:
    expression = parse("queue.sales.waiting > vars.n + 1", NAMES)
    assert expression.names == {"queue.sales.waiting", "vars.n"}
    assert expression.type is Type.BOOL
    assert parse('"a" + customer.tier', NAMES).type is Type.TEXT


@given(st.text(max_size=60) | st.text(alphabet="()[]+-*/%<>=!,.\"' 1anotrdifevs", max_size=80))
def test_any_text_is_read_or_refused_with_a_column_in_it(text: str) -> None:
    assert 0 <= column_of_fault(lambda: evaluate(parse(text, NAMES), VALUES)) <= len(text) + 1


ATOMS = st.sampled_from([*VALUES, "vars.any", "1", "2.5", '"x"', '"12"', "true", "none", "[1, 2]", "0"]).map(str)
OPERATIONS = st.sampled_from(["or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*", "/", "%"])


@given(
    st.recursive(
        ATOMS,
        lambda inner: (
            st.tuples(inner, OPERATIONS, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")
            | inner.map(lambda text: f"not {text}")
            | inner.map(lambda text: f"text({text})")
            | st.tuples(inner, inner).map(lambda pair: f"default({pair[0]}, {pair[1]})")
        ),
        max_leaves=12,
    ),
    st.dictionaries(
        st.sampled_from(list(NAMES)),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.lists(st.integers(), max_size=3)
        | st.just(object())
        | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    ),
)
def test_what_was_read_gives_a_value_of_its_type_whatever_the_names_are(text: str, values: dict[str, object]) -> None:
    try:
        expression = parse(text, NAMES)
    except ExpressionError:
        return
    value = evaluate(expression, values)
    made = type_of(value)
    if expression.type is Type.BOOL and not isinstance(values.get("vars.yes"), int | float | str | list | dict):
        assert text == "vars.yes" or made is Type.BOOL
    assert value is None or isinstance(value, bool | int | float | str | tuple)


def test_values_do_not_grow_without_end() -> None:
    squared = parse("vars.n * vars.n", NAMES)
    doubled = parse("vars.any + vars.any", NAMES)
    number: Value = 99999
    text: Value = "ab"
    for _ in range(200):
        number = evaluate(squared, {"vars.n": number})
        text = evaluate(doubled, {"vars.any": text})
    assert number is None
    assert isinstance(text, str)
    assert len(text) == LONGEST_TEXT


def test_lists_in_lists_have_an_end() -> None:
    deep: object = "x"
    for _ in range(5_000):
        deep = [deep]
    value = evaluate(parse("vars.any", NAMES), {"vars.any": deep})
    levels = 0
    while isinstance(value, tuple) and value:
        value, levels = value[0], levels + 1
    assert (value, levels) == (None, DEEPEST)


def test_templates_are_texts_with_expressions() -> None:
    pieces = parse_template("{{{contact.number}}} waits {vars.n + 0.5} s, {customer.tags}", NAMES)
    assert fill(pieces, VALUES) == "{+49301234} waits 5.5 s, vip, late payer"
    assert fill(parse_template("?n={contact.number}", NAMES), VALUES, lambda text: text.replace("+", "%2B")) == (
        "?n=%2B49301234"
    )


@pytest.mark.parametrize(("text", "column"), [("a } b", 3), ("a { b", 3), ("ab {vars.m} c", 5), ("{}", 2)])
def test_a_template_says_where_it_is_wrong(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_template(text, NAMES)
    assert refused.value.column == column


@given(st.text(max_size=80))
def test_any_template_is_read_or_refused(text: str) -> None:
    assert 0 <= column_of_fault(lambda: fill(parse_template(text, NAMES), VALUES)) <= len(text) + 1
