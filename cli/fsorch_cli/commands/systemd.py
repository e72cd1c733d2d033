"""``fsorch systemd``: the unit by which systemd runs this installation."""

from __future__ import annotations

import getpass
import re
import shutil
import sys
from pathlib import Path

import click

from fsorch.errors import ConfigError
from fsorch_cli.app import App
from fsorch_cli.group import Command

UNIT = """\
# The service of one fsorch. Put it into /etc/systemd/system/fsorch.service, then:
#   systemctl daemon-reload && systemctl enable --now fsorch
[Unit]
Description=fsorch contact centre ({home})
Wants=network-online.target
# A FreeSWITCH or database that is not there yet, or goes away, is waited for: nothing has to be started before.
After=network-online.target freeswitch.service mariadb.service
# However often it ends: callers wait for it.
StartLimitIntervalSec=0

[Service]
# It says when it serves, and that it lives. One that has not said so for a minute hangs: it is ended and started again.
Type=notify
NotifyAccess=main
TimeoutStartSec=infinity
WatchdogSec=60
User={user}
ExecStart={program} run --settings {settings}
WorkingDirectory={home}
Restart=always
RestartSec=1
# On SIGTERM the last facts are written first; callers stay on the switch, and are found again at the next start.
KillSignal=SIGTERM
TimeoutStopSec=30
LimitNOFILE=65536
UMask=0077

# Nothing but the home can be written, and nothing of the machine be changed.
ProtectSystem=strict
ProtectHome={protect_home}
ReadWritePaths={home}
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
# What a unit takes as it stands, without quoting.
PLAIN = re.compile(r"/[A-Za-z0-9/_.@+-]*")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
HOMES = ("/home", "/root", "/run/user")


@click.command("systemd", cls=Command)
@click.option("--user", default="", help="The account it runs as; yours, if left out. Never root.")
@click.pass_obj
def command(app: App, user: str) -> None:
    """Print a unit by which systemd runs this installation, and starts it again when it ends.

    Writes nothing: fsorch systemd > /etc/systemd/system/fsorch.service"""
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    home = Path(app.settings().home)
    sys.stdout.write(unit(Path(program).absolute(), app.settings_file().absolute(), home, user or getpass.getuser()))


def unit(program: Path, settings: Path, home: Path, user: str) -> str:
    """The unit's text. Raises ConfigError for root, and for a path that systemd would read as more than a path."""
    if user == "root" or not USER.fullmatch(user):
        raise ConfigError(
            f"fsorch does not run as {user!r}; name an account of its own with --user, such as one made by: "
            f"useradd --system --home-dir {home} fsorch"
        )
    for path in (program, settings, home):
        if not PLAIN.fullmatch(str(path)):
            raise ConfigError(f"{path}: a unit takes paths of letters, digits and / _ . @ + - only; move it")
    inside = any(path.is_relative_to(folder) for path in (program, settings, home) for folder in HOMES)
    # Out of sight, unless something of ours lies there.
    protect_home = "read-only" if inside else "yes"
    return UNIT.format(program=program, settings=settings, home=home, user=user, protect_home=protect_home)
