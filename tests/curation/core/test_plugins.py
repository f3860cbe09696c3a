"""Plugins: found by `kind` when a manifest is validated, dumped whole, and digested with what their options name on disk."""

import sys
import tarfile
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from curation.core.digests import path_digests
from curation.core.errors import ManifestError
from curation.core.plugins import ByKind, Options, Plugin, known_plugins, load_plugins, load_plugins_of, plugin_digest
from curation.filters.base import AnyFilter, Filter
from curation.filters.length import Length
from curation.sampling.engines.base import Engine
from curation.sources.base import Source
from curation.sources.table import Table


class Words(BaseModel):
    model_config = ConfigDict(frozen=True)
    words: str = ""


class Reader(Plugin):
    kind: Literal["reader"] = "reader"
    path: Path | str | tuple[str, ...] = ""
    nested: Words = Words()
    mapping: dict[str, Any] | None = None


@pytest.fixture(autouse=True)
def _modules_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("curation", "rewards", "tests")):
            del sys.modules[name]


def test_a_union_knows_what_was_imported_after_it_was_made(tmp_path: Path) -> None:
    union = TypeAdapter(AnyFilter)
    with pytest.raises(ValidationError, match=r"unknown kind 'late'; known: asy_code, .*url_only"):
        union.validate_python({"kind": "late"})
    (tmp_path / "late_plugin.py").write_text(
        "from typing import Literal\nfrom curation.filters.base import Filter\n"
        "class Late(Filter):\n    kind: Literal['late'] = 'late'\n    n: int = 1\n    def judge(self, row): return True\n"
    )
    load_plugins(["late_plugin"], tmp_path)
    late = union.validate_python({"kind": "late", "n": 3})
    assert union.dump_python(late, mode="json") == {"kind": "late", "n": 3}
    assert "late" in str(union.json_schema())


def test_the_text_of_an_option_is_the_nearest_one() -> None:
    class Base(Options):
        n: int = 1
        """Text of the base."""
        m: int = 1
        """Of the base."""

    class Below(Base):
        n: int = Field(default=2, description="Said of the subclass.")
        m: int = 2

    shown = Below.model_json_schema()["properties"]
    assert [shown[name]["description"] for name in "nm"] == ["Said of the subclass.", "Of the base."]


def test_a_plugin_is_dumped_with_the_options_of_its_class_and_taken_as_it_is() -> None:
    union = TypeAdapter(tuple[AnyFilter, ...])
    filters = union.validate_python([Length(max_chars=9), {"kind": "length"}])
    assert [dumped["max_chars"] for dumped in union.dump_python(filters, mode="json")] == [9, 20_000]
    assert union.dump_python(filters, exclude_defaults=True) == ({"max_chars": 9}, {})


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import no_such_thing_anywhere", r"module '{name}': ModuleNotFoundError: No module named 'no_such_thing_anywhere'$"),
        ("def broken(:", r"module '{name}': SyntaxError: invalid syntax"),
        ("raise KeyError", r"module '{name}': KeyError: KeyError$"),
        (
            "from curation.filters.length import Length\nclass Mine(Length): pass",
            r"kind 'length' is defined twice: by curation.filters.length.Length and {name}.Mine$",
        ),
    ],
)  # fmt: skip
def test_a_module_that_is_no_use_is_one_line(code: str, message: str, tmp_path: Path) -> None:
    name = f"useless_{abs(hash(code))}"
    (tmp_path / f"{name}.py").write_text(code)
    with pytest.raises(ManifestError, match=message.format(name=name)) as raised:
        load_plugins([name], tmp_path)
    assert len(str(raised.value).splitlines()) == 1


def test_a_module_that_would_be_another_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("")
    with pytest.raises(
        ManifestError, match=r"module 'json' is in .*, and one of that name was imported from .*; rename"
    ):
        load_plugins(["json"], tmp_path)


def test_a_class_made_in_a_function_is_no_kind_of_a_manifest() -> None:
    class Local(Filter):
        kind: Literal["local"] = "local"

    assert "local" not in known_plugins(Filter)


class Sorter(Plugin):
    @abstractmethod
    def sort(self) -> None: ...


class Half(Sorter):
    kind: Literal["half"] = "half"


def test_a_plugin_without_a_method_that_it_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.core.plugins.known_plugins", lambda base: {"half": Half})
    with pytest.raises(ValidationError, match=r"kind 'half' cannot be used: \S+Half has no method 'sort'"):
        TypeAdapter(Annotated[Sorter, ByKind(Sorter)]).validate_python({"kind": "half"})


def test_the_digest_of_plugins_is_that_of_their_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "digested_file.py").write_text("x = 1")
    package = tmp_path / "digested_package"
    package.mkdir()
    for name in ("__init__", "part", "helper"):
        (package / f"{name}.py").write_text("")
    names = ["digested_file", "digested_package.part"]
    seen = [plugin_digest([]), plugin_digest(names)]
    assert plugin_digest(reversed(names)) == seen[-1]
    for file, text in [
        (tmp_path / "digested_file.py", "x = 2"),
        (package / "helper.py", "y = 1"),
        (package / "new.py", ""),
    ]:
        file.write_text(text)
        assert plugin_digest(names) not in seen
        seen.append(plugin_digest(names))
    (tmp_path / "other.py").write_text("")
    assert plugin_digest(names) == seen[-1]


def test_what_options_name_on_disk_is_digested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    words = folder / "deep" / "words.txt"
    words.write_text("one")
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        archive.add(words, "words.txt")
    monkeypatch.chdir(folder)
    for options, keys in [
        ({"path": str(words)}, ["path: words.txt"]),
        ({"path": words}, ["path: words.txt"]),
        ({"path": (str(words), str(folder))}, ["path: words.txt", "path: folder"]),
        ({"nested": Words(words=str(words))}, ["nested: words.txt"]),
        ({"mapping": {"a": [{"b": "deep/words.txt"}]}}, ["mapping: words.txt"]),
        ({"path": f"{folder}/*/words.*"}, ["path: words.txt"]),
        ({"path": f"{tmp_path}/**/words.txt"}, ["path: words.txt"]),
        ({"path": f"{tmp_path}/set.tar!/words.txt"}, ["path: set.tar"]),
        ({"path": f"{words}", "nested": Words(words=str(words))}, ["path: words.txt", "nested: words.txt"]),
        *[({"path": text}, []) for text in ("deep", ".", "/", "", ".*", "(.+)", "\0", "x" * 9999, f"{folder}/absent")],
    ]:
        assert list(Reader(**options).inputs()) == keys, options
    before = [path_digests({"a": str(place)}) for place in (words, folder)]
    words.write_text("two")
    assert [path_digests({"a": str(place)}) for place in (words, folder)] != before
    assert path_digests({"a": str(folder), "b": str(words)}, folders=False).keys() == {"b: words.txt"}


def test_a_table_that_adds_an_option_keeps_both_inputs(tmp_path: Path) -> None:
    class Riddled(Table):
        extra: str

    for name in ("rows.jsonl", "extra.txt"):
        (tmp_path / name).write_text('{"q": 1}')
    source = Riddled(path=str(tmp_path / "rows.jsonl"), extra=str(tmp_path / "extra.txt"), fields={"question": "q"})
    assert source.inputs().keys() == {"rows.jsonl", "extra: extra.txt"}


def test_a_file_that_an_engine_is_given_is_part_of_its_identity(tmp_path: Path) -> None:
    class Replies(Engine):
        replies: str

        def open(self) -> Any: ...

    (tmp_path / "config.json").write_text("{}")
    replies = tmp_path / "replies.jsonl"
    replies.write_text("a")
    engine = Replies(kind="replies", model=str(tmp_path), replies=str(replies))
    before = engine.identity()
    replies.write_text("b")
    assert engine.identity()[0] == before[0]
    assert engine.identity()[1] != before[1]
    assert Source.inputs is Plugin.inputs


@pytest.mark.parametrize(
    ("root", "name"), [("{out}", "stranger"), ("{out}/..", "out.stranger"), ("{links}", "stranger")]
)
def test_a_module_in_the_folder_of_a_data_set_is_not_run(root: str, name: str, tmp_path: Path) -> None:
    out, links = tmp_path / "out", tmp_path / "links"
    for folder in (out, links):
        folder.mkdir()
    (out / "stranger.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (links / "stranger.py").symlink_to(out / "stranger.py")
    manifest = {"plugins": [name], "root": root.format(out=out, links=links)}
    with pytest.raises(ManifestError, match=rf"^module '{name}' is in .*/out, which is read and not run"):
        load_plugins_of(manifest, out)
    assert not (tmp_path / "ran").exists()
