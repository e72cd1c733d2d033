"""Passwords at the terminal: asked for twice, read from standard input, or made and shown once."""

from __future__ import annotations

import secrets
import sys

import click

from fsorch.errors import ConfigError

__all__ = ["ask_password", "make_password"]

# No letters that are mistaken for others when read aloud or copied by hand. 4 groups of 4 are 78 bits.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def make_password() -> str:
    """A new password, such as ``kq3d-7mzt-vwx2-r9pe``."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def ask_password(whose: str, *, from_stdin: bool) -> tuple[str, bool]:
    """The password for ``whose`` and whether it was made here (then show it once).

    From the first line of standard input when told so; asked for at a terminal, where an empty answer makes one;
    made where there is no terminal. Raises ConfigError; whether it is good enough is the store's to say."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise ConfigError("standard input holds no password; its first line is taken")
    elif sys.stdin.isatty():
        given = click.prompt(
            f"Password for {whose} (empty: one is made)", default="", show_default=False, hide_input=True, err=True
        )
        if given and click.prompt("Once more", hide_input=True, err=True) != given:
            raise ConfigError("the two passwords differ; nothing has been set")
    else:
        given = ""
    if not given:
        return make_password(), True
    return given, False
