"""What a caller hears before the queue: a greeting, one menu, and always a way on.

Theory: each prompt is an :class:`Ask`: play, and take the first key. Keys count from the first second (barge-in),
during the greeting too, so that who knows the menu never waits. A wrong key is told so; no key, or too many wrong
ones, lead to the default queue: no caller is trapped.

::

      greeting --- silence (1) ---> menu --- silence or wrong key (3) ---> menu (again)
          |                          |
          '------ key (2) -----------'--- key (2), tries used up (4), trouble (5) ---> done: a queue

 1 the greeting is over, no key      4 the default queue
 2 the key's queue                   5 the prompt cannot be played or collected at all: the default queue
 3 while tries are left
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fsorch.config import FlowSpec
from fsorch.machine import Machine

__all__ = ["Ask", "FlowEffect", "FlowInput", "FlowMachine", "FlowSession", "FlowState", "Route"]


class FlowState(StrEnum):
    """Where in the flow the caller is."""

    GREETING = "greeting"
    MENU = "menu"
    DONE = "done"


class FlowInput(StrEnum):
    """How a prompt ended. All are events."""

    KEY = "key"
    WRONG_KEY = "wrong_key"
    SILENCE = "silence"
    TROUBLE = "trouble"
    LAST_WRONG_KEY = "last_wrong_key"
    LAST_SILENCE = "last_silence"


class FlowEffect(StrEnum):
    """What to do next."""

    ASK_MENU = "ask_menu"
    ASK_AGAIN = "ask_again"
    ROUTE_BY_KEY = "route_by_key"
    ROUTE_DEFAULT = "route_default"


_S, _I, _E = FlowState, FlowInput, FlowEffect


class FlowMachine(Machine[FlowState, FlowInput, FlowEffect]):
    """See the module's picture."""

    NAME = "the flow"
    FIRST = FlowState.GREETING
    TABLE = {
        # State: greeting
        (_S.GREETING, _I.KEY): (_E.ROUTE_BY_KEY, _S.DONE),
        (_S.GREETING, _I.WRONG_KEY): (_E.ASK_MENU, _S.MENU),
        (_S.GREETING, _I.SILENCE): (_E.ASK_MENU, _S.MENU),
        (_S.GREETING, _I.TROUBLE): (_E.ASK_MENU, _S.MENU),
        (_S.GREETING, _I.LAST_WRONG_KEY): (_E.ASK_MENU, _S.MENU),
        (_S.GREETING, _I.LAST_SILENCE): (_E.ASK_MENU, _S.MENU),
        # State: menu
        (_S.MENU, _I.KEY): (_E.ROUTE_BY_KEY, _S.DONE),
        (_S.MENU, _I.WRONG_KEY): (_E.ASK_AGAIN, _S.MENU),
        (_S.MENU, _I.SILENCE): (_E.ASK_AGAIN, _S.MENU),
        (_S.MENU, _I.TROUBLE): (_E.ROUTE_DEFAULT, _S.DONE),
        (_S.MENU, _I.LAST_WRONG_KEY): (_E.ROUTE_DEFAULT, _S.DONE),
        (_S.MENU, _I.LAST_SILENCE): (_E.ROUTE_DEFAULT, _S.DONE),
        # State: done
        (_S.DONE, _I.KEY): (None, _S.DONE),
        (_S.DONE, _I.WRONG_KEY): (None, _S.DONE),
        (_S.DONE, _I.SILENCE): (None, _S.DONE),
        (_S.DONE, _I.TROUBLE): (None, _S.DONE),
        (_S.DONE, _I.LAST_WRONG_KEY): (None, _S.DONE),
        (_S.DONE, _I.LAST_SILENCE): (None, _S.DONE),
    }


class Ask(msgspec.Struct, frozen=True):
    """Play ``prompt`` and take one key of ``keys``, waiting ``timeout_s`` seconds after its end (0: no longer than it
    plays). ``invalid`` names the prompt for a wrong key, empty for none. ``node`` is the name the answer is written
    down under; ``serial`` numbers the prompts."""

    node: str
    prompt: str
    keys: str
    timeout_s: float
    invalid: str
    serial: int


class Route(msgspec.Struct, frozen=True):
    """The flow is over: into this queue. ``key`` is what chose it, empty for the default."""

    queue: str
    key: str


class FlowSession:
    """One caller's walk through one flow. :meth:`start`, then :meth:`heard` after each Ask until it gives a Route."""

    # The menu follows the greeting at once, and takes a key as well.
    AFTER_GREETING_S = 0.0

    def __init__(self, spec: FlowSpec) -> None:
        self.spec = spec
        self.machine = FlowMachine()
        self._tries = 0
        self._serial = 0

    def start(self) -> Ask:
        """The first prompt."""
        return self._ask("greeting", self.spec.greeting, self.AFTER_GREETING_S, "")

    def resume(self, place: str) -> Ask | None:
        """Go on where an earlier session of the same flow was, by its :attr:`place`; gives the prompt it had asked.
        None, and nothing has changed, for a place that is none."""
        node, _, counts = place.partition("-")
        serial, _, tries = counts.partition("-")
        if not all(count.isascii() and count.isdigit() and len(count) < 5 for count in (serial, tries)):
            return None
        if node not in (FlowState.GREETING, FlowState.MENU):
            return None
        self._serial, self._tries = max(0, int(serial) - 1), int(tries)
        if node == FlowState.GREETING:
            return self.start()
        self.machine.step(FlowInput.SILENCE)
        return self._ask_menu()

    @property
    def place(self) -> str:
        """Where the caller is, as a short text for :meth:`resume`."""
        return f"{self.machine.state.value}-{self._serial}-{self._tries}"

    def heard(self, key: str, wrong: str = "", trouble: bool = False) -> Ask | Route | None:
        """The last Ask is over: with ``key`` (empty: none valid), after the ``wrong`` keys, or in ``trouble``.

        None when the flow is over already (a result that came late)."""
        menu = self.spec.menu
        if self.machine.state is FlowState.MENU:
            self._tries += 1
        effect = self.machine.step(self._input(key, wrong, trouble))
        if effect is FlowEffect.ROUTE_BY_KEY:
            return Route(menu.options[key], key)
        if effect is FlowEffect.ROUTE_DEFAULT:
            return Route(menu.default, "")
        if effect is None:
            return None
        return self._ask_menu()

    def _ask_menu(self) -> Ask:
        menu = self.spec.menu
        return self._ask("menu", menu.prompt, menu.timeout_s, menu.invalid)

    def _input(self, key: str, wrong: str, trouble: bool) -> FlowInput:
        if key in self.spec.menu.options:
            return FlowInput.KEY
        if trouble:
            return FlowInput.TROUBLE
        last = self._tries >= self.spec.menu.tries
        if key or wrong:
            return FlowInput.LAST_WRONG_KEY if last else FlowInput.WRONG_KEY
        return FlowInput.LAST_SILENCE if last else FlowInput.SILENCE

    def _ask(self, node: str, prompt: str, timeout_s: float, invalid: str) -> Ask:
        self._serial += 1
        return Ask(node, prompt, "".join(sorted(self.spec.menu.options)), timeout_s, invalid, self._serial)
