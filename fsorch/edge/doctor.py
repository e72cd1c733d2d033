"""Is everything as it must be? Each check says what was found and, when it is wrong, how to mend it.

`run_checks` looks at this machine (home, database, the desktop's port) and, for each switch, over one connection to its
event socket, at what fsorch needs there. It changes nothing, except that a database of an older fsorch is brought up
to date.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from fsorch.config import Centre, Settings, WebSettings
from fsorch.edge.check import Check
from fsorch.edge.control_client import ControlClient
from fsorch.edge.doctor_switch import check_switch
from fsorch.edge.prompt_texts import with_trials
from fsorch.edge.status import ServiceStatus
from fsorch.edge.webserver import listen
from fsorch.errors import ConfigError, FsorchError, no_room
from fsorch.nearest import near
from fsorch.store import Store, open_database
from fsorch.store.database import connected, writing
from fsorch.tenancy import Tenancy

__all__ = ["Check", "run_checks"]

# So many of the newest entries of the audit are looked at: a moment's work. fsorch audit verify looks at all.
AUDITED = 10_000
# A spool of one busy day is about 200 MB.
LITTLE_SPACE = 500 * 1024 * 1024


def run_checks(settings: Settings, database: str = "") -> list[Check]:
    """All checks, in the order in which mending them makes sense. ``settings`` as `read_settings` gives them;
    ``database`` instead of the one in them. Takes some seconds when a switch does not answer. Raises nothing."""
    home = Path(settings.home)
    checks = [_home(home)]
    centre, found = _database(database or settings.database)
    checks += found
    checks += _switches(settings, centre)
    checks.append(_web(settings.web, home))
    for switch in settings.switches:
        checks += check_switch(switch, centre)
    return checks


def _home(home: Path) -> Check:
    """The folder of spool and control socket can be written, and has room."""
    mend = f"make it, and give it to the user fsorch runs as: mkdir -p {home} && chown $USER {home}"
    if not home.is_dir():
        return Check("home", False, f"{home} is no folder", mend)
    for folder in (home, home / "spool"):
        if folder.is_dir() and (fault := _unwritable(folder)):
            return Check("home", False, f"{folder} cannot be written: {fault.strerror or fault}", no_room(fault, mend))
    free = shutil.disk_usage(home).free
    if free < LITTLE_SPACE:
        detail = f"{home} has {free // 2**20} MB left; records wait there when the database is away"
        return Check("home", False, detail, "make room, or set home in fsorch.yaml to a larger disk")
    return Check("home", True, f"{home}, {free // 2**30} GB free")


def _unwritable(folder: Path) -> OSError | None:
    """Why nothing can be written there; None if it can."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def _database(url: str) -> tuple[Centre | None, list[Check]]:
    """Opens, has all migrations, takes a write; and what centre is in it (None: unknown)."""
    try:
        store = open_database(url, create=False)
    except FsorchError as error:
        mend = "run: fsorch init" if "fsorch init" in str(error) else "check database in fsorch.yaml"
        return None, [Check("database", False, str(error), mend)]
    try:
        return _opened(store)
    except FsorchError as error:
        return None, [Check("database", False, str(error), "let the user fsorch runs as write to it")]
    finally:
        store.close()


def _opened(store: Store) -> tuple[Centre, list[Check]]:
    with connected(store.db) as db, writing(db):
        # No row has this number; the right to write is asked for all the same.
        db.run("UPDATE migration SET name = name WHERE number = -1")
    centre, revision, users = store.load_centre(), store.revision(), store.users()
    checks = [Check("database", True, f"opens and can be written, centre at revision {revision}")]
    if not centre.queues or not centre.flows:
        mend = "write a centre file (fsorch init makes an example) and run: fsorch apply FILE"
        checks.append(Check("centre", False, "there is no queue or no flow, so no call is taken", mend))
    else:
        detail = f"{len(centre.queues)} queues, {len(centre.agents)} agents, {len(centre.flows)} flows"
        checks.append(Check("centre", True, detail))
    checks += _tenants(store, centre)
    checks.append(_audit(store))
    if not users:
        checks.append(Check("users", None, "nobody can log in to the desktop", "add one: fsorch user add LOGIN"))
    return with_trials(*store.load_released()), checks


def _switches(settings: Settings, centre: Centre | None) -> list[Check]:
    """Whoever names a switch where their phone is names one of the settings, and the others can call them too."""
    there = {switch.name for switch in settings.switches}
    named: dict[str, list[str]] = {}
    for agent in centre.agents if centre is not None else ():
        if agent.switch and agent.switch not in there:
            named.setdefault(agent.switch, []).append(agent.id)
    checks = []
    for switch, agents in named.items():
        few = ", ".join(agents[:5]) + (f" and {len(agents) - 5} more" if len(agents) > 5 else "")
        detail = f"the settings have no switch {switch!r}, which {few} have their phone at{near(switch, there)}"
        mend = f"fsorch agent set {agents[0]} switch=NAME, or add the switch to fsorch.yaml"
        checks.append(Check("agents", False, detail, mend))
    return checks + _elsewhere(there, centre)


def _elsewhere(there: set[str], centre: Centre | None) -> list[Check]:
    """A contact is offered by the switch it is on: the others find no phone ``user/...`` that registers at one."""
    agents = [one for one in (centre.agents if centre is not None else ()) if one.switch in there]
    bound = [one for one in agents if one.phone.startswith("user/")]
    if not bound or len(there) < 2:
        return []
    one, more = bound[0], f" (and {len(bound) - 1} more)" if len(bound) > 1 else ""
    detail = (
        f"the phone of {one.id}{more} is at {one.switch}; a call that comes in elsewhere would ring {one.phone} there"
    )
    mend = f"give a dial string that leads to {one.switch} from each switch: fsorch agent set {one.id} phone=sofia/..."
    return [Check("agents", None, detail, mend)]


def _tenants(store: Store, centre: Centre) -> list[Check]:
    """Each tenant can be called, and who is bound to one sees something. Nothing for a centre without tenants."""
    tenancy, known = Tenancy(centre), {one.id for one in centre.tenants}
    faults: list[tuple[str, str]] = []
    for one in centre.tenants:
        has = tenancy.holdings(one.id)
        if not (has["queues"] or has["flows"]):
            faults.append((f"{one.id} has no queue and no flow", f"fsorch queue set QUEUE tenant={one.id}"))
        elif not (one.domain or has["numbers"] or has["campaigns"]):
            mend = f"fsorch tenant set {one.id} domain=..., or a number of its own in the centre file"
            faults.append((f"{one.id} has no domain, no number and no campaign: nobody comes to it", mend))
    bound = [(row.tenant, row.login) for row in store.users()] + [(row.tenant, row.name) for row in store.tokens()]
    for tenant, name in bound:
        if tenant and tenant not in known:
            mend = "fsorch user scope LOGIN, or fsorch token remove NAME"
            faults.append((f"{name} is bound to the tenant {tenant}, which is gone, and sees nothing", mend))
    if faults:
        return [Check("tenants", None, what, mend) for what, mend in faults]
    return [Check("tenants", True, ", ".join(sorted(known)))] if known else []


def _audit(store: Store) -> Check:
    """The newest entries of the audit are as they were written."""
    report = store.verify_audit(last=AUDITED)
    if not report.fault:
        return Check("audit", True, f"{report.checked} entries checked, none changed")
    mend = "run: fsorch audit verify, and compare with a backup"
    return Check("audit", False, f"the audit is not as it was written: {report.fault}", mend)


def _web(web: WebSettings, home: Path) -> Check:
    """The desktop's port is free, or fsorch itself has it."""
    where = f"{web.host}:{web.port}"
    running = _running(home)
    if running is not None and running.url:
        return Check("desktop", True, f"fsorch is running at {running.url}")
    try:
        listen(web).close()
    except ConfigError as error:
        return Check("desktop", False, str(error), "set web.port in fsorch.yaml, or stop the program that has it")
    return Check("desktop", True, f"{where} is free")


def _running(home: Path) -> ServiceStatus | None:
    try:
        with ControlClient(home, timeout_s=2.0) as client:
            return client.call("status", ServiceStatus)
    except FsorchError:
        return None
