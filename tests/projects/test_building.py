"""Builds by the real tools: what is in the archive, and that only what changed is built again."""

from __future__ import annotations

import stat
import sys
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_files import built, needs, wheel, write

from lambda_nb.projects.building import packages, tools, trees
from lambda_nb.projects.building.archives import Part, pack, zip_of
from lambda_nb.projects.building.build import build
from lambda_nb.projects.building.job import Job
from lambda_nb.projects.errors import ProjectError

PYTHON = packages.default_runtime()


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that are run from now on; they do run."""
    seen: list[str] = []
    really = tools.subprocess.run

    def run(command: list[str], **more: object) -> object:
        seen.append(Path(command[0]).name)
        return really(command, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(tools.subprocess, "run", run)
    return seen


def test_python_has_its_packages_beside_its_source(tmp_path: Path, ran: list[str]) -> None:
    wheel(tmp_path, "words", "of = len\n")
    source = write(
        tmp_path / "src",
        {
            "app.py": "import words\n",
            "requirements.txt": "# ours\n../words-1.0-py3-none-any.whl\n",
            "__pycache__/app.pyc": "",
            ".git/HEAD": "",
        },
    )
    found = built(source, runtime=PYTHON)
    assert found["app.py"] == b"import words\n"
    assert found["words.py"] == b"of = len\n"
    assert not any("__pycache__" in name or name.startswith(".git/") for name in found)
    assert len(ran) == 1
    write(source, {"app.py": "changed = 1\n"})
    assert built(source, runtime=PYTHON)["app.py"] == b"changed = 1\n"
    assert len(ran) == 1, "the packages did not change"
    wheel(tmp_path, "words", "of = max\n")
    assert built(source, runtime=PYTHON)["words.py"] == b"of = max\n"
    layer = built(source, runtime=PYTHON, method=PYTHON, layer=True)
    assert {"python/app.py", "python/words.py"} <= layer.keys()


def test_a_folder_without_requirements_is_packed_as_it_is(tmp_path: Path, ran: list[str]) -> None:
    source = write(tmp_path / "src", {"app.py": "x", "requirements.txt": "\n# none\n"})
    assert built(source, runtime=PYTHON).keys() == {"app.py", "requirements.txt"}
    write(tmp_path / "web", {"index.js": "x", "package.json": "{}"})
    assert built(tmp_path / "web", runtime="nodejs22.x").keys() == {"index.js", "package.json"}
    assert ran == []
    assert built(source / "app.py").keys() == {"app.py"}
    ready = tmp_path / "ready.zip"
    ready.write_bytes(zip_of({"a": b"1"}))
    assert build(Job("F", ready)) == ready.read_bytes()


def test_a_tool_that_fails_says_why(tmp_path: Path) -> None:
    source = write(tmp_path / "src", {"requirements.txt": "./absent.whl\n"})
    with pytest.raises(ProjectError, match=r"^Function \(.*src\): \w+ failed:\n(.*\n)*.*absent"):
        built(source, runtime=PYTHON)


@pytest.mark.parametrize(
    ("job", "files", "said"),
    [
        ({"runtime": "nodejs22.x"}, {"package.json": '{"dependencies": {"a": "1"}}'}, "npm"),
        ({"runtime": "ruby3.3"}, {"Gemfile": ""}, "bundle"),
        ({"runtime": "java21"}, {"pom.xml": ""}, "mvn"),
        ({"runtime": "java21"}, {"build.gradle": ""}, "gradle"),
        ({"runtime": "provided.al2023"}, {"go.mod": ""}, "go"),
        ({"runtime": "provided.al2023", "method": "makefile"}, {"Makefile": ""}, "make"),
        ({"method": "rust-cargolambda"}, {"Cargo.toml": ""}, "cargo-lambda"),
    ],
)
def test_a_missing_tool_is_named_and_how_to_get_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: dict[str, str],
    files: dict[str, str],
    said: str,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProjectError, match=f": {said} is not on this machine; install"):
        built(write(tmp_path / "src", files), **job)


def test_what_cannot_be_built_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "src", {"a": ""})
    with pytest.raises(ProjectError, match="no builder for BuildMethod 'dotnet8'; publish it"):
        built(source, method="dotnet8")
    with pytest.raises(ProjectError, match="there is no file or folder"):
        built(tmp_path / "absent")
    write(source, {"package.json": "{"})
    with pytest.raises(ProjectError, match=r"package\.json is not JSON"):
        built(source, runtime="nodejs22.x")
    (source / "package.json").unlink()
    with pytest.raises(ProjectError, match="there is no Makefile"):
        built(source, method="makefile")
    with pytest.raises(ProjectError, match="name its file with BuildProperties: EntryPoints"):
        built(source, method="esbuild", handler="app.handler")


@needs("node", "npm")
def test_nodejs_has_its_modules_without_those_of_development(
    tmp_path: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_offline", "true")
    write(
        tmp_path,
        {
            "words/package.json": '{"name": "words", "version": "1.0.0"}',
            "words/index.js": "exports.of = (text) => text.length;",
            "dev/package.json": '{"name": "dev", "version": "1.0.0"}',
        },
    )
    source = write(
        tmp_path / "src",
        {
            "index.js": "require('words')",
            "node_modules/left/index.js": "",
            "package.json": '{"dependencies": {"words": "file:../words"}, '
            '"devDependencies": {"dev": "file:../dev"}}',
        },
    )
    found = built(source, runtime="nodejs22.x")
    assert {"index.js", "package.json", "node_modules/words/index.js"} <= found.keys()
    assert not any(name.startswith(("node_modules/left", "node_modules/dev")) for name in found)
    write(source, {"index.js": "1"})
    assert built(source, runtime="nodejs22.x")["index.js"] == b"1"
    assert ran == ["npm"]
    layer = built(source, method="nodejs22.x", layer=True)
    assert {"nodejs/index.js", "nodejs/node_modules/words/index.js"} <= layer.keys()


ESBUILD = """#!/usr/bin/env node
const flags = process.argv.slice(2)
const out = flags.find((flag) => flag.startsWith('--outdir=')).slice(9)
require('fs').writeFileSync(`${out}/app.js`, JSON.stringify(flags))
"""


@needs("node")
def test_esbuild_gets_the_properties_of_the_metadata(tmp_path: Path) -> None:
    """A stand-in in the place of esbuild, which is not on every machine, tells its flags."""
    source = write(
        tmp_path / "src",
        {"app.ts": "", "package.json": "{}", "node_modules/.bin/esbuild": ESBUILD},
    )
    (source / "node_modules/.bin/esbuild").chmod(0o755)
    told = {
        "Minify": False,
        "Target": "es2022",
        "Sourcemap": True,
        "External": ["@aws-sdk/*"],
        "Loader": [".html=text"],
        "Define": {"A": "1"},
        "Banner": ["js=//hi"],
        "KeepNames": True,
        "MainFields": ["module", "main"],
    }
    found = built(source, method="esbuild", handler="app.handler", properties=told)
    assert found.keys() == {"app.js"}
    flags = found["app.js"].decode()
    for flag in (
        '"app.ts"',
        "--outbase=.",
        '"--bundle"',
        "--platform=node",
        "--format=cjs",
        "--target=es2022",
        "--sourcemap",
        "--external:@aws-sdk/*",
        "--loader:.html=text",
        "--define:A=1",
        "--banner:js=//hi",
        "--keep-names",
        "--main-fields=module,main",
    ):
        assert flag in flags
    assert "--minify" not in flags
    # It may read what lies around its folder, so each build is a new one.
    (source / "node_modules/.bin/esbuild").write_text(ESBUILD.replace("flags)", "'again')"))
    told = {"EntryPoints": ["app.ts"]}
    assert built(source, method="esbuild", properties=told) == {"app.js": b'"again"'}
    (source / "node_modules/.bin/esbuild").write_text(ESBUILD.replace("flags)", "'more')"))
    assert built(source, method="esbuild", properties=told) == {"app.js": b'"more"'}


@needs("ruby", "bundle")
def test_ruby_has_its_gems_in_vendor(tmp_path: Path) -> None:
    write(
        tmp_path / "words",
        {
            "words.gemspec": "Gem::Specification.new do |s|\n  s.name = 'words'\n"
            "  s.version = '1.0.0'\n  s.summary = 'x'\n  s.authors = ['x']\n"
            "  s.files = ['lib/words.rb']\nend\n",
            "lib/words.rb": "module Words; end\n",
        },
    )
    gems = tmp_path / "source" / "gems"
    gems.mkdir(parents=True)
    tools.run(
        ["gem", "build", "words.gemspec", "-o", str(gems / "words-1.0.0.gem")],
        tmp_path / "words",
        "the test",
    )
    try:
        tools.run(["gem", "generate_index", "-d", str(gems.parent)], tmp_path, "the test")
    except ProjectError as error:
        pytest.skip(f"this RubyGems makes no index: {error}")
    source = write(
        tmp_path / "src",
        {"app.rb": "", "Gemfile": f'source "{gems.parent.as_uri()}"\ngem "words"\n'},
    )
    found = built(source, runtime="ruby3.3")
    (gem,) = [name for name in found if name.endswith("lib/words.rb")]
    assert gem.startswith("vendor/bundle/ruby/")
    assert "app.rb" in found


@needs("go")
def test_go_is_one_program(tmp_path: Path) -> None:
    source = write(
        tmp_path / "src",
        {"go.mod": "module mine\n\ngo 1.18\n", "main.go": "package main\n\nfunc main() {}\n"},
    )
    found = built(source, runtime="provided.al2023")
    assert found.keys() == {"bootstrap"}
    assert found["bootstrap"].startswith(b"\x7fELF")
    named = built(source, runtime="go1.x", handler="hello")
    assert named.keys() == {"hello"}
    write(source, {"main.go": "package main\n\nfunc main() {\n"})
    with pytest.raises(ProjectError, match=r"go failed:\n(.*\n)*.*main.go:"):
        built(source, runtime="provided.al2023")


@needs("go")
def test_go_follows_a_module_beside_its_own(tmp_path: Path) -> None:
    beside = write(
        tmp_path / "shared",
        {"go.mod": "module shared\n\ngo 1.18\n", "it.go": 'package shared\n\nvar Say = "one"\n'},
    )
    source = write(
        tmp_path / "src",
        {
            "go.mod": "module mine\n\ngo 1.18\n\nrequire shared v0.0.0\n"
            "replace shared => ../shared\n",
            "main.go": 'package main\n\nimport "shared"\n\nfunc main() { println(shared.Say) }\n',
        },
    )
    before = built(source, runtime="provided.al2023")
    write(beside, {"it.go": 'package shared\n\nvar Say = "other"\n'})
    assert built(source, runtime="provided.al2023") != before


@needs("make")
def test_a_makefile_fills_the_artifacts_and_leaves_the_source_alone(tmp_path: Path) -> None:
    source = write(
        tmp_path / "src",
        {"Makefile": "build-Function:\n\tcp in.txt $(ARTIFACTS_DIR)/out.txt\n\ttouch left\n",
         "in.txt": "one"},
    )  # fmt: skip
    assert built(source, method="makefile") == {"out.txt": b"one"}
    assert not (source / "left").exists()
    write(source, {"in.txt": "two"})
    assert built(source, method="makefile", layer=True) == {"out.txt": b"two"}


POM = """<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId>
<version>1</version><properties><maven.compiler.source>11</maven.compiler.source>
<maven.compiler.target>11</maven.compiler.target></properties></project>
"""


@pytest.mark.slow
@needs("mvn", "javac")
def test_maven_gives_classes(tmp_path: Path) -> None:
    source = write(
        tmp_path / "src",
        {"pom.xml": POM, "src/main/java/Hello.java": "public class Hello {}\n"},
    )
    try:
        found = built(source, runtime="java21")
    except ProjectError as error:
        if "Could not transfer" in str(error):
            pytest.skip(f"Maven's plugins are not to be had: {error}")
        raise
    assert "Hello.class" in found
    assert not (source / "target").exists()


# -- archives


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(), min_size=1))
def test_an_archive_depends_on_its_files_alone(contents: dict[str, bytes]) -> None:
    backwards = dict(reversed(contents.items()))
    assert zip_of(contents) == zip_of(backwards)
    with zipfile.ZipFile(BytesIO(zip_of(contents))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents


def test_a_later_part_counts_and_modes_are_kept(tmp_path: Path) -> None:
    first = write(tmp_path / "kept", {"a.txt": "old", "b.txt": "b"})
    second = write(tmp_path / "own", {"a.txt": "new", "run.sh": "x"})
    (second / "run.sh").chmod(0o750)
    for kept in (True, False):
        data = pack([Part(first, kept=kept), Part(second)])
        with zipfile.ZipFile(BytesIO(data)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {
                "a.txt": b"new",
                "b.txt": b"b",
                "run.sh": b"x",
            }
            modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
        assert modes["run.sh"] == stat.S_IFREG | 0o755
        assert modes["a.txt"] == stat.S_IFREG | 0o644


def test_links_are_followed_and_never_for_ever(tmp_path: Path) -> None:
    folder = write(tmp_path / "src", {"deep/file": "1"})
    write(tmp_path / "shared", {"part": "2"})
    (folder / "deep" / "round").symlink_to(folder)
    (folder / "shared").symlink_to(tmp_path / "shared")
    (folder / "gone").symlink_to(tmp_path / "absent")
    assert [name for name, _ in trees.files(folder)] == ["deep/file", "shared/part"]


def test_functions_may_pack_the_same_packages_at_the_same_time(tmp_path: Path) -> None:
    shared = write(tmp_path / "shared", {f"{n}.txt": "x" * 10_000 for n in range(50)})
    own = write(tmp_path / "own", {"app.py": ""})
    parts = [Part(shared, kept=True), Part(own)]
    together = threading.Barrier(8)

    def packed() -> bytes:
        together.wait()
        return pack(parts)

    with ThreadPoolExecutor(8) as pool:
        done = [one.result() for one in [pool.submit(packed) for _ in range(8)]]
    assert len(set(done)) == 1
    with zipfile.ZipFile(BytesIO(done[0])) as archive:
        assert len(archive.namelist()) == 51
    assert {one.name for one in tmp_path.iterdir()} == {"shared", "shared.zip", "own"}


def test_a_folder_that_vanishes_meanwhile_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "src", {"a": "1", "b/file": "2", "c": "3"})
    found = trees.files(folder)
    assert next(found)[0] == "a"
    (folder / "b" / "file").unlink()
    (folder / "b").rmdir()
    assert [name for name, _ in found] == ["c"]
    with pytest.raises(FileNotFoundError):
        list(trees.files(tmp_path / "absent"))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a").write_text("2"),
        lambda folder: (folder / "a").rename(folder / "c"),
        lambda folder: (folder / "b").unlink(),
        lambda folder: (folder / "new").write_text(""),
    ],
)
def test_the_key_of_a_folder_follows_its_content(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    folder = write(tmp_path / "src", {"a": "1", "b": "1"})
    before = trees.content_key(folder)
    (folder / "__pycache__").mkdir()
    assert trees.content_key(folder) == before
    change(folder)
    assert trees.content_key(folder) != before


def test_packages_for_aws_are_wheels_of_its_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(packages, "run", lambda command, *_: seen.append(command))
    for uv in ("/bin/uv", None):
        monkeypatch.setattr(packages.shutil, "which", lambda name, uv=uv: uv)
        packages.python(
            ["x"], tmp_path, tmp_path, "it", runtime=PYTHON, architecture="arm64", at_aws=True
        )
    by_uv, by_pip = (" ".join(command) for command in seen)
    assert "--python-platform aarch64-manylinux2014" in by_uv
    assert "--platform manylinux2014_aarch64" in by_pip
    assert sys.executable in by_pip
    assert all("--only-binary=:all:" in command for command in (by_uv, by_pip))
