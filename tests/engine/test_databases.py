"""Damaged SQLite files: told apart from sound ones, and rescued row by row."""

from __future__ import annotations

import errno
import json
import random
import sqlite3
from pathlib import Path

import pytest
from control_harness import Harness, archive

from lambda_nb.engine import databases
from lambda_nb.engine.control.records.repair import mend
from lambda_nb.engine.control.records.store import Store, readable_record
from lambda_nb.engine.databases import DatabaseError, no_room, rescue

PAGE = 4096


def records(path: Path, count: int) -> dict[str, dict[str, int | str]]:
    """A store with ``count`` records; each fills a good part of a page."""
    store = Store(path)
    made: dict[str, dict[str, int | str]] = {}
    with store.write() as batch:
        for number in range(count):
            made[f"key-{number:05d}"] = {"number": number, "filler": "x" * 700}
            batch.put("kind", "parent", f"key-{number:05d}", dict(made[f"key-{number:05d}"]))
    store.close()
    return made


def spoil(path: Path, pages: list[int]) -> None:
    """Overwrite whole pages (the first is 0)."""
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(random.Random(page).randbytes(PAGE))


def test_a_sound_file_is_left_alone(tmp_path: Path) -> None:
    records(tmp_path / "db", 50)
    before = (tmp_path / "db").read_bytes()
    assert rescue(tmp_path / "db", readable_record) is None
    assert rescue(tmp_path / "missing") is None
    assert (tmp_path / "db").read_bytes() == before
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_page_costs_its_own_rows_only(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "db"
    made = records(path, 400)
    pages = path.stat().st_size // PAGE
    leaves = [
        page
        for page in range(2, pages)
        if path.read_bytes()[page * PAGE] == 0x0A  # a leaf of a table WITHOUT ROWID
    ]
    bad = random.Random(seed).sample(leaves, 3)
    spoil(path, bad)
    with pytest.raises(DatabaseError, match=r"db is damaged .*--recover"):
        Store(path)
    old = path.read_bytes()
    done = rescue(path, readable_record)
    assert done is not None
    assert done.torn == ["records"]
    assert done.kept.read_bytes() == old
    assert "parts of records are lost" in str(done)
    store = Store(path)
    saved = store.children("kind", "parent")
    assert all(saved[key] == made[key] for key in saved)
    assert len(saved) == done.saved["records"]
    # A page holds five such rows; a row between two bad pages cannot be reached either.
    assert len(made) - 6 * len(bad) <= len(saved) < len(made)
    store.close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_row_that_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    records(tmp_path / "db", 5)
    db = sqlite3.connect(tmp_path / "db")
    db.execute("UPDATE records SET record = '{\"numb' WHERE key = 'key-00003'")
    db.commit()
    db.close()
    with pytest.raises(DatabaseError, match="key-00003"):
        Store(tmp_path / "db")
    done = rescue(tmp_path / "db", readable_record)
    assert done is not None
    assert (done.saved, done.torn) == ({"records": 4}, ["records"])


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"not at all" * 1000)
    with pytest.raises(DatabaseError, match="is damaged"):
        Store(path)
    done = rescue(path, readable_record)
    assert done is not None
    assert "nothing in it could be read" in str(done)
    store = Store(path)  # a new, empty one
    assert list(store.every("kind")) == []
    store.close()


def test_what_is_only_in_the_log_is_saved_too(tmp_path: Path) -> None:
    path = tmp_path / "db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, payload BLOB)")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.executemany("INSERT INTO event VALUES (?, ?)", [(n, b"e" * 900) for n in range(0, 900, 3)])
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("INSERT INTO event VALUES (100000, 'late')")
    kept = {suffix: path.with_name(path.name + suffix).read_bytes() for suffix in ("", "-wal")}
    db.close()
    for suffix, content in kept.items():  # as kill -9 leaves them
        path.with_name(path.name + suffix).write_bytes(content)
    spoil(path, [20])
    done = rescue(path)
    assert done is not None
    assert 290 <= done.saved["event"] < 301
    db = sqlite3.connect(path)
    assert db.execute("SELECT payload FROM event WHERE id = 100000").fetchone() == ("late",)
    db.close()


def test_a_database_in_use_is_not_rescued(tmp_path: Path) -> None:
    records(tmp_path / "db", 5)
    store = Store(tmp_path / "db")
    with pytest.raises(DatabaseError, match="Stop its engine"):
        rescue(tmp_path / "db", readable_record)
    store.close()


@pytest.fixture(params=["new", "sound", "damaged"])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that is not there, one with a row, or one that is no database."""
    path: Path = tmp_path / "file.sqlite"
    if request.param == "sound":
        with sqlite3.connect(path) as database:
            database.execute(SCHEMA)
            database.execute("INSERT INTO note VALUES ('kept')")
        database.close()
    elif request.param == "damaged":
        path.write_bytes(b"no database" * 1000)
    return path


SCHEMA = "CREATE TABLE IF NOT EXISTS note (text TEXT)"


def is_durable_and_private(database: sqlite3.Connection, path: Path) -> bool:
    journal = database.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = database.execute("PRAGMA synchronous").fetchone()[0]
    private = path.stat().st_mode & 0o077 == 0
    return (journal, synchronous, private) == ("wal", 1, True)


def test_a_damaged_file_is_not_opened(found: Path) -> None:
    was = found.read_bytes() if found.exists() else b""
    if was.startswith(b"no database"):
        for open_it in (databases.opened, lambda path: databases.opened_alone(path, 1, [SCHEMA])):
            with pytest.raises(DatabaseError, match="is damaged"):
                open_it(found)
        assert found.read_bytes() == was
        return
    database = databases.opened(found)
    assert is_durable_and_private(database, found)
    database.close()
    database = databases.opened_alone(found, 1, [SCHEMA])
    assert is_durable_and_private(database, found)
    with pytest.raises(DatabaseError, match="in use by another engine"):
        databases.opened_alone(found, 1, [SCHEMA])
    database.close()
    with pytest.raises(DatabaseError, match="has format 1; this version reads format 2"):
        databases.opened_alone(found, 2, [SCHEMA])


def test_a_damaged_file_is_put_aside(found: Path) -> None:
    was = found.read_bytes() if found.exists() else b""
    database, kept = databases.opened_or_new(found, SCHEMA)
    assert is_durable_and_private(database, found)
    rows = database.execute("SELECT text FROM note").fetchall()
    assert rows == ([("kept",)] if was.startswith(b"SQLite") else [])
    if was.startswith(b"no database"):
        assert kept == found.with_name("file.sqlite.damaged")
        assert kept.read_bytes() == was
    else:
        assert kept is None


def test_a_file_that_cannot_be_read_now_is_not_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            databases.opened_or_new(path, SCHEMA)
    other.close()
    assert [file.name for file in tmp_path.iterdir()] == ["file.sqlite"]


def test_a_full_disk_is_recognised() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert no_room(full)
    assert no_room(sqlite3.OperationalError("database or disk is full"))
    wrapped = RuntimeError("cannot")
    wrapped.__cause__ = full
    assert no_room(wrapped)
    assert not no_room(sqlite3.OperationalError("database is locked"))
    assert not no_room(OSError(errno.EACCES, "Permission denied"))


def test_the_middle_of_two_keys_lies_between_them() -> None:
    assert databases._middle((3,), (10,)) == (6,)
    low, high = ("version", "a", "1"), ("version", "b", "1")
    assert low < databases._middle(low, high) < high
    low, high = ("alias", "z", "1"), ("version", "a", "1")
    assert low < databases._middle(low, high) < high


def test_readable_records() -> None:
    assert readable_record("records", ("k", "p", "k", json.dumps({"a": 1})))
    assert not readable_record("records", ("k", "p", "k", "[1]"))
    assert not readable_record("records", ("k", "p", "k", None))


async def test_records_agree_after_a_rescue(tmp_path: Path) -> None:
    first = Harness(tmp_path)
    for name in ("whole", "untagged", "headless", "cut"):
        await first.function(name)
        await first("PublishVersion", FunctionName=name)
        await first("CreateAlias", FunctionName=name, Name="live", FunctionVersion="1")
    queue = "arn:aws:sqs:us-east-1:000000000000:q"
    for name in ("whole", "headless"):
        await first("CreateEventSourceMapping", FunctionName=name, EventSourceArn=queue)
    layer = {"LayerName": "shelf", "Content": {"ZipFile": archive("x = 1")}}
    await first("PublishLayerVersion", **layer)
    first.close()
    store = Store(tmp_path / "control.db")
    with store.write() as batch:  # what a rescue could not read
        batch.delete("function", "", "untagged")
        batch.delete("version", "headless", "$LATEST")
        batch.delete("version", "cut", "1")
        batch.delete("layer", "", "shelf")
    words = mend(store)
    assert sorted(word.split(" ", 2)[:2] for word in words) == [
        ["alias", "live"],
        ["function", "headless"],
        ["function", "untagged"],
        ["layer", "shelf"],
        ["the", "event"],
    ]
    assert mend(store) == []
    store.close()
    again = Harness(tmp_path)
    listed = await again("ListFunctions")
    assert [f["FunctionName"] for f in listed["Functions"]] == ["cut", "untagged", "whole"]
    assert (await again("PublishLayerVersion", **layer))["Version"] == 2
    await again.settled("UpdateFunctionConfiguration", FunctionName="untagged", Timeout=7)
    assert (await again("PublishVersion", FunctionName="untagged"))["Version"] == "2"
    assert (await again("GetAlias", FunctionName="whole", Name="live"))["FunctionVersion"] == "1"
    await again.function("headless")
    versions = await again("ListVersionsByFunction", FunctionName="headless")
    assert [v["Version"] for v in versions["Versions"]] == ["$LATEST"]
    again.close()


@pytest.mark.parametrize("unsynced", [False, True])
def test_files_that_end_with_the_engine_need_not_reach_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unsynced: bool
) -> None:
    monkeypatch.delenv(databases.UNSYNCED, raising=False)
    if unsynced:
        monkeypatch.setenv(databases.UNSYNCED, "1")
    opened = databases.opened(tmp_path / "file.sqlite")
    assert opened.execute("PRAGMA synchronous").fetchone() == (0 if unsynced else 1,)
    assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    opened.close()
