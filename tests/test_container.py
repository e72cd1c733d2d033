"""What the Containerfile says is so, as far as can be seen without a container: its sources are there and in git,
nothing else gets in, and ports, folders and commands are those of the product."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from fsorch.config import WebSettings
from fsorch_cli.main import COMMANDS, cli
from tests.floors import ROOT

Line = tuple[str, str]
STAGES = ("tools", "page", "program")


def lines() -> Iterator[Line]:
    """The instructions, each with its words in one line."""
    text = (ROOT / "Containerfile").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def last_stage() -> list[Line]:
    found = list(lines())
    begin = max(n for n, (word, _) in enumerate(found) if word == "FROM")
    return found[begin:]


def one(word: str) -> str:
    """The only such instruction of the image itself."""
    (found,) = [rest for name, rest in last_stage() if name == word]
    return found


def copied() -> Iterator[tuple[str, str]]:
    """Each source of a COPY, and the stage it comes from; empty: the folder itself."""
    for word, rest in lines():
        if word == "COPY":
            words = rest.split()
            stage = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
            yield from ((source, stage) for source in words[:-1])


def ignored() -> tuple[set[str], list[str]]:
    """What .dockerignore lets in, and what it keeps out of that."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    return {rule[1:] for rule in rules if rule.startswith("!")}, [rule for rule in rules[1:] if rule[0] != "!"]


def test_what_is_copied_is_there_and_in_git() -> None:
    sources = {source for source, stage in copied() if not stage}
    for source in sources:
        assert (ROOT / source).exists(), source
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--", *sources], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        assert {source for source in sources if not any(Path(file).is_relative_to(source) for file in listed)} == set()
    assert {stage for _, stage in copied() if stage} <= set(STAGES)


def test_the_build_sees_what_is_copied_and_nothing_else() -> None:
    let_in, kept_out = ignored()
    assert {Path(source).parts[0] for source, stage in copied() if not stage} == let_in
    assert {"web/desktop/node_modules", "web/fsorch_web/static", "**/*.sqlite3*"} <= set(kept_out)


def test_every_package_of_the_wheel_is_copied() -> None:
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    roots = dict(line.split(" = ") for line in parser["options"]["package_dir"].strip().splitlines())
    sources = [source for source, stage in copied() if not stage]
    for folder in roots.values():
        assert any(Path(folder).is_relative_to(source) for source in sources), folder
    for name in parser["metadata"]["license_files"].split():
        assert name in sources


def test_it_is_not_root_and_holds_its_folder() -> None:
    user, group = one("USER").split(":")
    assert int(user) > 999
    home = one("VOLUME")
    (made,) = [rest for word, rest in last_stage() if word == "RUN"]
    assert f"useradd --uid {user} --gid fsorch" in made
    assert f"groupadd --gid {group} fsorch" in made
    assert re.search(rf"install -d -o fsorch -g fsorch -m 0700 {home}$", made)
    assert one("WORKDIR") == home


def test_it_starts_stops_and_is_asked_as_fsorch_is() -> None:
    assert json.loads(one("ENTRYPOINT")) == ["fsorch"]
    assert json.loads(one("CMD"))[0] in COMMANDS
    # The signal after which run writes its last facts: fsorch_cli.running.
    assert one("STOPSIGNAL") == "SIGTERM"
    program, *command = json.loads(one("HEALTHCHECK").partition(" CMD ")[2])
    assert (program, command) == ("fsorch", ["status"])
    assert int(one("EXPOSE")) == WebSettings().port


def test_it_finds_its_settings_by_the_variable_that_fsorch_reads(tmp_path: Path) -> None:
    settings = dict(pair.split("=", 1) for pair in one("ENV").split())
    assert settings["FSORCH_SETTINGS"] == f"{one('VOLUME')}/fsorch.yaml"
    assert settings["PATH"].split(":")[0] == "/opt/fsorch/bin"
    ran = CliRunner().invoke(cli, ["db", "status"], env={"FSORCH_SETTINGS": str(tmp_path / "elsewhere.yaml")})
    assert "elsewhere.yaml" in str(ran.exception) + ran.output


@pytest.mark.parametrize("file", ["Containerfile", ".dockerignore"])
def test_no_secret_and_no_address_of_a_registry_of_packages(file: str) -> None:
    text = (ROOT / file).read_text().lower()
    assert not re.search(r"password|secret|token|index-url|https?://", text)


def test_the_compose_file_of_the_documentation_is_one() -> None:
    page = (ROOT / "docs" / "operator.md").read_text()
    (text,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "services:" in block]
    service = yaml.safe_load(text)["services"]["fsorch"]
    assert service["network_mode"] == "host"
    assert service["read_only"] is True
    assert any(volume.split(":")[1] == one("VOLUME") for volume in service["volumes"])
    assert service["build"]["dockerfile"] == "Containerfile"
