"""Flows of a greeting and one menu become flows of nodes, and say the same to callers."""

from __future__ import annotations

import json
from typing import Any

from fsorch.store.steps import Steps

__all__ = ["up"]

# The bounds of the new form; the old one had none.
LONGEST_TIMEOUT_S = 60.0
MOST_TRIES = 10


def up(steps: Steps) -> None:
    """Write each version of the old form anew."""
    for id, version, body in steps.rows("flow", "id", "version", "body"):
        old = json.loads(body)
        if "menu" in old:
            steps.change("flow", {"body": json.dumps(_converted(old))}, {"id": id, "version": version})


def _converted(old: dict[str, Any]) -> dict[str, Any]:
    menu, person = old["menu"], old["menu"]["default"]
    keys = {"0": person} | menu["options"]
    others = sorted({queue for queue in keys.values() if queue != person})
    names = {person: "person"} | {queue: f"queue_{n}" for n, queue in enumerate(others, 1)}
    tries = max(1, min(MOST_TRIES, int(menu.get("tries", 2))))
    nodes: dict[str, Any] = {
        "greeting": {"kind": "say", "prompt": old.get("greeting") or "greeting", "next": "menu"},
        "menu": {
            "kind": "menu",
            "prompt": menu.get("prompt") or "menu",
            "options": {key: names[queue] for key, queue in keys.items()},
            "timeout_s": max(0.0, min(LONGEST_TIMEOUT_S, float(menu.get("timeout_s", 5.0)))),
            "tries": tries,
            "invalids": tries,
            "invalid": menu.get("invalid", "invalid"),
        },
    }
    nodes |= {names[queue]: {"kind": "queue", "queue": queue} for queue in others}
    kept = {key: old[key] for key in ("calendar", "on_closed") if old.get(key)}
    return {"id": old["id"], "start": "greeting", "person": person, "nodes": nodes} | kept
