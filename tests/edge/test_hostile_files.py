"""Centre files that mean harm, or were cut short: each is refused in a sentence that says where, quickly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import Centre, decode
from fsorch.edge.settings import MAX_FILE, parse_yaml, read_centre
from fsorch.errors import ConfigError

BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "empty": (b"", "must be a list of `key: value` lines"),
    "null": (b"~", "must be a list"),
    "a list": (b"- queues", "must be a list"),
    "text": (b"hello", "must be a list"),
    "binary": (bytes(range(256)), "not YAML"),
    "nul": (b"name: a\0b", "not YAML"),
    "latin1": ("name: Köln".encode("latin-1"), "not YAML"),
    "tabs": (b"queues:\n\t- id: sales\n", r"not YAML \(line 2, column 1"),
    "cut short": (b"queues: [{id: sales", "not YAML"),
    "a bomb": (BOMB.encode() + b"queues: *i\n", "aliases"),
    "itself": (b"queues: &q [*q]\n", "holds itself"),
    "itself in a dict": (b"prompts: &p {a: *p}\n", r"prompts.a holds itself"),
    # The parser of PyYAML 6.0.4 and later has a limit of its own.
    "deep": (b"queues: " + b"[" * 100_000, "nested deeper|nesting depth"),
    "a little deep": (b"queues: " + b"[" * 200 + b"]" * 200, "nested deeper"),
    "a key twice": (b"queues: []\nname: x\nqueues: []\n", r"line 3, column 1: 'queues' stands twice"),
    "an inner key twice": (b"queues:\n  - id: a\n    id: b\n", "line 3.*'id' stands twice"),
    "a queue twice": (b"queues: [{id: a}, {id: a}]", "queues has 'a' twice"),
    "an object": (b"name: !!python/object/apply:os.system ['true']", "not YAML"),
    "a date that is none": (b"name: 2027-13-45", "cannot be"),
    "a huge number": (b"queues: [{id: a, strict: " + b"9" * 5000 + b"}]", "cannot be"),
    "a large number": (b"agents: [{id: a, phone: user/1, queues: [{queue: q, level: 9" + b"9" * 30 + b"}]}]", "digits"),
    "not a number": (b"queues: [{id: a, wrap_up_s: .nan}]", r"queues\[0\].wrap_up_s is nan"),
    "endless": (b"queues: [{id: a, base_score_s: .inf}]", r"queues\[0\].base_score_s is inf"),
    "half a character": (b'name: "\\ud800"', "half a character|not YAML"),
    "a nul in a text": (b'queues: [{id: a, title: "x\\0y"}]', r"queues\[0\].title holds the character NUL"),
    "a wrong type": (b"queues: {id: a}", r"Expected `array`, got `object` - at `\$.queues`"),
    "a wrong name": (b"queus: []", "did you mean queues"),
    "a wrong key": (b"? [a, b]\n: c", "not YAML"),
    "a number for a key": (b"1: 2", "Expected|expected|unknown"),
    "two documents": (b"name: a\n---\nname: b\n", "not YAML"),
    "a set": (b"queues: !!set {a, b}", r"\$.queues"),
    "bytes": (b"name: !!binary aGk=", r"\$.name"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    data, says = HOSTILE[name]
    file = tmp_path / "centre.yaml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=says) as refused:
        read_centre(file)
    assert str(file) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(ConfigError, match="larger than"):
        read_centre(file)


def test_honest_aliases_are_welcome() -> None:
    text = b"queues:\n  - &q {id: a, wrap_up_s: 7}\n  - {<<: *q, id: b}\n"
    centre = decode(parse_yaml(text, "f"), Centre, where="f")
    assert [(queue.id, queue.wrap_up_s) for queue in centre.queues] == [("a", 7), ("b", 7)]


@given(st.binary(max_size=200) | st.text(alphabet="{}[]&*!|>-:,\"'# \n\tab1~", max_size=80).map(str.encode))
def test_whatever_it_holds_it_is_a_mapping_or_a_sentence(data: bytes) -> None:
    try:
        assert isinstance(parse_yaml(data, "f"), dict)
    except ConfigError as error:
        refused = str(error)
        assert refused.startswith("f: ")
