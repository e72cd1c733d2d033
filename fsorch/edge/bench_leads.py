"""What ``fsorch bench leads`` measures: a large list imported, its next leads chosen, a large register looked up.

The file is written first and read through the same door as ``fsorch list import``: guessed columns, numbers checked and
held against those that are there, some faulty, some there already, in a database that nobody else uses. Then a campaign
reserves leads again and again, as a dialler does, in the usual order, and another one by a filter and an order of the
list's own fields. Each figure stands beside its limit; a ratio of 1 is at the limit, and better is larger for rows,
smaller for times.
"""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from fsorch.campaigns import CampaignSpec, ListShare, OrderBy, OrderKey
from fsorch.edge.lead_import import ImportOptions, import_leads
from fsorch.store import Store, open_database
from fsorch.store.lead_lists import LeadList

__all__ = ["LIMITS", "run"]

LIMITS = {"rows_per_s": 20_000.0, "next_ms": 20.0, "dnc_ms": 1.0}
LIST = "bench"
# Leads that a dialler with some tens of agents takes at once.
AT_ONCE = 50
ROUNDS = 60
LOOK_UPS = 2_000
# One row in so many has a number that cannot be, and one the number of the row before: as lists are.
EVERY = 50
AREAS = ("212", "415", "312", "617", "206", "305", "702", "503")
CAMPAIGNS = {
    "": CampaignSpec(id="plain", lists=(ListShare(list=LIST),)),
    "filter_": CampaignSpec(
        id="filter",
        lists=(ListShare(list=LIST),),
        filter='field.city == "Ulm" and number(field.score) > 500',
        order=(OrderKey(by=OrderBy.FIELD, field="score", down=True), OrderKey(by=OrderBy.RANDOM)),
    ),
}


def run(
    leads: int = 1_000_000,
    numbers: int = 10_000_000,
    url: str = "",
    seed: int = 1,
    told: Callable[[str], None] | None = None,
) -> dict[str, float]:
    """Measure with so many leads and numbers of a register, in the empty database ``url`` (none: a SQLite file of its
    own), and return flat figures: ``rows_per_s`` and ``rows_per_s_cpu`` (by the clock, and by the processor time of
    this process), ``memory_mb`` (by which this process grew for the import, at most) and ``peak_mb`` (how large it was
    then), ``next_ms`` (the 95th percentile of choosing and reserving), ``dnc_ms`` (likewise, of one look-up), each
    with ``_ratio`` to its limit, and what else was seen."""
    say = told or (lambda _words: None)
    with tempfile.TemporaryDirectory(prefix="fsorch-bench-") as folder:
        with closing(open_database(url or f"sqlite:///{folder}/bench.db")) as store:
            figures = _import(store, Path(folder) / "leads.csv", leads, seed, say)
            for name, spec in CAMPAIGNS.items():
                figures |= {f"{name}{key}": value for key, value in _next(store, spec, say).items()}
            figures |= _register(store, numbers, seed, say)
    for name, limit in LIMITS.items():
        figures[f"{name}_ratio"] = figures[name] / limit
    figures["filter_next_ms_ratio"] = figures["filter_next_ms"] / LIMITS["next_ms"]
    return figures


def _import(store: Store, path: Path, leads: int, seed: int, say: Callable[[str], None]) -> dict[str, float]:
    say("writing a file of leads")
    _write(path, leads, seed)
    store.leads.lists.make(LeadList(id=LIST), "bench")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    say(f"importing {leads:,} leads")
    began, worked = time.perf_counter(), time.process_time()
    done = import_leads(
        store,
        path,
        LIST,
        ImportOptions(region="US"),
        "bench",
        told=lambda state, _share: say(f"{state.rows:,} rows imported"),
    )
    took, worked = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows": float(done.rows),
        "taken": float(done.taken),
        "refused": float(done.refused),
        "doubles": float(done.doubles),
        "rows_per_s": done.rows / took,
        "rows_per_s_cpu": done.rows / worked,
        "memory_mb": (peak - before) / 1024,
        "peak_mb": peak / 1024,
    }


def _write(path: Path, leads: int, seed: int) -> None:
    """Names, one number in national form and sometimes a second one, fields; some numbers faulty, some twice."""
    source = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("First Name,Last Name,Phone,Mobile,City,Score,Zip\n")
        for n in range(leads):
            is_faulty, is_double = n % EVERY == EVERY // 2, n % EVERY == EVERY - 1
            number = f"+999 {n}" if is_faulty else _national(n - is_double)
            second = f"+1{AREAS[n % len(AREAS)]}{source.randrange(2_000_000, 9_999_999)}"
            mobile = second if n % 5 == 0 and not is_faulty else ""
            city = source.choice(("Ulm", "Bonn", "Kiel"))
            file.write(f"Anna{n % 977},Smith{n % 3331},{number},{mobile},{city},{n % 1000},{n % 99_999:05}\n")


def _national(n: int) -> str:
    """Each number once: what is left of n is the place within the area."""
    return f"({AREAS[n % len(AREAS)]}) {200 + n // 8 % 800}-{n // 6400 % 10_000:04}"


def _next(store: Store, spec: CampaignSpec, say: Callable[[str], None]) -> dict[str, float]:
    say(f"making the index of the campaign {spec.id}")
    began = time.perf_counter()
    store.leads.prepare(spec)
    prepared = time.perf_counter() - began
    say(f"choosing leads for the campaign {spec.id}")
    took = []
    for n in range(ROUNDS):
        now = time.time_ns() // 1_000
        began = time.perf_counter()
        found = store.leads.reserve(spec, AT_ONCE, now, f"bench:{spec.id}:{n}")
        took.append(time.perf_counter() - began)
        store.leads.release([one.lead.id for one in found.leads], f"bench:{spec.id}:{n}")
    # The first turn warms up what every process has warm.
    took = sorted(took[1:])
    return {
        "index_s": prepared,
        "next_ms": took[int(len(took) * 0.95)] * 1_000,
        "next_ms_p50": took[len(took) // 2] * 1_000,
    }


def _register(store: Store, numbers: int, seed: int, say: Callable[[str], None]) -> dict[str, float]:
    say(f"importing a register of {numbers:,} numbers")
    began = time.perf_counter()
    store.dnc.take("register", _numbers(numbers), "bench")
    took = time.perf_counter() - began
    say("looking numbers up")
    source = random.Random(seed)
    times = []
    hits = 0
    for _ in range(LOOK_UPS):
        # Half of them stand on the register.
        number = 12_000_000_000 + source.randrange(numbers) * 700 + (0 if source.random() < 0.5 else 1)
        began = time.perf_counter()
        hits += store.dnc.find(f"+{number}", "plain") is not None
        times.append(time.perf_counter() - began)
    times.sort()
    return {
        "dnc_rows_per_s": numbers / took,
        "dnc_ms": times[int(len(times) * 0.95)] * 1_000,
        "dnc_ms_p50": times[len(times) // 2] * 1_000,
        "dnc_hits": float(hits),
    }


def _numbers(count: int) -> Iterator[int]:
    """In order, as registers come."""
    for n in range(count):
        yield 12_000_000_000 + n * 700
