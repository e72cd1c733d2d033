"""What the database decides of a filter is what the language says, on SQLite and MariaDB."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.campaign_checks import parse_filter
from fsorch.campaigns import LEAD_NAMES, Lead, LeadNumber
from fsorch.errors import ConfigError
from fsorch.expressions import evaluate
from fsorch.store import Store
from fsorch.store.database import connected
from fsorch.store.lead_filter import MYSQL, SQLITE, LeadFilter, RowNames, compile_filter, names_of
from fsorch.store.lead_lists import ImportState, LeadList
from fsorch.store.lead_plans import dialect_of
from fsorch.store.lead_rows import read_leads

TEXTS = ["", "a", "A", "a ", " a", "ab", "ba", "Köln", "köln", "K", "%", "_", "'", '"', "\\", "ü" * 30, "日本", "--"]
TEXTS += ["0", "5", "5.0", "-5", "05", "5.", ".5", "1e5", "12345678901234567890", "999999999999999"]
TEXTS += ["0.123456789012345", "+7"]
NAMES = ["lead.name", "lead.owner", "lead.zone", "lead.reference", "field.city", "field.no-such", "lead.number"]
NUMBERS = ["lead.priority", "lead.attempts", "number(field.city)", "number(lead.name)", "number(lead.priority)"]
ORDERS = ["==", "!=", "<", "<=", ">", ">="]
VALUES = [-5, 0, 5, 7, 0.5, 999999999999999]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


texts = st.sampled_from(TEXTS).map(quoted)
text_names = st.sampled_from(NAMES)
numbers = st.sampled_from(NUMBERS)
comparisons = st.one_of(
    st.tuples(text_names, st.sampled_from(ORDERS), texts).map(" ".join),
    st.tuples(texts, st.sampled_from(["==", "!=", "<", ">="]), text_names).map(" ".join),
    st.tuples(numbers, st.sampled_from(ORDERS), st.sampled_from(VALUES).map(str)).map(" ".join),
    st.tuples(text_names, st.sampled_from(["==", "!="])).map(lambda two: f"{two[0]} {two[1]} none"),
    st.tuples(text_names, st.sampled_from(["in", "not in"]), st.lists(texts, max_size=3)).map(
        lambda three: f"{three[0]} {three[1]} [{', '.join(three[2])}]"
    ),
    st.tuples(st.sampled_from(["starts_with", "ends_with", "contains", "matches"]), text_names, texts).map(
        lambda three: f"{three[0]}({three[1]}, {three[2]})"
    ),
    st.tuples(texts, st.sampled_from(["in", "not in"]), text_names).map(" ".join),
    st.tuples(text_names, texts).map(lambda two: f"upper({two[0]}) == {two[1]}"),
)
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda three: f"({three[0]} {three[1]} {three[2]})"
        ),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=5,
)


@pytest.fixture
def leads(store: Store) -> dict[int, Lead]:
    """Leads with every text in every place, and none."""
    store.leads.lists.make(LeadList(id="l"), "test")
    state = store.leads.lists.begin_import(ImportState(id="", list="l", path="", print="", options={}), "test")
    made = [
        Lead(
            id="",
            list="l",
            name=text,
            owner=TEXTS[-n],
            reference=TEXTS[n // 2],
            zone=text,
            fields={"city": text} if n % 3 else {},
            priority=(-5, 0, 7)[n % 3],
            attempts=n % 6,
            numbers=(LeadNumber(number=f"+4930{1000 + n}"),),
        )
        for n, text in enumerate(TEXTS)
    ]
    with store.leads.lists.taking() as intake:
        intake.write(made, (), state)
    with connected(store.db) as db:
        return read_leads(db, range(1, len(made) + 1))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters)
def test_both_say_the_same(store: Store, leads: dict[int, Lead], text: str) -> None:
    with connected(store.db) as db:
        to = dialect_of(db)
        compiled = compile_filter(text, to)
        columns = ", ".join(to.quote(name) for name in ("id", *compiled.columns))
        where = f"WHERE {compiled.sql} = 1" if compiled.sql else ""
        rows = db.run(f"SELECT {columns} FROM {to.quote('lead')} {where}").fetchall()  # noqa: S608 - the test's
    found = {id for id, *row in rows if compiled.holds(RowNames(compiled.columns, row))}
    whole = parse_filter(text, "filter")
    assert found == {id for id, lead in leads.items() if evaluate(whole, names_of(lead)) is True}


def test_what_is_sql_and_what_is_not() -> None:
    compiled = compile_filter('field.city == "Ulm" and upper(lead.name) == "A" and number(field.age) > 30', SQLITE)
    assert compiled.sql.count("COALESCE") == 2
    assert [one.names for one in compiled.rest] == [{"lead.name"}]
    assert compiled.columns == ("name",)
    assert compile_filter("", MYSQL) == LeadFilter("", ())


@pytest.mark.parametrize("text", ["'; DROP TABLE lead; --", "\\'", '\\"', "%s", "{}", "\x00", "’", "\\", "/*"])
def test_no_text_gets_into_the_sql(text: str) -> None:
    for form in ("lead.name == {}", "contains(field.x, {})", "starts_with(lead.owner, {})", "lead.name in [{}]"):
        written = form.format(quoted(text))
        both = [compile_filter(written, SQLITE).sql, compile_filter(written, MYSQL).sql]
        for sql in both:
            # Only the hexadecimal digits of its bytes.
            assert "DROP" not in sql
            assert all(c.isalnum() or c in " ()\"'`$.,=<>_+-?*[]|^{}\\:;" for c in sql)
            if sql and "\0" not in text:
                assert text.encode().hex() in sql


@pytest.mark.parametrize(
    "text", ["lead.nam == 'x'", "lead.name", "1 +", "drop table lead", "field.x == 5", "lead.priority"]
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="filter"):
        compile_filter(text, SQLITE)


def test_the_names_are_those_that_campaigns_may_use() -> None:
    lead = Lead(id="1", numbers=(LeadNumber(number="+4930123"),), fields={"x": "1"})
    known = {name for name in LEAD_NAMES if "*" not in name}
    assert known == {name for name in names_of(lead) if name.startswith("lead.")}
