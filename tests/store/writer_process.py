"""A process that records calls until it is killed: ``python -m tests.store.writer_process URL SPOOL STOP_AT``.

It says ``put N`` when the spool has taken call N, and, in batch STOP_AT, ``in the middle`` from within the transaction,
where it then stays. It runs patched by gevent, as the product does."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402 - only after patching
import sys  # noqa: E402
from typing import Any  # noqa: E402

from fsorch.store import Recorder  # noqa: E402
from fsorch.store.native import Bell  # noqa: E402
from fsorch.store.writer import FactWriter  # noqa: E402
from tests.store.facts import call  # noqa: E402


def say(what: str) -> None:
    """One line to whoever started this."""
    os.write(1, f"{what}\n".encode())


def main(url: str, spool: str, stop_at: int) -> None:
    """Record some calls and wait for the end."""
    many = FactWriter._many
    batches = 0

    def stopping(self: FactWriter, sql: str, rows: dict[Any, Any]) -> None:
        nonlocal batches
        many(self, sql, rows)
        batches += "leg" in sql.split("(")[0]
        if batches == stop_at:
            say("in the middle")
            Bell().wait(600)

    FactWriter._many = stopping  # type: ignore[method-assign]
    recorder = Recorder(url, spool, batch=50, segment_bytes=20_000, linger_s=0)
    for n in range(300):
        recorder.put(call(f"c{n}"))
        say(f"put {n}")
    Bell().wait(600)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
