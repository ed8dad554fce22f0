"""An export may take the place of an earlier one, and of nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.folder import MANIFEST, Folder

SAM = {"template.yaml": b"1", "samconfig.toml": b"s", "src/f/app.py": b"f", "src/g/app.py": b"g"}
CDK = {"stack.py": b"2", "samconfig.toml": b"s", "src/f/app.py": b"f2"}


def there(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_nothing_of_the_earlier_export_stays(tmp_path: Path) -> None:
    assert Folder(tmp_path / "app").write(SAM) == []
    assert Folder(tmp_path / "app").write(CDK) == []
    assert there(tmp_path / "app") == CDK
    assert not (tmp_path / "app/src/g").exists()


def test_what_the_user_made_stays(tmp_path: Path) -> None:
    Folder(tmp_path).write(SAM)
    (tmp_path / "src/g/mine.py").write_bytes(b"mine")
    (tmp_path / "samconfig.toml").write_bytes(b"guided")
    (tmp_path / "template.yaml").write_bytes(b"edited")
    kept, left = Folder(tmp_path).write(CDK)
    assert kept.startswith("samconfig.toml: you have changed it")
    assert left.startswith("template.yaml is of the earlier export only")
    mine = {"src/g/mine.py": b"mine", "samconfig.toml": b"guided", "template.yaml": b"edited"}
    assert there(tmp_path) == CDK | mine
    # From now on it is no longer a file of an export.
    with pytest.raises(ExportError, match=r"template\.yaml in .* was made or changed by you"):
        Folder(tmp_path).write(SAM)
    assert there(tmp_path) == CDK | mine


def test_an_interrupted_export_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Folder(tmp_path).write(SAM)
    real = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "stack.py":
            raise OSError(28, "No space left on device")
        return real(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space"):
            Folder(tmp_path).write(CDK)
    assert Folder(tmp_path).write(CDK) == []
    assert there(tmp_path) == CDK


@pytest.mark.parametrize("listed", ["[]", '{"files": []}', "{", '{"files": {"a": 1}}'])
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path, listed: str) -> None:
    (tmp_path / MANIFEST).write_text(listed)
    with pytest.raises(ExportError, match="cannot be read"):
        Folder(tmp_path)


def test_a_manifest_names_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(b"mine")
    app = tmp_path / "app"
    Folder(app).write(SAM)
    manifest = json.loads((app / MANIFEST).read_text())
    manifest["files"]["../mine.txt"] = manifest["files"][str(tmp_path / "mine.txt")] = [
        "7e3b2d0c"  # of no matter what
    ]
    (app / MANIFEST).write_text(json.dumps(manifest))
    Folder(app).write(CDK)
    assert (tmp_path / "mine.txt").read_bytes() == b"mine"


NAMES = st.sampled_from(["a", "b/c", "b/d", "e/f/g"])
FILES = st.dictionaries(NAMES, st.binary(max_size=1))


@given(st.lists(st.tuples(FILES, st.sets(NAMES)), min_size=1, max_size=4))
def test_the_user_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    rounds: list[tuple[dict[str, bytes], set[str]]],
) -> None:
    folder = tmp_path_factory.mktemp("app")
    users: dict[str, bytes] = {}
    for exported, edited in rounds:
        try:
            Folder(folder).write(exported)
        except ExportError:
            pass
        else:
            assert there(folder).keys() >= exported.keys()
        assert all(there(folder)[name] == content for name, content in users.items())
        for name in edited:
            users[name] = f"by the user, {len(users)}".encode()
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(users[name])
