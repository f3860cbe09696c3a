"""`ovr-curate check`: one small real build, a defect planted into a copy of it, and what is said of that."""

import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from curation.build.build import build
from curation.cli import main
from curation.commands.check.report import examine
from curation.core.digests import sha256_of
from curation.core.errors import BuildError
from curation.core.row import Message, prompt_id
from curation.release.finish import finish
from curation.release.shards import split_of
from curation.sampling.template import template_hash
from tests.curation.sampling.models import png

pytestmark = pytest.mark.slow
TEMPLATE = r"{question} Answer in \boxed{}."
EXAM = "A farmer ties seven goats to every third oak along a lane of ninety oaks; how many goats stand tied?"
COLORS = ("red", "green", "blue", "orange", "purple", "brown", "pink", "cyan", "navy", "olive", "teal", "maroon")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RL rows with and without images, with an evaluation set and licences; cold-start rows with traces."""
    folder = tmp_path_factory.mktemp("check")
    (folder / "raw").mkdir()
    rows: list[dict[str, Any]] = []
    for n, color in enumerate(COLORS):
        (folder / "raw" / f"{color}.png").write_bytes(png(color, 56, 56))
        rows.append(
            {
                "id": f"p{n}",
                "question": f"Which color has square number {n + 3}?",
                "answer": color,
                "image": f"{color}.png",
            }
        )
    rows += [
        {
            "id": f"t{n}",
            "question": f"What is {n} + {n * n}, for pupil {n}?",
            "answer": str(n + n * n),
            "kind": "number",
        }
        for n in range(12)
    ]
    rows.append({"id": "leak", "question": EXAM, "answer": "630"})
    (folder / "raw" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "exam.jsonl").write_text(json.dumps({"id": "e1", "question": EXAM}))
    traced = [
        {
            "question": f"What is {n} times 7?",
            "answer": str(7 * n),
            "trace": f"<think>Seven times {n} is {7 * n}.</think>\\boxed{{{7 * n}}}",
        }
        for n in range(2, 14)
    ]
    (folder / "traces.jsonl").write_text("\n".join(map(json.dumps, traced)))
    fields = {"id": "id", "question": "question", "answer": "answer", "images": "image"}
    source = {
        "kind": "table",
        "name": "t",
        "path": "raw/rows.jsonl",
        "license": "MIT",
        "accept": ["blank_images"],
    }
    source |= {"fields": fields, "images": {"required": False}}
    exam = {
        "kind": "table",
        "name": "exam",
        "path": "exam.jsonl",
        "fields": {"id": "id", "question": "question"},
        "gold": {"required": False},
    }
    cold = {"kind": "table", "name": "c", "path": "traces.jsonl", "license": "MIT"}
    cold |= {"fields": {"question": "question", "answer": "answer", "completion": "trace"}}
    manifest = {
        "name": "check",
        "seed": 3,
        "prompt_template": TEMPLATE,
        "release": {"allow": ["MIT"]},
        "rl": {
            "sources": [source],
            "splits": {"test": 0.3},
            "dedup": {"near": False},
            "decontaminate": {"benchmarks": [exam]},
        },
        "cold_start": {"sources": [cold]},
    }
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    build(folder / "manifest.yaml", folder / "out")
    return folder / "out"


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "out")
    return tmp_path / "out"


def found(out: Path) -> list[str]:
    return [f"{kind}: {finding}" for kind, finding in examine(out, skip=["trainer"]).findings]


def shard(out: Path, config: str = "rl", split: str = "train") -> Path:
    return next((out / "data" / config).glob(f"{split}-*"))


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], Any], schema: pa.Schema | None = None) -> None:
    """Write a shard again with its rows changed, its own schema, and the recorded digest made to fit: the rows have to tell."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema or table.schema), path)
    fit(path)


def fit(path: Path) -> None:
    """What the summary says of the file is true again."""
    file = path.parents[2] / "summary.json"
    summary = json.loads(file.read_text())
    summary["configs"][path.parent.name]["sha256"][path.name] = sha256_of(path)
    summary["configs"][path.parent.name]["shards"][path.name] = pq.read_metadata(path).num_rows
    file.write_text(json.dumps(summary))


def summarize(out: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    summary = json.loads((out / "summary.json").read_text())
    change(summary)
    (out / "summary.json").write_text(json.dumps(summary))


def with_image(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row.get("images")]


def test_an_untouched_build_has_no_finding_and_everything_was_looked_at(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = examine(made)
    assert report.findings == []
    checked = report.record()["checks"]
    assert all(checked[kind]["looked"] for kind in checked)
    assert {kind for kind, said in checked.items() if said["not_checked"]} <= {"documents", "contamination"}
    assert main(["check", str(made), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checks"]["golds"]["looked"] == {"rows": 36}


def flip(out: Path) -> None:
    data = bytearray(shard(out).read_bytes())
    data[len(data) // 3] ^= 0x40
    shard(out).write_bytes(data)


def cut(out: Path) -> None:
    shard(out).write_bytes(shard(out).read_bytes()[:-200])


def broken_image(out: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        image = with_image(rows)[0]["images"][0]
        image["bytes"] = image["bytes"][:-20]

    rewrite(shard(out), change)


def swapped_images(out: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        one, other, *_ = with_image(rows)
        one["images"], other["images"] = other["images"], one["images"]

    rewrite(shard(out), change)


def swapped_with_ids(out: Path) -> None:
    """As a mistake in the reader would: ids, stages and ledger fit, the raw source alone does not."""
    shutil.rmtree(out / "stages")
    (out / "ledger.parquet").unlink()

    def change(rows: list[dict[str, Any]]) -> None:
        one, other, *_ = with_image(rows)
        one["images"], other["images"] = other["images"], one["images"]
        for row in (one, other):
            question = row["prompt"][0]["content"].removesuffix(TEMPLATE[10:])
            row["id"] = prompt_id([Message("user", question)], [image["bytes"] for image in row["images"]])

    rewrite(shard(out), change)


def evaluation_item(out: Path) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        row = next(row for row in rows if not row["images"])
        row["prompt"][0]["content"] = TEMPLATE.replace("{question}", EXAM)
        row["id"] = prompt_id([Message("user", EXAM)])

    rewrite(shard(out), change)


def moved_to_another_split(out: Path) -> None:
    rows = pq.read_table(shard(out, split="test"))
    rewrite(shard(out), lambda train: train.append(rows.to_pylist()[0]))


def card_of(out: Path, rows: int) -> None:
    counts = {"config_name": "rl", "splits": [{"name": "train", "num_examples": rows}]}
    text = yaml.safe_dump({"license": "mit", "dataset_info": [counts]})
    (out / "README.md").write_text(f"---\n{text}---\n# {json.loads((out / 'summary.json').read_text())['build']}\n")


def drop_ledger_line(out: Path) -> None:
    ledger = pq.read_table(out / "ledger.parquet")
    pq.write_table(ledger.slice(1), out / "ledger.parquet")


def turned_decision(out: Path) -> None:
    file = next(out.glob("stages/*-rl-mixture/decisions/*.parquet"))
    pq.write_table(pq.read_table(file).slice(1), file)


def one(column: str, value: Any, *, config: str = "rl", of: str = "") -> Callable[[Path], None]:
    """Sets a value of the first row, or of the first whose answer is `of`."""

    def plant(out: Path) -> None:
        def change(rows: list[dict[str, Any]]) -> None:
            row = next(row for row in rows if not of or row["answer"] == of)
            row[column] = value(row) if callable(value) else value

        rewrite(shard(out, config), change)

    return plant


def schema_of(change: Callable[[pa.Schema], pa.Schema]) -> Callable[[Path], None]:
    def plant(out: Path) -> None:
        table = pq.read_table(shard(out))
        schema = change(table.schema)
        rows = [{name: row[name] for name in schema.names} for row in table.to_pylist()]
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), shard(out))
        fit(shard(out))

    return plant


def metadata(key: bytes, value: bytes | None) -> Callable[[Path], None]:
    def changed(schema: pa.Schema) -> pa.Schema:
        kept = {k: v for k, v in schema.metadata.items() if k != key}
        return schema.with_metadata(kept | ({key: value} if value is not None else {}))

    return schema_of(changed)


SAMPLER = {
    "model": "m",
    "revision": "r",
    "template_hash": template_hash(TEMPLATE),
    "temperature": 1.0,
    "top_p": 1.0,
    "max_tokens": 8,
}
COUNTS = dict.fromkeys(("n_no_answer", "n_truncated", "n_unjudged", "n_timeout", "n_infrastructure", "n_refused"), 0)
RATE = {
    "pass_rate": 0.5,
    "share": 0.5,
    "estimator": "share",
    "n_correct": 4,
    "n_judged": 8,
    "ci_low": 0.2,
    "ci_high": 0.8,
}
RATE |= {**COUNTS, "stop_reason": "n", "sampler": SAMPLER}
TRACE = [{"role": "assistant", "content": r"<think>Eight.</think>\boxed{8}"}]


def tiff(row: dict[str, Any]) -> list[dict[str, Any]]:
    data = io.BytesIO()
    Image.new("RGB", (56, 56), "gray").save(data, "TIFF")
    return [{"bytes": data.getvalue(), "path": None}]


DEFECTS: dict[str, tuple[Callable[[Path], Any], Sequence[str]]] = {
    "flipped byte": (flip, ["files: data/rl/train-00000-of-00001.parquet: its SHA-256 is not"]),
    "truncated file": (cut, ["is no whole Parquet file"]),
    "missing shard": (lambda out: shard(out).unlink(), ["is missing; summary.json names it"]),
    "stray shard": (
        lambda out: shutil.copy(shard(out), out / "data/rl/extra.parquet"),
        ["files: data/rl/extra.parquet"],
    ),
    "wrong count": (
        lambda out: summarize(out, lambda s: s["configs"]["rl"]["shards"].update({shard(out).name: 99})),
        ["rows, summary.json says 99"],
    ),
    "counts of a source": (
        lambda out: summarize(out, lambda s: s["configs"]["rl"]["sources"]["t"].update(out=99)),
        ["the summary says 99"],
    ),
    "broken image": (broken_image, ["images: data/rl/train-00000-of-00001.parquet row", "does not decode"]),
    "image of another format": (one("images", tiff, of="green"), ["image 1 is TIFF, expected PNG or JPEG"]),
    "swapped images": (
        swapped_images,
        ["its content has the id", "image 1 is not the image of its record", "images is not"],
    ),
    "swapped in the reader": (swapped_with_ids, ["sources: data/rl", "image 1 is not the image of its record"]),
    "image lost": (one("images", [], of="green"), ["has 0 images, and its record 1"]),
    "stale card": (lambda out: card_of(out, 5), ["documents: README.md: says 5 rows of rl, split train"]),
    "card of another build": (
        lambda out: (out / "report.html").write_text(f"<dt>build</dt><dd>{'0' * 32}</dd>"),
        ["documents: report.html: is of the build 0000"],
    ),
    "duplicated id": (
        lambda out: rewrite(shard(out), lambda rows: rows.append(rows[0])),
        ["ids: data/rl", "duplicate id"],
    ),
    "schema version": (metadata(b"ovr.schema_version", b"99"), ["ovr.schema_version 99, expected"]),
    "evaluation item": (evaluation_item, ["contamination: data/rl t/", "exam/e1: exact"]),
    "gold that fails itself": (
        one("answer_kind", "number", of="green"),
        ["golds: data/rl", "not correct by its own verifier"],
    ),
    "edited gold": (
        one("answer", "crimson", of="green"),
        [
            "its SHA-256 is not the one in its stage's record",
            "origin: data/rl/train-00000-of-00001.parquet row",
            "answer is 'crimson', and the stages left 'green'",
            "and its record has 'green'",
        ],
    ),
    "edited prompt": (
        one("prompt", lambda row: [{"role": "user", "content": row["prompt"][0]["content"].replace("W", "w", 1)}]),
        ["identity: data/rl", "its content has the id"],
    ),
    "template lost": (
        one("prompt", lambda row: [{"role": "user", "content": row["prompt"][0]["content"][:-3]}]),
        ["is not the manifest's prompt_template"],
    ),
    "dropped column": (
        schema_of(lambda s: s.remove(s.get_field_index("license"))),
        ["the column 'license' is missing"],
    ),
    "changed type": (
        schema_of(lambda s: s.set(s.get_field_index("weight"), pa.field("weight", pa.float64()))),
        ["the column 'weight' is double, expected float"],
    ),
    "wrong split": (moved_to_another_split, ["splits: data/rl", "belongs to the split 'test'"]),
    "placeholder count": (
        one(
            "prompt",
            lambda row: [{"role": "user", "content": "<image> <image> " + row["prompt"][0]["content"]}],
            of="green",
        ),
        ["has 2 <image> in its prompt and 1 images"],
    ),
    "licence not allowed": (
        one("license", "CC-BY-NC-4.0"),
        ["its licence 'CC-BY-NC-4.0' is not one that the release allows"],
    ),
    "ledger line missing": (drop_ledger_line, ["counts: ledger.parquet: has no line of"]),
    "ledger missing": (lambda out: (out / "ledger.parquet").unlink(), ["files: ledger.parquet: is missing"]),
    "summary of another build": (
        lambda out: summarize(out, lambda s: s.update(build="0" * 32)),
        ["and summary.json is of 0000"],
    ),
    "shard of another build": (metadata(b"ovr.build", b"0" * 32), ["schema: data/rl", "ovr.build is '0000"]),
    "features lost": (metadata(b"huggingface", None), ["has no `huggingface` features", "loads: data/rl"]),
    "NaN pass rate": (one("difficulty", {**RATE, "pass_rate": float("nan")}), ["pass_rate is nan"]),
    "share of other counts": (one("difficulty", {**RATE, "n_correct": 2}), ["share is 0.5, and 2 of 8"]),
    "rates of another template": (
        one("difficulty", {**RATE, "sampler": {**SAMPLER, "template_hash": "t"}}),
        ["sampled with the template t"],
    ),
    "published file cut short": (
        lambda out: (out / "contaminated_items.parquet").write_bytes(b"PAR1"),
        ["files: contaminated_items.parquet: is no whole"],
    ),
    "evidence emptied": (
        lambda out: pq.write_table(
            pq.read_schema(out / "contaminated_items.parquet").empty_table(), out / "contaminated_items.parquet"
        ),
        [
            "files: contaminated_items.parquet: is not as the build left it",
            "evidence: contaminated_items.parquet: has 0 lines, and the stages left more",
        ],
    ),
    "summary of a stage": (
        lambda out: summarize(out, lambda s: s["configs"]["rl"]["overlap"].clear()),
        ["evidence: summary.json: rl: has another 'overlap' than the files of"],
    ),
    "decision turned": (turned_decision, ["decisions/00000-00000.parquet: is not as the build left it"]),
    "sizes of images": (
        lambda out: summarize(out, lambda s: s["configs"]["rl"]["pictures"].clear()),
        ["says of the images {}"],
    ),
    "NaN weight": (one("weight", float("nan")), ["weight is nan"]),
    "unknown stratum": (one("stratum", "brutal"), ["stratum is 'brutal'"]),
    "trace against its verdict": (
        one("completion", TRACE, config="cold_start", of="14"),
        ["verified is 'correct', and its trace is wrong"],
    ),
    "null id": (one("id", None), ["id is null"]),
    "options are no JSON": (one("answer_options", "{"), ["answer_options is no JSON"]),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found_and_named(out: Path, defect: str) -> None:
    plant, expected = DEFECTS[defect]
    plant(out)
    said = "\n".join(found(out))
    assert [text for text in expected if text not in said] == [], said


def test_a_row_that_is_gone_is_one_difference_from_the_stages(out: Path) -> None:
    gone: list[dict[str, Any]] = []
    rewrite(shard(out, split="test"), lambda rows: gone.append(rows.pop(0)))
    lines = [line for line in found(out) if line.startswith("origin: ")]
    assert [f"t/{gone[0]['source_id']} in the split 'test'" in line for line in lines] == [True]


def test_a_shard_that_cannot_be_read_is_one_finding_and_the_rest_is_said_to_be_left_out(out: Path) -> None:
    cut(out)
    report = examine(out, skip=["trainer"])
    assert len(report.findings) == 1
    assert f"rl/{shard(out).name} cannot be read" in next(iter(report.record()["checks"]["counts"]["not_checked"]))


def test_an_image_that_changed_at_its_source_is_not_laid_on_the_build(made: Path) -> None:
    raw = made.parent / "raw" / "green.png"
    before = raw.read_bytes()
    try:
        raw.write_bytes(png("black", 56, 56))
        changed = found(made)
        raw.write_bytes(b"no image")
        unread = found(made)
    finally:
        raw.write_bytes(before)
    assert [("the source's images were changed since the build" in line) for line in changed] == [True]
    assert [("cannot be read any more" in line) for line in unread] == [True]


OF_ROWS = ("trainer", "loads", "sources", "golds", "images", "traces", "identity", "values", "schema", "pass_rates")


def test_garbage_in_any_file_is_named(out: Path) -> None:
    """Those of the stages' own folders at once, every other one by itself."""
    finish(out)
    files = [
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and not path.name.startswith(".lock")
    ]
    of_stages = [name for name in files if name.count("/") > 1 and name.startswith("stages/")]
    assert {"stages/published.json", "stages/finished.json", "stages/files.json"} < {*files} - {*of_stages}
    for names in (of_stages, *([name] for name in files if name not in of_stages)):
        before = {name: (out / name).read_bytes() for name in names}
        for name in names:
            (out / name).write_bytes(b"\xff\x00garbage")
        try:
            said = "\n".join(str(finding) for _, finding in examine(out, skip=OF_ROWS).findings)
        except BuildError as error:
            said = str(error)
        assert [name for name in names if name not in said] == [], said
        for name in names:
            (out / name).write_bytes(before[name])


def test_every_finding_is_told_and_the_exit_code_is_1(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for defect in ("edited gold", "NaN weight", "stray shard"):
        DEFECTS[defect][0](out)
    assert main(["check", str(out), "--workers", "2"]) == 1
    shown = capsys.readouterr()
    assert all(text in shown.out for text in ("answer is 'crimson'", "weight is nan", "extra.parquet"))
    assert "findings (files, " in shown.err
    assert len(shown.err.splitlines()) == 1


def test_a_released_set_is_checked_and_what_is_not_at_hand_is_said(out: Path) -> None:
    for name in ("stages", "ledger.parquet", "contamination.parquet"):
        (shutil.rmtree if (out / name).is_dir() else Path.unlink)(out / name)
    report = examine(out, skip=["trainer"])
    assert report.findings == []
    assert "a released set has none" in next(iter(report.record()["checks"]["origin"]["not_checked"]))
    (out / "contamination.parquet").write_bytes(b"texts of an exam")
    assert any("is not to be released" in line for line in found(out))


def test_the_split_of_a_row_is_what_the_build_says(made: Path) -> None:
    ids = pq.read_table(shard(made, split="test"), columns=["id"])["id"].to_pylist()
    assert {split_of(one, 3, {"test": 0.3}) for one in ids} == {"test"}
