"""The files of an installation, read and checked: ``fsorch.yaml`` says how to run, a centre file what to be."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from fsorch.config import Centre, Settings, SwitchSettings, decode
from fsorch.doors import check_addresses, check_doors
from fsorch.errors import ConfigError, StoreError
from fsorch.flows import FlowSpec
from fsorch.hostile import DEEPEST
from fsorch.store.sources import open_source

__all__ = [
    "KNOWN_PASSWORD",
    "MAX_FILE",
    "check_switch",
    "parse_yaml",
    "read_centre",
    "read_flow",
    "read_settings",
    "read_yaml",
]

# What every FreeSWITCH is shipped with (conf/vanilla/autoload_configs/event_socket.conf.xml).
KNOWN_PASSWORD = "ClueCon"
# The centre file of ten thousand agents has four megabytes.
MAX_FILE = 8 * 1024 * 1024
# A file that is called so is what comes from standard input.
STANDARD_INPUT = Path("-")
INPUT_NAME = "standard input"


def read_settings(path: Path) -> Settings:
    """The settings in ``path``, complete: ``home`` absolute (a relative one is taken from the file's folder) and
    ``database`` filled in. Raises ConfigError."""
    settings = decode(read_yaml(path), Settings, where=str(path))
    if not settings.switches:
        raise ConfigError(f"{path}: switches is empty; name at least one FreeSWITCH with its host, port and password")
    names = [switch.name for switch in settings.switches]
    for n, switch in enumerate(settings.switches):
        if names.count(switch.name) > 1:
            raise ConfigError(f"{path}: switches has the name {switch.name!r} twice")
        check_switch(switch, f"{path}: switches[{n}]")
    check_doors(settings.web.doors, f"{path}: web.doors")
    check_addresses(settings.web.metrics.allow, f"{path}: web.metrics.allow")
    check_addresses(settings.web.proxies, f"{path}: web.proxies")
    home = (path.parent / settings.home).resolve()
    ca_file = settings.lookups.ca_file
    return msgspec.structs.replace(
        settings,
        home=str(home),
        database=_database(settings.database, home),
        sources={name: _source(name, url, home, path) for name, url in settings.sources.items()},
        lookups=msgspec.structs.replace(settings.lookups, ca_file=str(home / ca_file) if ca_file else ""),
    )


def read_centre(path: Path) -> Centre:
    """The centre in the YAML file ``path``. A flow in it may be the path of a file of its own, taken from the folder of
    ``path``; ``-`` is standard input. Raises ConfigError with the key at fault."""
    data = _read_input() if path == STANDARD_INPUT else read_yaml(path)
    flows = data.get("flows")
    if isinstance(flows, list):
        data["flows"] = [read_yaml(path.parent / flow) if isinstance(flow, str) else flow for flow in flows]
    return decode(data, Centre, where=INPUT_NAME if path == STANDARD_INPUT else str(path))


def read_flow(path: Path) -> FlowSpec:
    """The flow in the YAML file ``path``. Raises ConfigError that names flow, node and key."""
    return decode(read_yaml(path), FlowSpec, where=str(path))


def check_switch(switch: SwitchSettings, where: str) -> None:
    """ConfigError when the password or the address must not be used. The well-known password is let through only to a
    switch on this machine."""
    if not switch.password:
        raise ConfigError(f"{where}.password is empty; set the one of the switch's event_socket.conf.xml")
    if not 0 < switch.port < 65536:
        raise ConfigError(f"{where}.port is {switch.port}; a port is 1 to 65535")
    if switch.password == KNOWN_PASSWORD and not _is_loopback(switch.host):
        raise ConfigError(
            f"{where}.password is {KNOWN_PASSWORD}, the one every FreeSWITCH is shipped with, and {switch.host} is not "
            f"on this machine; choose another in the switch's event_socket.conf.xml and here"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _database(url: str, home: Path) -> str:
    """The database's address; a relative SQLite path lies in the home, wherever the process was started."""
    scheme, _, path = (url or "sqlite:///fsorch.sqlite3").partition(":///")
    return f"sqlite:///{home / path}" if scheme == "sqlite" else url


def _source(name: str, url: str, home: Path, path: Path) -> str:
    """As the database's. Raises ConfigError, without the password that the address may hold."""
    url = _database(url, home)
    try:
        open_source(name, url)
    except StoreError as error:
        raise ConfigError(f"{path}: sources.{name}: {error}") from None
    return url


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in the YAML file ``path``. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error}); check the path") from None
    return _parse_all(data, str(path))


def _read_input() -> dict[str, Any]:
    return _parse_all(sys.stdin.buffer.read(MAX_FILE + 1), INPUT_NAME)


def _parse_all(data: bytes, where: str) -> dict[str, Any]:
    if len(data) > MAX_FILE:
        raise ConfigError(f"{where}: is larger than {MAX_FILE} bytes; this is no fsorch file")
    return parse_yaml(data, where)


def parse_yaml(data: bytes, where: str) -> dict[str, Any]:
    """The mapping that YAML (or JSON, which is YAML) says. ``where`` names the source. Raises ConfigError."""
    try:
        _check_depth(data, where)
        loaded = yaml.load(data, Loader=Once)  # noqa: S506 - a safe loader, only stricter
    except ImpossibleValue as error:
        raise ConfigError(f"{where}: has a value that cannot be ({_place(error, data)}); put text in quotes") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: is not YAML ({_place(error, data)}); mend it there") from None
    if not isinstance(loaded, dict):
        raise ConfigError(f"{where}: must be a list of `key: value` lines at its top; see fsorch init for an example")
    return loaded


class ImpossibleValue(yaml.constructor.ConstructorError):
    """What looks like a date or a number and is none: 2027-13-45, a number of a thousand digits."""


class Once(yaml.CSafeLoader):
    """Plain values only, and no key twice: YAML's own loader would take the last and drop the others unseen."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As SafeLoader does. Raises ImpossibleValue, which knows the place, where that has a plain ValueError."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise ImpossibleValue(None, None, f"{str(node.value)[:40]!r}: {error}", node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As SafeLoader does. Raises ConstructorError for a key that stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _check_depth(data: bytes, where: str) -> None:
    """No deeper than DEEPEST: the loader goes down by calling itself, and what is too deep would end the process."""
    depth = 0
    for event in yaml.parse(data, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise ConfigError(f"{where}: is nested deeper than {DEEPEST} levels; this is no fsorch file")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _place(error: Exception, data: bytes) -> str:
    """Where in ``data`` and what, as an editor counts."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', None)}"
    if not isinstance(error, yaml.reader.ReaderError):
        return str(getattr(error, "problem", None) or "unreadable bytes")
    before = data[: error.position]
    line, byte = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return f"line {line}, byte {byte}: {error.reason}; save it as UTF-8 text"
