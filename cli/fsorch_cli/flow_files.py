"""Flows as the command line is given them: by file, or by the name of one in the centre; and the centre around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from fsorch.config import Centre, world_of
from fsorch.edge.prompt_texts import wanted
from fsorch.edge.settings import read_centre, read_flow, read_yaml
from fsorch.engine.sounds import spoken
from fsorch.errors import ConfigError
from fsorch.flows import FlowSpec, FlowWorld
from fsorch.ivr.speech import File, Utterance
from fsorch_cli.app import App
from fsorch_cli.live import missing

__all__ = ["Surroundings", "flows_of", "one_flow", "prompts_around", "surroundings", "words_of"]


class Surroundings(msgspec.Struct, frozen=True):
    """What is known around flows: the ``centre`` (None: nothing, so names are not checked) and the databases of
    others that the settings name."""

    centre: Centre | None
    sources: frozenset[str] | None = None

    @property
    def flows(self) -> dict[str, FlowSpec]:
        """Those of the centre, by id."""
        return {flow.id: flow for flow in self.centre.flows} if self.centre is not None else {}

    def world(self, flows: Iterable[FlowSpec]) -> FlowWorld:
        """What the checks of ``flows`` see, which stand beside those of the centre."""
        known = self.flows | {flow.id: flow for flow in flows}
        if self.centre is None:
            return FlowWorld(flows=known, sources=self.sources)
        return msgspec.structs.replace(world_of(self.centre), flows=known, sources=self.sources)


def surroundings(app: App, file: Path | None) -> Surroundings:
    """The centre of ``file``; else that of the installation, once one has been applied."""
    sources = frozenset(app.settings().sources) if app.has_settings() else None
    if file is not None:
        return Surroundings(read_centre(file), sources)
    if not app.has_settings():
        return Surroundings(None)
    with app.store() as store:
        return Surroundings(store.load_centre() if store.revision() else None, sources)


def flows_of(names: Iterable[str], around: Surroundings) -> list[FlowSpec]:
    """The flows that are named: each a file of one, a centre file with several, or one of the centre's.

    Raises ConfigError, or NotFound."""
    return [flow for name in names for flow in _flows(name, around)]


def one_flow(name: str, around: Surroundings) -> FlowSpec:
    """As :func:`flows_of`, for what is one. Raises ConfigError for a file with several."""
    flows = _flows(name, around)
    if len(flows) != 1:
        raise ConfigError(f"{name}: holds {len(flows)} flows; give a file of one")
    return flows[0]


def _flows(name: str, around: Surroundings) -> tuple[FlowSpec, ...]:
    path = Path(name)
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
        if name not in around.flows:
            raise missing("file or flow of the centre", name, around.flows)
        return (around.flows[name],)
    data = read_yaml(path)
    if "nodes" not in data and "flows" in data:
        return read_centre(path).flows
    return (read_flow(path),)


def words_of(centre: Centre | None, flows: Iterable[FlowSpec]) -> Callable[[Utterance], str]:
    """What each piece of audio says: of the centre, fsorch, and these flows."""
    known = centre or Centre()
    everyone = {flow.id: flow for flow in (*known.flows, *flows)}
    languages = {language for flow in everyone.values() for language in flow.languages} | {"en"}
    whole = msgspec.structs.replace(known, flows=tuple(everyone.values()))
    texts = {(one.language, one.name): one.text or f"[{one.path}]" for one in wanted(whole, sorted(languages))}

    def words(said: Utterance) -> str:
        if not isinstance(said, File):
            return said.text
        return texts.get((said.language, said.name)) or f"[{said.name}]"

    return words


def prompts_around(centre: Centre | None) -> Callable[[str, Mapping[str, object], str], tuple[Utterance, ...]]:
    """How the centre says its own prompts."""
    known = centre or Centre()
    return lambda name, values, language: spoken(known, name, values, language)
