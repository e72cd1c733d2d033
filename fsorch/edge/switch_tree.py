"""Writing the files of a switch to a folder, with a password for the event socket filled in."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import msgspec

from fsorch.edge.settings import KNOWN_PASSWORD
from fsorch.errors import ConfigError, no_room
from fsorch.resources import freeswitch_tree

__all__ = ["Exported", "export_tree"]

SOCKET_FILE = Path("autoload_configs/event_socket.conf.xml")
# The two words that stand in the shipped file, and make it useless as it is.
ADDRESS = "NO-PASSWORD-CHOSEN-YET"
PASSWORD = "CHOOSE-A-PASSWORD"
LOOPBACK = "127.0.0.1"
# What needs no quoting in XML, in FreeSWITCH's preprocessor, in YAML and on the auth line.
SAFE = re.compile(r"[A-Za-z0-9._~+=@:-]+")
SHORTEST = 12


class Exported(msgspec.Struct, frozen=True):
    """The files written, and the event socket's password in one of them."""

    files: tuple[Path, ...]
    password: str


def export_tree(directory: Path, password: str = "", *, force: bool = False) -> Exported:
    """Write the tree to `directory`. Without a `password` one is made: 32 characters, drawn by the machine.

    Raises ConfigError for a password that is weak or cannot stand in the file, for a file that is there already (unless
    `force`), and for a folder that cannot be written.
    """
    chosen = password or secrets.token_urlsafe(24)
    _check(chosen)
    tree = freeswitch_tree()
    files = sorted(path.relative_to(tree) for path in tree.rglob("*") if path.is_file())
    there = [file for file in files if (directory / file).exists()]
    if there and not force:
        raise ConfigError(f"{directory / there[0]}: is there already; use another directory, or --force to overwrite")
    try:
        for file in files:
            _write(tree / file, directory / file, chosen if file == SOCKET_FILE else "")
    except OSError as error:
        raise ConfigError(
            f"{directory}: cannot be written ({error.strerror}); {no_room(error, 'check its owner and mode')}"
        ) from None
    return Exported(tuple(directory / file for file in files), chosen)


def _check(password: str) -> None:
    if password == KNOWN_PASSWORD or len(password) < SHORTEST:
        raise ConfigError(f"the password is too easy to guess; use {SHORTEST} characters or more, or leave it out")
    if not SAFE.fullmatch(password):
        raise ConfigError("the password may hold letters, digits and ._~+=@:- only, which need no quoting in XML")


def _write(source: Path, target: Path, password: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content = source.read_bytes()
    if password:
        content = content.replace(ADDRESS.encode(), LOOPBACK.encode()).replace(PASSWORD.encode(), password.encode())
    # The file with the password is for its owner and group; it exists with that mode before the password is in it.
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640 if password else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        if password:
            os.fchmod(descriptor, 0o640)
        file.write(content)
