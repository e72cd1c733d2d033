"""What one call of the command line knows: which installation it is for."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsorch.config import Settings
    from fsorch.edge.control_client import ControlClient
    from fsorch.store import Store

__all__ = ["SETTINGS_PLACES", "App"]

SETTINGS_PLACES = (Path("fsorch.yaml"), Path("/etc/fsorch/fsorch.yaml"))


@dataclass
class App:
    """The shared options, and what follows from them. Imports wait until a command asks: ``--help`` needs none."""

    settings_path: Path | None = None
    debug: bool = False

    def settings_file(self) -> Path:
        """The settings file named, or the first that exists. Raises ConfigError."""
        from fsorch.errors import ConfigError

        if self.settings_path is not None:
            return self.settings_path
        for place in SETTINGS_PLACES:
            if place.is_file():
                return place
        raise ConfigError("there is no fsorch.yaml here; make one with: fsorch init (or name one with --settings FILE)")

    def has_settings(self) -> bool:
        """Whether there is a settings file."""
        return self.settings_path is not None or any(place.is_file() for place in SETTINGS_PLACES)

    def settings(self) -> Settings:
        """The installation's settings. Raises ConfigError."""
        from fsorch.edge.settings import read_settings

        return read_settings(self.settings_file())

    def client(self) -> ControlClient:
        """A connection to the fsorch that runs there. Raises NotRunning."""
        from fsorch.edge.control_client import ControlClient

        return ControlClient(Path(self.settings().home))

    def store(self) -> AbstractContextManager[Store]:
        """The installation's database, which must exist, for a ``with`` block. Raises StoreError."""
        from fsorch.store import open_database

        return closing(open_database(self.settings().database, create=False))
