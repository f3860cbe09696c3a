"""Mistakes in a manifest are reported with their key, in one line each."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.build.load import load_manifest
from curation.build.manifest import Manifest
from curation.core.errors import ManifestError

GOOD: dict[str, Any] = {"name": "m", "rl": {"sources": [{"kind": "visual_puzzles", "count": 3}]}}

BAD: list[tuple[dict[str, Any], str]] = [
    ({"rl": {"sources": [{"kind": "visual_puzzle"}]}}, r"rl\.sources\[0\]\.kind: unknown kind 'visual_puzzle'; known: .*did you mean 'visual_puzzles'\?"),
    ({"rl": {"sources": [{"kind": "visual_puzzles", "cuont": 3}]}}, r"rl\.sources\[0\]: unknown option 'cuont'; did you mean 'count'\?"),
    ({"rl": {"sources": [{"kind": "visual_puzzles", "zzz": 3}]}}, r"rl\.sources\[0\]: unknown option 'zzz'; known: name, license, .*modality, traces, behaviors$"),
    ({"rl": {"sources": [{"kind": "table", "path": "x", "fields": {"qestion": "q"}}]}}, r"(?s)rl\.sources\[0\]\.fields\.question: Field required\n.*rl\.sources\[0\]\.fields: unknown option 'qestion'; did you mean 'question'\?"),
    ({"rl": {"sources": [{"kind": "table", "path": "x", "fields": {"question": "q"}, "gold": {"rules": [{"kind": "math", "wen": "x"}]}}]}}, r"rl\.sources\[0\]\.gold\.rules\[0\]: unknown option 'wen'; did you mean 'when'\?"),
    ({"rl": {"sources": ["table"]}}, r"rl\.sources\[0\]: expected a mapping with `kind`, got 'table'"),
    ({"rl": {"sources": [{"kind": ["table"]}]}}, r"rl\.sources\[0\]\.kind: unknown kind \['table'\]; known: "),
    ({"rl": {"sources": [{"kind": "visual_puzzles", "count": "many"}]}}, r"rl\.sources\[0\]\.count: .*integer.*got 'many'"),
    ({"rl": {"sources": [{"count": 3}]}}, r"rl\.sources\[0\]\.kind: missing; known: .*visual_puzzles"),
    ({"rl": {"sources": []}}, r"rl\.sources: got no sources, expected at least one"),
    ({"rl": {"sources": [{"kind": "visual_puzzles"}] * 2}}, r"two sources are named 'visual_puzzles'"),
    ({"rl": {}}, r"rl\.sources: Field required"),
    ({"rl": None}, r"expected a section `cold_start`, `rl` or both"),
    ({"rll": {}}, r"yaml: unknown option 'rll'; did you mean 'rl'\?"),
    ({"name": "a b"}, r"name: .*got 'a b'"),
    ({"seed": -1}, r"seed: .*greater than or equal to 0"),
    ({"prompt_template": "no place"}, r"prompt_template: .*exactly one \{question\}"),
    ({"rl": {**GOOD["rl"], "splits": {"test": 1.5}}}, r"rl\.splits: .*add up to 1 at most"),
    ({"rl": {**GOOD["rl"], "splits": {"train-eval": 0.1}}}, r"rl\.splits: got the split 'train-eval'"),
    ({"cold_start": {**GOOD["rl"], "keep_verified": ["corect"]}}, r"cold_start\.keep_verified\[0\]: .*'correct'.*got 'corect'"),
    ({"rl": {**GOOD["rl"], "filters": [{"kind": "lenght"}]}}, r"rl\.filters\[0\]\.kind: unknown kind 'lenght'; known: .*did you mean 'length'"),
    ({"rl": {**GOOD["rl"], "difficulty": {"sampler": {"kind": "vlm", "model": "m"}}}}, r"rl\.difficulty\.sampler\.kind: unknown kind 'vlm'.*'vllm'"),
    ({"rl": {**GOOD["rl"], "difficulty": {"sampler": {"kind": "vllm"}}}}, r"rl\.difficulty\.sampler\.model: Field required"),
    ({"rl": {**GOOD["rl"], "triage": {"without_pictures": True}}}, r"rl: .*got `triage` without `difficulty`"),
    ({"rl": {"sources": [{"kind": "table", "path": "$OVR_NOT_SET_ANYWHERE/x", "fields": {"question": "q"}}]}}, r"OVR_NOT_SET_ANYWHERE, which is not set"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_mistake_is_reported_with_its_key(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **change}))
    with pytest.raises(ManifestError, match=message) as raised:
        load_manifest(path)
    assert len(str(raised.value).splitlines()) == (2 if "(?s)" in message else 1)


TABLE = {"kind": "table", "path": "x", "fields": {"question": "q"}}
RENAMED: list[tuple[dict[str, Any], str]] = [
    ({"rl": {"sources": [{**TABLE, "beside": {"a": "b.json"}}]}}, "rl.sources[0]: option 'beside' is called 'join' now"),
    ({"rl": {"sources": [{**TABLE, "each": "items"}]}}, "rl.sources[0]: option 'each' is called 'explode' now"),
    ({"rl": {"sources": [{**TABLE, "gold": {"first_option": 0}}]}}, "rl.sources[0].gold: option 'first_option' is called 'option_base' now"),
    ({"rl": {**GOOD["rl"], "mixture": {"over": ["domain"]}}}, "rl.mixture: option 'over' is called 'group_by' now"),
    ({"rl": {**GOOD["rl"], "mixture": {"strata": {"stated_first": True}}}}, "rl.mixture.strata: option 'stated_first' is called 'prefer_stated' now"),
    ({"release": {"allow": ["MIT"], "otherwise": "drop"}}, "release: option 'otherwise' is called 'on_violation' now"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), RENAMED)
def test_an_old_key_names_the_new_one(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **change}))
    with pytest.raises(ManifestError) as raised:
        load_manifest(path)
    assert str(raised.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", r"bad.yaml: holds a list; expected a manifest"),
        ("name: [", r"not YAML: .*line \d"),
        ("name: a\nname: b\n", "key 'name' is given twice"),
        ("", r"bad.yaml: is empty; expected a manifest"),
        ("when: 2024-02-30\n", "not YAML"),
        ("name: !!python/object/apply:os.system [exit]\n", "not YAML: could not determine a constructor"),
    ],
)
def test_a_file_that_is_no_manifest(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ManifestError, match=message):
        load_manifest(path)
    with pytest.raises(ManifestError, match="no such manifest"):
        load_manifest(tmp_path / "absent.yaml")


def test_a_list_that_is_included_in_a_list_is_joined_with_it(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    entry = "{kind: table, name: %s, path: x.json, fields: {question: q}}"
    (tmp_path / "two.yaml").write_text("".join(f"- {entry % name}\n" for name in names[:2]))
    (tmp_path / "one.yaml").write_text(entry % "c")
    (tmp_path / "m.yaml").write_text(
        "name: a\nrl:\n  sources: [!include two.yaml, !include one.yaml]\n  decontaminate:\n    benchmarks:\n"
        f"      - {entry % 'own'}\n      - !include two.yaml\n"
    )
    section = load_manifest(tmp_path / "m.yaml").rl
    assert section is not None
    assert section.decontaminate is not None
    assert [source.name for source in section.sources] == ["a", "b", "c"]
    assert [source.name for source in section.decontaminate.benchmarks] == ["own", "a", "b"]


def test_a_join_by_id_is_written_as_it_reads(tmp_path: Path) -> None:
    join = "{image: {path: images.json, on: image_id, key: id}}"
    source = f"{{kind: table, path: x.json, join: {join}, fields: {{question: q}}}}"
    (tmp_path / "m.yaml").write_text(f"name: a\nrl: {{sources: [{source}]}}\n")
    section = load_manifest(tmp_path / "m.yaml").rl
    assert section is not None
    expected = {"path": str(tmp_path / "images.json"), "on": "image_id", "key": "id"}
    assert section.sources[0].model_dump()["join"] == {"image": expected}


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = "{kind: table, path: [~/x.json, y.json], images: {root: ~/images}, fields: {question: q, images: i}}"
    (tmp_path / "m.yaml").write_text(f"name: a\nrl: {{sources: [{source}]}}\n")
    section = load_manifest(tmp_path / "m.yaml").rl
    assert section is not None
    assert section.sources[0].model_dump()["path"] == (str(tmp_path / "home/x.json"), str(tmp_path / "y.json"))
    assert section.sources[0].model_dump()["images"]["root"] == str(tmp_path / "home/images")


def test_a_file_can_be_included(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "sources.yaml").write_text(yaml.safe_dump([{"kind": "visual_puzzles", "count": 3}]))
    (tmp_path / "nested.yaml").write_text("!include lists/sources.yaml")
    (tmp_path / "empty.yaml").write_text("")
    path = tmp_path / "good.yaml"
    path.write_text("name: a\nrl: {sources: !include lists/sources.yaml}\n")
    manifest = load_manifest(path)
    assert manifest.rl
    assert manifest.rl.sources[0].kind == "visual_puzzles"
    for included, message in [
        ("absent.yaml", "absent.yaml: no such manifest"),
        ("nested.yaml", "includes another"),
        ("[a]", "file name"),
        ("empty.yaml", "include empty.yaml: is empty"),
    ]:
        path.write_text(f"name: a\nrl: {{sources: !include {included}}}\n")
        with pytest.raises(ManifestError, match=message):
            load_manifest(path)


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump({**GOOD, "seed": "x", "nmae": 1}))
    with pytest.raises(ManifestError) as raised:
        load_manifest(path)
    assert len(str(raised.value).splitlines()) == 2


def test_keys_are_changed_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(yaml.safe_dump(GOOD))
    manifest = load_manifest(path, ["seed=9", "rl.splits.test=0.5", "rl.sources[0].count=7", "name=other"])
    assert (manifest.seed, manifest.name, manifest.rl and manifest.rl.splits) == (9, "other", {"test": 0.5})
    assert manifest.rl is not None
    assert manifest.rl.sources[0].model_dump()["count"] == 7
    for change, message in [
        ("seed", "expected KEY=VALUE"),
        ("rl.sources[4].count=1", "list of 1"),
        ("name.x=1", "expected a mapping"),
        ("rl.sources.foo=1", "--set"),
        ("rl.sources[9]=1", "--set"),
        ("=1", "--set"),
        ("seed=[1", "--set"),
    ]:
        with pytest.raises(ManifestError, match=message):
            load_manifest(path, [change])


def test_paths_are_relative_to_the_manifest_and_variables_are_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVR_TEST_DATA", "/elsewhere")
    sources = [
        {"kind": "table", "name": name, "path": path, "fields": {"question": "q"}}
        for name, path in {
            "near": "rows.jsonl",
            "far": "$OVR_TEST_DATA/rows.jsonl",
            "by default": "${OVR_NOT_SET_ANYWHERE:-/default}/rows.jsonl",
        }.items()
    ]
    path = tmp_path / "good.yaml"
    path.write_text(yaml.safe_dump({"name": "m", "rl": {"sources": sources}}))
    rl = load_manifest(path).rl
    assert rl is not None
    assert [source.model_dump()["path"] for source in rl.sources] == [
        str(tmp_path / "rows.jsonl"),
        "/elsewhere/rows.jsonl",
        "/default/rows.jsonl",
    ]


MANIFESTS = Path(__file__).parents[3] / "manifests"
SHIPPED = [path for path in sorted(MANIFESTS.rglob("*.yaml")) if "\n  sources:" in path.read_text()]
"""The others are lists of evaluation sets, and configurations of the trainer, which are tested there."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_manifest_loads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVR_REAL_DATA", "/data")
    assert isinstance(load_manifest(path), Manifest)
