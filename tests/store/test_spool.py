"""The spool alone: what is written is read, however the file was cut and however it is read."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.engine.facts import Fact
from fsorch.errors import StoreError
from fsorch.store.spool import Chunk, Position, SpoolReader, SpoolWriter, encode_fact, segments
from fsorch.store.values import cut, cut_id, dump_json
from tests.store.facts import call, contact_began, fact


def read_all(reader: SpoolReader, lines: int = 7, size: int = 64) -> list[bytes]:
    """Everything there is, in small pieces."""
    found: list[bytes] = []
    while True:
        chunk = reader.read(lines, size)
        if chunk.end == reader.position:
            return found
        found += chunk.lines
        reader.position = chunk.end


def follow(writer: SpoolWriter, folder: Path) -> SpoolReader:
    return SpoolReader(folder, lambda: writer.end.segment)


def ids(lines: list[bytes]) -> list[str]:
    return [msgspec.json.decode(line, type=Fact).id for line in lines]


class TestWriterAndReader:
    def test_what_is_put_is_read_in_order(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path, segment_bytes=1500)
        reader = follow(writer, tmp_path)
        facts = [one for n in range(20) for one in call(f"c{n}")]
        for one in facts:
            assert writer.put([one]) == 1
        assert len(segments(tmp_path)) > 10
        assert [msgspec.json.decode(line, type=Fact) for line in read_all(reader)] == facts
        assert reader.position == writer.end
        writer.put(call("later"))
        assert len(read_all(reader)) == 6
        writer.close()

    def test_a_later_process_reads_what_an_earlier_left(self, tmp_path: Path) -> None:
        for n in range(3):
            writer = SpoolWriter(tmp_path)
            writer.put([fact(f"f{n}")])
            writer.close()
        writer = SpoolWriter(tmp_path)
        reader = follow(writer, tmp_path)
        assert reader.count(writer.end.segment) == 3
        assert ids(read_all(reader)) == ["f0", "f1", "f2"]
        assert reader.count(writer.end.segment) == 0
        writer.close()

    def test_read_files_are_removed_and_numbers_only_grow(self, tmp_path: Path) -> None:
        for n in range(1, 5):
            writer = SpoolWriter(tmp_path)
            assert writer.end == Position(n, 0)
            writer.put([fact("f")])
            reader = follow(writer, tmp_path)
            read_all(reader)
            assert reader.has_read_files() is (n > 1)
            reader.remove_read()
            assert segments(tmp_path) == [n]
            writer.close()

    def test_an_unfinished_line_waits_for_its_end(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path)
        reader = follow(writer, tmp_path)
        line = encode_fact(fact("f1"))
        path = tmp_path / "facts-000000000001.jsonl"
        path.write_bytes(line[:-1])
        assert reader.read(10, 1000) == Chunk([], Position(1, 0))
        path.write_bytes(line)
        assert ids(read_all(reader)) == ["f1"]
        writer.close()

    def test_a_place_that_is_gone_is_the_next_there_is(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path, segment_bytes=1)
        writer.put([fact("f1")])
        writer.put([fact("f2")])
        (tmp_path / "facts-000000000001.jsonl").unlink()
        reader = follow(writer, tmp_path)
        reader.seek(Position(1, 17))
        assert ids(read_all(reader)) == ["f2"]
        reader.seek(Position(99, 0))
        assert read_all(reader) == []
        writer.close()

    def test_synced_files_are_on_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        writer = SpoolWriter(tmp_path, segment_bytes=1)
        reader = follow(writer, tmp_path)
        synced: list[str] = []
        monkeypatch.setattr(os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").resolve().name))
        writer.put([fact("f1")])
        writer.put([fact("f2")])
        reader.sync(Position(2, 0))
        assert synced == ["facts-000000000002.jsonl", "facts-000000000003.jsonl", tmp_path.name]
        writer.close()


class TestLock:
    def test_a_second_process_is_refused_with_the_number_of_the_first(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path)
        with pytest.raises(StoreError, match=f"in use by process {os.getpid()}; stop that one"):
            SpoolWriter(tmp_path)
        writer.close()
        SpoolWriter(tmp_path).close()

    def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="cannot be used"):
            SpoolWriter(tmp_path / "file" / "spool")

    def test_the_files_are_for_the_owner_only(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path / "spool")
        writer.close()
        assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
        assert (tmp_path / "spool" / "facts-000000000001.jsonl").stat().st_mode & 0o077 == 0

    def test_the_name_stays(self, tmp_path: Path) -> None:
        names = set()
        for _ in range(2):
            writer = SpoolWriter(tmp_path)
            names.add(writer.id)
            writer.close()
        assert len(names) == 1
        (tmp_path / "id").write_bytes(b"\xff\0")
        writer = SpoolWriter(tmp_path)
        assert writer.id not in names
        writer.close()


class FullDisk:
    """An ``os.write`` that takes so many bytes, and then no more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = self._write(fd, bytes(data[: self.room]))
        self.room -= done
        return done


class TestFullDisk:
    def test_facts_wait_in_memory_and_none_is_torn(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        writer = SpoolWriter(tmp_path)
        disk = FullDisk(1000)
        monkeypatch.setattr(os, "write", disk)
        facts = [fact(f"f{n}") for n in range(50)]
        for one in facts:
            assert writer.put([one]) == 1
        assert "No space left" in writer.error
        assert writer.pending > 0
        disk.room = 10**9
        writer.put([fact("last")])
        assert (writer.error, writer.pending, writer.shed) == ("", 0, 0)
        assert ids(read_all(follow(writer, tmp_path))) == [*(f"f{n}" for n in range(50)), "last"]
        writer.close()

    def test_what_does_not_fit_in_memory_is_shed_whole_and_counted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer = SpoolWriter(tmp_path, pending_bytes=2000)
        disk = FullDisk(100)
        monkeypatch.setattr(os, "write", disk)
        taken = [one for n in range(100) if writer.put([fact(one := f"f{n}")])]
        assert writer.shed == 100 - len(taken)
        assert 10 < len(taken) < 40
        disk.room = 10**9
        writer.put(())
        assert ids(read_all(follow(writer, tmp_path))) == taken
        writer.close()

    def test_a_closed_spool_takes_nothing(self, tmp_path: Path) -> None:
        writer = SpoolWriter(tmp_path)
        writer.close()
        assert writer.put([fact("f")]) == 0
        assert writer.shed == 1
        assert segments(tmp_path) == [1]


def endless() -> Any:
    own: list[Any] = []
    own.append(own)
    return own


class Odd:
    """What no format knows."""

    def __repr__(self) -> str:
        raise RecursionError


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        "x" * 10_000_000,
        object(),
        b"\xff",
        {1: {2: 3}},
        2**70,
        -(10**6000),
        {1, 2},
        float("nan"),
        endless(),
        Odd(),
    ]
    + [{"k" * 100: "v"} for _ in range(1)]
    + [[["x" * 50] * 1000] * 100],
    ids=lambda value: type(value).__name__,
)
def test_every_fact_becomes_one_line_that_comes_back(value: Any) -> None:
    line = encode_fact(fact("f1", contact="c1", value=value))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert len(line) < 70_000
    back = msgspec.json.decode(line, type=Fact)
    assert (back.id, back.contact) == ("f1", "c1")


def test_a_long_name_is_cut_and_the_rest_is_kept() -> None:
    back = msgspec.json.decode(encode_fact(contact_began("c1", name="📞" * 100_000)), type=Fact)
    assert back.data["name"].endswith("📞…")
    assert back.data["number"] == "4930123"


texts = st.text(max_size=40)
some_facts = st.lists(st.builds(fact, id=texts, contact=texts, what=texts | st.integers(0, 9) | st.none()), max_size=12)


@given(
    runs=st.lists(st.tuples(some_facts, st.integers(0, 3000)), min_size=1, max_size=4),
    segment_bytes=st.integers(1, 2000),
    lines=st.integers(1, 5),
    size=st.integers(1, 300),
)
def test_no_cut_loses_a_whole_fact(
    runs: list[tuple[list[Fact], int]], segment_bytes: int, lines: int, size: int
) -> None:
    """Each run is a process that writes and whose last file then is cut anywhere, as by a death in the middle."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        wanted: list[bytes] = []
        for facts, keep in runs:
            writer = SpoolWriter(folder, segment_bytes=segment_bytes)
            for one in facts:
                writer.put([one])
            writer.close()
            last = folder / f"facts-{writer.end.segment:012}.jsonl"
            whole = last.read_bytes().split(b"\n")[:-1]
            os.truncate(last, min(keep, last.stat().st_size))
            left = last.read_bytes()
            before = len(facts) - len(whole)
            wanted += [encode_fact(one)[:-1] for one in facts[:before]]
            # Whole without its line end counts as well: its put had not returned, but nothing of it is missing.
            wanted += [line for line in left.split(b"\n") if line and line in whole]
        writer = SpoolWriter(folder)
        assert read_all(follow(writer, folder), lines, size) == wanted
        writer.close()


@given(st.text(max_size=300), st.integers(20, 100))
def test_cut_text_fits_and_shows_it(value: str, width: int) -> None:
    short = cut(value, width)
    assert short == value if len(value) <= width else (len(short) == width and short.endswith("…"))
    assert len(cut_id(value, width)) <= width


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_that_fits_is_kept(value: Any) -> None:
    assert msgspec.json.decode(dump_json({"v": value})) == {"v": value}
