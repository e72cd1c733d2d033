"""A desktop to work on: the fake centre with traffic, at http://127.0.0.1:8700 (ada / sam / olga, password "pass").

Run it from the root of the repository: ``python -m tests.web.dev_server [port]``, with ``npm run dev`` or a built page.
"""

from __future__ import annotations

import random
import secrets
import sys

import gevent

from fsorch.config import WebSettings
from fsorch.edge.webserver import WebServer, listen
from fsorch.engine.views import AgentView, QueueView
from fsorch_web import create_app
from tests.web.fake import FakeCentre, FakeStore, User, wall

NAMES = (
    "Ada Lindqvist",
    "Bo Tran",
    "Carla Mendes",
    "Deniz Aydin",
    "Edda Vogt",
    "Femi Okafor",
    "Greta Olsen",
    "Hugo Weiss",
)
CALLERS = ("Marta Kowalski", "", "J. Petersen", "<b>Robert'); DROP</b>", "Ines Duarte", "Oskar & Söhne", "李小龙", "")


def centre() -> FakeCentre:
    """Eight agents, three queues with a morning's counts."""
    queues = tuple(
        QueueView(id=id, title=title, waiting=0, queued=n, answered=n - lost, abandoned=lost, within=within)
        for id, title, n, lost, within in (
            ("sales", "Sales", 142, 6, 121),
            ("support", "Support", 238, 19, 168),
            ("reception", "Reception", 31, 0, 31),
        )
    )
    agents = []
    for n, name in enumerate(NAMES):
        mine = ("sales", "support") if n % 2 else ("support", "reception")
        id = name.split()[0].lower()
        status = "logged_out" if n == 0 else "break" if n == 6 else "available"
        reason = "lunch" if status == "break" else ""
        since = wall() - (n * 97 + 12) * 1_000_000
        agents.append(
            AgentView(
                id=id, name=name, status=status, reason=reason, status_since=since, state_since=since, queues=mine,
                phone=f"user/10{n:02}@pbx.example", answered=3 * n, missed=n % 3,
            )
        )  # fmt: skip
    return FakeCentre(tuple(agents), queues)


def traffic(fake: FakeCentre, seed: int = 4) -> None:
    """Callers come, ring and talk for ever; Ada answers by hand."""
    dice = random.Random(seed)
    number = 0
    while True:
        gevent.sleep(dice.uniform(0.5, 2.5))
        number += 1
        queue = dice.choice(("sales", "support", "support", "reception"))
        phone = f"+4917{dice.randrange(10**8, 10**9)}"
        fake.call(f"c{number}", queue, phone, dice.choice(CALLERS))
        waiting = [contact for contact in fake.contacts.values() if contact.state == "waiting"]
        for contact in waiting:
            for agent in fake.agents.values():
                free = agent.status == "available" and agent.state == "idle" and contact.queue in agent.queues
                if free and dice.random() < 0.7:
                    fake.offer(contact.id, agent.id)
                    if agent.id != "ada":
                        gevent.spawn(one_call, fake, agent.id, dice.uniform(1, 6), dice.uniform(8, 40))
                    break


def one_call(fake: FakeCentre, agent: str, rings_s: float, talks_s: float) -> None:
    """What an agent of flesh would do."""
    gevent.sleep(rings_s)
    if fake.agents[agent].state == "ringing":
        fake.answer(agent)
        gevent.sleep(talks_s)
        fake.end_call(agent)
        gevent.sleep(10)
        if fake.agents[agent].state == "wrap_up":
            fake.end_wrap_up(agent)


def main() -> None:
    """Serve until Ctrl-C."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8700
    fake = centre()
    store = FakeStore(
        User("ada", "pass", "agent", "ada"), User("sam", "pass", "supervisor"), User("olga", "pass", "auditor")
    )
    app, _pages = create_app(fake.gateway, store, WebSettings(port=port), secret=secrets.token_bytes(32))
    server = WebServer(app, listen(WebSettings(port=port)))
    server.start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    traffic(fake)


if __name__ == "__main__":
    main()
