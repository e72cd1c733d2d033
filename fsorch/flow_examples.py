"""The flows that fsorch ships to begin with: each with a centre that it fits, and answers to try it by. And a centre of
two clients."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CLIENTS", "EXAMPLES", "KEYS", "clients_file", "example_files"]

FOLDER = Path(__file__).resolve().parent / "examples"
# What each is, by name.
EXAMPLES = {
    "shop": "a small shop: opening hours, orders, returns, a call back or a message when nobody is there",
    "operator": "a mobile operator: balance, bill, where a matter stands, a person; by number, customer number or PIN",
    "clinic": "a clinic in English and Spanish: appointments, prescriptions, urgent matters at once",
}

# A centre of two clients, for docs/tenants.md.
CLIENTS = "clients.yaml"

# Keys that show something of each, for ``fsorch flow test`` with its answers.
KEYS = {"shop": "1,1", "operator": "2580,3", "clinic": "2,3,01021980,1"}


def clients_file() -> str:
    """The centre of an outsourcer with two clients, as text."""
    return (FOLDER / CLIENTS).read_text(encoding="utf-8")


def example_files(name: str) -> dict[str, str]:
    """The files of an example by their names: the flow, its centre, answers for ``fsorch flow test``. Raises KeyError
    for a name that is not in EXAMPLES."""
    EXAMPLES[name]
    names = (f"{name}.yaml", f"{name}-centre.yaml", f"{name}-answers.yaml")
    return {file: (FOLDER / file).read_text(encoding="utf-8") for file in names}
