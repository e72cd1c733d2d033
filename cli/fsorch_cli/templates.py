"""The files ``fsorch init`` writes, with comments for who reads them first; and how files are written."""

from __future__ import annotations

import json
from pathlib import Path

from fsorch.config import SwitchSettings
from fsorch.errors import ConfigError, no_room

__all__ = ["centre_yaml", "settings_yaml", "write_files"]

SETTINGS = """\
# How fsorch runs here. Readable by its owner alone, for it holds the switch's password.

# The FreeSWITCH servers. The password is the one of event_socket.conf.xml on the switch.
switches:
  - name: main
    host: {host}
    port: {port}
    password: {password}

# Where the spool, the control socket and the SQLite database lie; taken from this file's folder.
home: .

# Empty: SQLite in the home. Or mysql://user:password@host:port/name
database: {database}

# The desktop. Behind a proxy that speaks HTTPS set secure_cookies to true.
web:
  host: 127.0.0.1
  port: {web_port}
  secure_cookies: false
"""

CENTRE = """\
# What the centre is. Change this file, then: fsorch apply centre.yaml
# A running fsorch follows within a second, and no caller is dropped by it.

name: Example

# Lines of waiting callers. Times are seconds. Only the id must be given.
queues:
  - id: sales
    title: Sales
    # How long a phone rings before the caller is offered to the next agent.
    offer_timeout_s: 20
    # After-call work before the next call.
    wrap_up_s: 10
    # An answer within this time counts as in time.
    service_level_s: 20
    # What waiting callers hear: anything FreeSWITCH's playback takes.
    music: local_stream://moh
  - id: support
    title: Support

# Who answers. phone is a dial string of the switch. A login lets the agent use the desktop;
# set its password with: fsorch user passwd ada
agents:
  - id: ada
    name: Ada Example
    phone: user/1001@example.org
    login: ada
    # level 1 is asked before level 2; within a level, who has been idle longest.
    queues:
      - queue: sales
      - queue: support
        level: 2
  - id: ben
    name: Ben Example
    phone: user/1002@example.org
    queues:
      - queue: support

# Reasons to be on break; max_s 0 means no limit; weight is good, neutral or bad.
breaks:
  - id: lunch
    title: Lunch
    max_s: 1800
  - id: training
    title: Training
    weight: good

# What a caller hears before the queue. fsorch flow draw main shows it, fsorch flow lint centre.yaml looks for traps in
# it, fsorch flow test main --keys 2 walks through it. 0, silence and wrong keys lead to the person: nobody is trapped.
# A flow may have a file of its own, named here: - shop.yaml. fsorch flow example lists some to begin with.
flows:
  - id: main
    start: greeting
    person: support
    nodes:
      greeting: {kind: say, prompt: greeting, next: menu}
      menu:
        kind: menu
        prompt: menu
        options: {"1": sales, "2": support, "0": person}
      sales: {kind: queue, queue: sales}
      support: {kind: queue, queue: support}

# The flow of calls for which the dialplan asks for none.
flow: main

# What is said, by language, instead of what fsorch ships; fsorch prompt build makes the audio. Or a path on the switch.
# prompts:
#   greeting: {text: {en: "Good morning, this is Example."}}
#   thanks: /var/lib/freeswitch/sounds/our/thanks.wav
"""


def settings_yaml(switch: SwitchSettings, database: str, web_port: int) -> str:
    """The settings file. Values are written as JSON strings, which YAML reads as they are."""
    return SETTINGS.format(
        host=json.dumps(switch.host),
        port=switch.port,
        web_port=web_port,
        password=json.dumps(switch.password),
        database=json.dumps(database),
    )


def centre_yaml() -> str:
    """The example centre."""
    return CENTRE


def write_files(files: dict[str, str], into: Path, *, force: bool) -> None:
    """Write texts by their names into a folder; all or, where one is there and not to be overwritten, none. Raises
    ConfigError."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        for file in files:
            if (into / file).exists() and not force:
                raise ConfigError(f"{into / file}: is there already; use --into another folder, or --force")
        for file, text in files.items():
            (into / file).write_text(text, encoding="utf-8")
    except OSError as error:
        if not force:
            # None was there before: halves of them would only be in the way of the next try.
            for file in files:
                (into / file).unlink(missing_ok=True)
        raise ConfigError(
            f"{into}: cannot be written ({error.strerror}); {no_room(error, 'check the folder')}"
        ) from None
