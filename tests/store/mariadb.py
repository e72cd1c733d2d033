"""A MariaDB server of our own: in a temporary folder, as the current user, gone after the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pymysql

from tests.ports import free_port
from tests.waiting import until

__all__ = ["PASSWORD", "MariaDb", "make_certificate", "missing_mariadb", "running_mariadb"]

# Hostile on purpose: it must survive the URL and appear in no message.
PASSWORD = "s3cret:/@?#%20 ü"
# Some installations keep the server out of a user's path.
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"))
NEEDED = ("mariadbd", "mariadb-install-db", "openssl")
# Making 60 tables takes 0.25 s on a disk and 0.05 s in memory, where that is plentiful.
MEMORY = Path("/dev/shm")
MEMORY_FREE, MEMORY_WHOLE = 2 << 30, 6 << 30
START_S = 120.0


def missing_mariadb() -> str:
    """Why there can be no server here, as a sentence; empty when there can."""
    missing = [name for name in NEEDED if shutil.which(name, path=PATH) is None]
    return f"{' and '.join(missing)} not found; install Debian's packages mariadb-server and openssl" if missing else ""


def memory_is_plentiful() -> bool:
    """Whether files may lie in memory."""
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return False
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return os.access(MEMORY, os.W_OK) and room.f_bavail * room.f_frsize > MEMORY_FREE and whole > MEMORY_WHOLE


def _tool(name: str) -> str:
    path = shutil.which(name, path=PATH)
    assert path is not None
    return path


def make_certificate(folder: Path) -> Path:
    """``cert.pem`` and ``key.pem`` for 127.0.0.1 in ``folder``; the certificate is its own authority."""
    subprocess.run(
        [_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fsorch test"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem")]
        + ["-out", str(folder / "cert.pem")],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder / "cert.pem"


class MariaDb:
    """One server. It can be stopped, killed and started again on the same data and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.socket = folder / "s"
        self.certificate = make_certificate(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        # A server that starts removes every temporary table in its tmpdir, another server's too, so each has its own.
        (folder / "tmp").mkdir()
        self._own = [f"--tmpdir={folder}/tmp", *(["--user=root"] if os.geteuid() == 0 else [])]
        subprocess.run(
            [
                _tool("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={folder}/data",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *self._own,
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [
            _tool("mariadbd"),
            "--no-defaults",
            *self._own,
            f"--datadir={self.folder}/data",
            f"--socket={self.socket}",
            f"--pid-file={self.folder}/pid",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=2",
            "--skip-name-resolve",
            f"--ssl-cert={self.certificate}",
            f"--ssl-key={self.folder}/key.pem",
            "--log-warnings=0",
        ]
        # A file: a pipe that nobody reads would hold up a server that has much to say.
        log = self.folder / "log"
        with log.open("wb") as told:
            process = self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)

        def ready() -> bool:
            return b"ready for connections" in log.read_bytes() or process.poll() is not None

        until(ready, "mariadbd to start", START_S)
        assert process.poll() is None, f"mariadbd did not start: {log.read_text(errors='replace')[-2000:]}"

    def stop(self, kill: bool = False) -> None:
        """End it, in order or by SIGKILL."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self._process.wait(60)
        self._process = None

    def new_database(self) -> str:
        """The URL of an empty database with a user of its own."""
        self._made += 1
        name = f"fsorch_{self._made}"
        self.run(
            f"CREATE DATABASE {name} CHARACTER SET latin1",
            f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON {name}.* TO {name}@'127.0.0.1'",
        )
        return f"mysql://{name}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """It is not needed any more; one that somebody still holds stays."""
        try:
            self.run("SET SESSION lock_wait_timeout = 1", f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]}")
        except pymysql.OperationalError:
            return

    def run(self, *statements: str) -> None:
        """Run ``statements`` as root."""
        root = pymysql.connect(unix_socket=str(self.socket), user="root", charset="utf8mb4")
        try:
            for statement in statements:
                root.query(statement)
        finally:
            root.close()


@contextmanager
def running_mariadb() -> Iterator[MariaDb]:
    """A server for the block. Its socket's path must be short, so it lives directly in the temporary folder, or in
    memory."""
    folder = Path(tempfile.mkdtemp(prefix="fsorch-", dir=MEMORY if memory_is_plentiful() else None))
    try:
        server = MariaDb(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
