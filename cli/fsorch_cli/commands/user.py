"""``fsorch user``: who may log in."""

from __future__ import annotations

import io

import click
import segno

from fsorch.errors import ConfigError
from fsorch.names import Role
from fsorch.store import UserRow
from fsorch.store.factors import new_factor
from fsorch.store.scopes import write_scope
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, missing
from fsorch_cli.options import AS_JSON
from fsorch_cli.passwords import ask_password
from fsorch_cli.scopes import TENANT, known_queues, known_tenant, shown_scope

QUEUES = click.option("--queues", default=None, metavar="A,B", help="They see these queues only, and what is theirs.")
FROM_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group("user", cls=Group)
def command() -> None:
    """Who may log in to the desktop."""


@command.command("list")
@AS_JSON
@click.pass_obj
def list_users(app: App, as_json: bool) -> None:
    """Every login with its role and agent; never a password."""
    with app.store() as store:
        users = store.users()
    if as_json:
        print_json(users)
        return
    rows = [
        (user.login, user.role, user.agent, shown_scope(user.scope, user.tenant), format_access(user)) for user in users
    ]
    empty = "No users yet; make one with: fsorch user add LOGIN"
    print_table(("login", "role", "agent", "sees", "may log in"), rows, empty=empty)


@command.command("add")
@click.argument("login")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="agent", show_default=True)
@click.option("--agent", default=None, help="The agent they work as; an id of the centre.")
@QUEUES
@TENANT
@FROM_STDIN
@click.pass_obj
def add(
    app: App,
    login: str,
    role: str,
    agent: str | None,
    queues: str | None,
    tenant: str | None,
    password_stdin: bool,
) -> None:
    """Let LOGIN in. The password is asked for, or made and shown once."""
    with app.store() as store:
        if store.user(login) is not None:
            raise ConfigError(f"there is a user {login!r} already; for a new password: fsorch user passwd {login}")
        agents = [one.id for one in store.load_centre().agents]
        if agent is not None and agent not in agents:
            raise missing("agent", agent, agents)
        scope, whose = known_queues(store, queues or ""), known_tenant(store, tenant or "")
        # Before a password is asked for.
        write_scope(login, role, scope, whose)
        password, made = ask_password(login, from_stdin=password_stdin)
        store.set_password(login, password, role=role, agent=agent, by=asked_by(), scope=scope, tenant=whose)
    show_password(login, password, made)


@command.command("scope")
@click.argument("login")
@QUEUES
@TENANT
@click.pass_obj
def scope(app: App, login: str, queues: str | None, tenant: str | None) -> None:
    """Bound LOGIN to the queues of --queues ("" is all of them), or to a --tenant. Sessions of LOGIN end."""
    if queues is None and not tenant:
        raise click.UsageError('name the queues with --queues a,b, or a --tenant; --queues "" is all of them')
    with app.store() as store:
        if store.user(login) is None:
            raise missing("user", login, [user.login for user in store.users()])
        bound, whose = known_queues(store, queues or ""), known_tenant(store, tenant or "")
        user = store.set_scope(login, bound, by=asked_by(), tenant=whose)
    out().print(printable(f"{login} sees {shown_scope(user.scope, user.tenant) or 'all queues'}"))


@command.command("passwd")
@click.argument("login")
@FROM_STDIN
@click.pass_obj
def passwd(app: App, login: str, password_stdin: bool) -> None:
    """Give LOGIN a new password."""
    with app.store() as store:
        if store.user(login) is None:
            raise missing("user", login, [user.login for user in store.users()])
        password, made = ask_password(login, from_stdin=password_stdin)
        store.set_password(login, password, by=asked_by())
    show_password(login, password, made)


@command.command("second-factor")
@click.argument("login")
@click.option("--remove", is_flag=True, help="The password is enough again.")
@click.pass_obj
def second_factor(app: App, login: str, remove: bool) -> None:
    """Ask LOGIN for a one-time code beside the password.

    Shows a picture for the app of LOGIN (any that knows TOTP) and asks for its first code. Sessions of LOGIN end."""
    with app.store() as store:
        if store.user(login) is None:
            raise missing("user", login, [user.login for user in store.users()])
        if remove:
            store.factors.remove(login, asked_by())
            out().print(f"{printable(login)} logs in with the password alone")
            return
        secret, address = new_factor(login)
        picture = io.StringIO()
        segno.make(address, micro=False).terminal(picture, compact=True)
        click.echo(picture.getvalue(), err=True)
        click.echo(f"Scan this, or type the secret into the app: {secret}", err=True)
        code = click.prompt("The code that it shows now", err=True)
        store.factors.set(login, secret, code, asked_by())
    out().print(f"{printable(login)} is asked for a code from now on")


def format_access(user: UserRow) -> str:
    """Whether ``user`` may log in, and why not."""
    if not user.active:
        return "no: not in the centre any more"
    if user.second_factor:
        return "yes, with a code"
    return "yes" if user.has_password else "no: has no password yet"


def show_password(login: str, password: str, made: bool) -> None:
    """Say that ``login`` may come in, and with what if the password was made here."""
    if made:
        out().print(f"{printable(login)} logs in with {password}")
        note("It is shown this once and stored only as a hash.")
    else:
        out().print(f"{printable(login)} logs in with the password you gave")
