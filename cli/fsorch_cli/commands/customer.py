"""``fsorch customer``: who the callers are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO, Any

import click
import msgspec

from fsorch.customers import Customer, Note
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch_cli.app import App
from fsorch_cli.console import first_rows, note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, local_time, missing
from fsorch_cli.options import AS_JSON, limited

WHO = click.argument("customer", metavar="CUSTOMER")
# What a column of an imported file is; the others are the customer's own fields.
KNOWN = ("reference", "tenant", "name", "numbers", "tier", "language", "agent", "pin")
TENANT = click.option("--tenant", default=None, metavar="ID", help="Whose customer; empty: everybody's.")
MOST_COMPLAINTS = 20


@click.group("customer", cls=Group)
def command() -> None:
    """Customers. CUSTOMER is their customer number, a telephone number, or the id."""


@command.command("list")
@click.argument("text", default="", metavar="[TEXT]")
@limited(50)
@AS_JSON
@click.pass_obj
def list_customers(app: App, text: str, limit: int, as_json: bool) -> None:
    """Customers whose name, customer number or telephone number TEXT is; without TEXT those changed last."""
    with app.store() as store:
        found = first_rows(store.customers.search(text, limit + 1), limit)
    if as_json:
        print_json(found)
        return
    rows = [(one.reference, one.name, one.tier, ", ".join(one.numbers), one.agent, one.tenant) for one in found]
    print_table(("reference", "name", "tier", "numbers", "agent", "tenant"), rows, empty="No such customer.")


@command.command("show")
@WHO
@TENANT
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="So many promises, and notes."
)
@AS_JSON
@click.pass_obj
def show(app: App, customer: str, tenant: str | None, limit: int, as_json: bool) -> None:
    """All about CUSTOMER: open tickets, promises, notes."""
    with app.store() as store:
        file = store.customers.file(find_customer(store, customer, tenant).id, limit + 1)
    promises, notes = (tuple(first_rows(rows, limit)) for rows in (file.promises, file.notes))
    file = msgspec.structs.replace(file, promises=promises, notes=notes)
    if as_json:
        print_json(file)
        return
    one = file.customer
    rows: list[tuple[str, str]] = [
        (name, str(value))
        for name, value in (
            ("reference", one.reference),
            ("name", one.name),
            ("tier", one.tier),
            ("language", one.language),
            ("own agent", one.agent),
            ("tenant", one.tenant),
            ("numbers", ", ".join(one.numbers)),
            ("PIN", "set" if one.has_pin else "none"),
            *sorted(one.fields.items()),
        )
        if value
    ]
    rows += [(f"ticket {ticket.reference}", f"{ticket.state.value}: {ticket.subject}") for ticket in file.tickets]
    rows += [(f"promised by {local_time(made.due_at)}", made.what) for made in file.promises]
    rows += [(f"note of {local_time(written.at)}", f"{written.text} ({written.author})") for written in file.notes]
    print_table(("", ""), rows, empty="")


@command.command("add")
@click.option("--reference", default="", help="The customer number, which they may key.")
@click.option("--name", default="")
@click.option("--number", "numbers", multiple=True, help="A telephone number; may be given several times.")
@click.option("--tier", default="", help="Your own word for their rank, which flows and queues may ask for.")
@click.option("--language", default="", help="The language they are spoken to in, such as en.")
@click.option("--agent", default="", help="Their own agent; an id of the centre.")
@click.option("--tenant", default="", metavar="ID", help="Whose customer they are; without it, everybody's.")
@click.option("--field", "fields", multiple=True, metavar="NAME=TEXT", help="A field of your own; several times.")
@click.option("--pin", default=None, help="4 to 12 digits by which they prove who they are; kept as a hash only.")
@AS_JSON
@click.pass_obj
def add(app: App, /, fields: tuple[str, ...], pin: str | None, as_json: bool, **given: Any) -> None:
    """Make a customer, or replace the one of the same tenant with the same reference."""
    if not (given["reference"] or given["numbers"]):
        raise ConfigError("the customer has neither --reference nor --number; give one, so that they can be found")
    customer = msgspec.convert(given | {"fields": _fields(fields)}, Customer)
    with app.store() as store:
        _check_tenant(customer, _tenants(store))
        made = store.customers.put(customer, asked_by(), pin=pin)
    print_json(made) if as_json else out().print(f"customer {printable(made.reference or made.id)} is kept")


@command.command("remove")
@WHO
@TENANT
@click.pass_obj
def remove(app: App, customer: str, tenant: str | None) -> None:
    """Forget CUSTOMER, their numbers, tickets, notes and promises. Contacts on record stay."""
    with app.store() as store:
        store.customers.remove(find_customer(store, customer, tenant).id, asked_by())
    out().print(f"customer {printable(customer)} is forgotten")


@command.command("note")
@WHO
@click.argument("text")
@TENANT
@click.pass_obj
def add_note(app: App, customer: str, text: str, tenant: str | None) -> None:
    """Write a note about CUSTOMER."""
    with app.store() as store:
        store.customers.add_note(Note(customer=find_customer(store, customer, tenant).id, text=text), asked_by())
    out().print("noted")


@command.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--dry-run", is_flag=True, help="Read and check all rows, and keep nothing.")
@click.option("--delimiter", default=",", show_default=True, help="What parts the columns.")
@click.pass_obj
def import_(app: App, file: IO[str], dry_run: bool, delimiter: str) -> None:
    """Take customers from a CSV FILE whose first row names the columns: reference, name, numbers (several: parted by
    spaces or semicolons), tier, language, agent, tenant, pin; every other column becomes a field of that name.

    A row that cannot be taken is told with its number and reason, the others are kept; then the exit code is 1."""
    if len(delimiter) != 1:
        raise ConfigError(f"the delimiter is {delimiter!r}; give one character")
    kept, faults = 0, []
    with app.store() as store:
        tenants = _tenants(store)
        for number, customer, pin in _rows(file, delimiter):
            try:
                if isinstance(customer, str):
                    raise ConfigError(customer)
                _check_tenant(customer, tenants)
                if not dry_run:
                    store.customers.put(customer, asked_by(), pin=pin)
                kept += 1
            except (ConfigError, NotFound) as error:
                faults.append(f"row {number}: {error}")
    for fault in faults[:MOST_COMPLAINTS]:
        note(fault)
    if len(faults) > MOST_COMPLAINTS:
        note(f"and {len(faults) - MOST_COMPLAINTS} more")
    out().print(f"{kept} customers {'could be kept' if dry_run else 'are kept'}, {len(faults)} rows could not")
    if faults:
        raise click.exceptions.Exit(1)


def find_customer(store: Store, name: str, tenant: str | None = None) -> Customer:
    """The customer with this reference, telephone number or id, of this tenant if it is said. Raises NotFound, and
    ConfigError where several tenants have one."""
    found = [one for one in store.customers.named(name) if tenant in (None, one.tenant)]
    if not found:
        raise NotFound("customer", name)
    if len(found) > 1:
        whose = " or ".join(f"--tenant {one.tenant!r}" for one in found)
        raise ConfigError(f"{name[:64]} is a customer of several tenants; say whose: {whose}")
    return found[0]


def _tenants(store: Store) -> list[str]:
    return [one.id for one in store.load_centre().tenants]


def _check_tenant(customer: Customer, known: list[str]) -> None:
    """The tenant whose customer this is to be is there. Raises NotFound."""
    tenant = customer.tenant or customer.fields.get("tenant", "")
    if tenant and tenant not in known:
        raise missing("tenant", tenant, known)


def _fields(pairs: tuple[str, ...]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not name or not sign:
            raise ConfigError(f"--field is {pair!r}; expected NAME=TEXT")
        fields[name] = value
    return fields


def _rows(file: IO[str], delimiter: str) -> Iterator[tuple[int, Customer | str, str | None]]:
    """Number, customer (or what is wrong with the row), PIN."""
    reader = csv.DictReader(file, delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        if not {"reference", "numbers"} & set(names):
            raise ConfigError(f"{file.name} has neither a column reference nor numbers; its first row must name them")
        reader.fieldnames = names
        for row in reader:
            yield reader.line_num, *_read(row)
    except (csv.Error, UnicodeError) as error:
        raise ConfigError(f"{file.name}, line {reader.line_num + 1}: {error}; expected CSV in UTF-8") from error


def _read(row: dict[Any, Any]) -> tuple[Customer | str, str | None]:
    if None in row or None in row.values():
        return "it has not as many columns as the first row", None
    known = {name: value.strip() for name, value in row.items()}
    if not (known.get("reference") or known.get("numbers")):
        return "it has neither a reference nor a number", None
    customer = Customer(
        **{name: known.get(name, "") for name in KNOWN if name not in ("numbers", "pin")},
        numbers=tuple(known.get("numbers", "").replace(";", " ").split()),
        fields={name: value for name, value in known.items() if name not in KNOWN and value},
    )
    return customer, known.get("pin") or None
