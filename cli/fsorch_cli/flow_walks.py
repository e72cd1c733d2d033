"""What ``fsorch flow test`` needs: the script of a caller, read and checked, and how their walk is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from fsorch.clock import to_datetime
from fsorch.config import decode
from fsorch.edge.flow_stage import clock_values, customer_values, hours_values
from fsorch.edge.lookups_own import own_rows
from fsorch.edge.settings import read_yaml
from fsorch.errors import ConfigError
from fsorch.expressions import ExpressionError, Type, parse, spoken_type, type_of
from fsorch.expressions import plain as plain_value
from fsorch.flow_nodes import Lookup
from fsorch.flows import FlowSpec
from fsorch.ivr.rehearsal import Line, Rehearsal, Script, What
from fsorch.ivr.steps import OwnAsk, Rows
from fsorch.nearest import near
from fsorch_cli.app import App
from fsorch_cli.console import cell, note, out, printable
from fsorch_cli.flow_files import Surroundings
from fsorch_cli.live import seconds

__all__ = ["caller_of", "check_script", "moment_of", "print_walk", "read_script", "records_of"]

STYLES = {What.HEARS: "", What.KEYS: "bold", What.END: "bold", What.TROUBLE: "red", What.WRONG: "red"}
MARKS = {What.HEARS: "", What.KEYS: "keys ", What.WRONG: "wrong: ", What.TROUBLE: "trouble: ", What.ASKED: "look-up: "}
# The columns of time and place.
PLACE = 22


def read_script(file: Path | None, values: tuple[str, ...], number: str) -> Script:
    """The script of a file, with what the command line says besides. Raises ConfigError."""
    script = decode(read_yaml(file), Script, where=str(file)) if file is not None else Script()
    more: dict[str, Any] = {}
    for given in values:
        name, sign, text = given.partition("=")
        if not sign:
            raise ConfigError(f"--set {given!r}: give NAME=VALUE, such as customer.known=true")
        try:
            more[name.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"--set {given!r}: {text!r} is no value; put text in quotes") from None
    if number:
        more["contact.number"] = number
    known = any(name.startswith("customer.") for name in script.values | more)
    usual = {"customer.known": True} if known else {}
    return msgspec.structs.replace(script, values=usual | script.values | more)


def check_script(flow: FlowSpec, flows: Mapping[str, FlowSpec], script: Script, names: Mapping[str, Type]) -> None:
    """Raises ConfigError for an answer to what is no look-up, and for a value that no flow could see."""
    lookups = {name for one in flows.values() for name, node in one.nodes.items() if isinstance(node, Lookup)}
    for node in script.answers:
        if node not in lookups:
            raise ConfigError(f"answers.{node}: {flow.id!r} has no look-up of this name{near(node, lookups)}")
    for name, value in script.values.items():
        if name.startswith("vars."):
            raise ConfigError(f"values.{name}: a variable gets its value in the flow; look-ups get theirs by answers")
        try:
            wanted = parse(name, names).type
        except ExpressionError as error:
            raise ConfigError(f"values.{name}: {error.what}") from None
        found = type_of(plain_value(value))
        if value is not None and wanted is not Type.ANY and found is not wanted:
            raise ConfigError(f"values.{name} is {value!r}; expected {spoken_type(wanted)}")


def moment_of(around: Surroundings, at: int | None, tenant: str) -> dict[str, object]:
    """For a flow of this tenant: the clock, and what is open then; without a moment the clock shows now, and everything
    is open."""
    moment = to_datetime(at).astimezone() if at is not None else datetime.now().astimezone()
    known = hours_values(around.centre, at, tenant) if around.centre is not None and at is not None else {}
    return clock_values(moment) | known


@contextmanager
def records_of(app: App, centre_file: Path | None) -> Iterator[Callable[[OwnAsk], Rows] | None]:
    """How the records of the installation answer; None where there is none, or another centre is tried."""
    if centre_file is not None or not app.has_settings():
        yield None
        return
    with app.store() as store:
        yield lambda ask: own_rows(store.customers, ask)


def caller_of(app: App, centre_file: Path | None, number: str, tenant: str) -> dict[str, object]:
    """What the installation's records know of who rings from this number, for a flow of this tenant."""
    if centre_file is not None or not number or not app.has_settings():
        return {}
    with app.store() as store:
        customer = store.customers.by_number(number, tenant)
        return customer_values(store.customers.file(customer.id)) if customer is not None else {}


def print_walk(walked: Rehearsal) -> None:
    """Line by line: when, at which node, and what the caller hears or does."""
    console = out()
    place = ""
    for line in walked.lines:
        here = line.node
        head = f"{seconds(line.at_s):>5}  {printable(here) if here != place else '':<{PLACE}}"
        console.print(head, cell(_text(line), STYLES.get(line.what, "dim")), sep=" ")
        place = here
    keys = f"{walked.keys} key{'' if walked.keys == 1 else 's'}"
    console.print(f"{seconds(walked.seconds)} in the flow, {keys}")
    if walked.unused:
        note(f"nothing asked for these keys: {','.join(walked.unused)}")


def _text(line: Line) -> str:
    text = f"“{line.text}”" if line.what is What.HEARS else line.text
    return f"{MARKS.get(line.what, '')}{text}"
