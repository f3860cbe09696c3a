"""`ovr-curate push` against a Hub on this machine: what arrives, what is loaded again, what goes wrong on the way."""

import hashlib
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation.core.lock import build_name
from tests.curation.release.hub.server import TOKEN, Fault, LoopbackHub
from tests.curation.release.pushing import PATHS, files_with_token, push, push_many, run_python, start_push

pytestmark = pytest.mark.slow

LOAD = """
import hashlib, json, sys
from datasets import Image, List, load_dataset
for config, split in (("rl", "train"), ("rl", "test"), ("cold_start", "train")):
    for streaming in (False, True):
        rows = load_dataset(sys.argv[1], config, split=split, streaming=streaming)
        if config == "rl":
            assert rows.features["images"] == List(Image()), rows.features
            next(iter(rows))["images"]
            rows = rows.cast_column("images", List(Image(decode=False)))
        told = []
        for row in rows:
            images = [hashlib.sha256(image["bytes"]).hexdigest() for image in row.pop("images", None) or ()]
            told.append([json.dumps(row, sort_keys=True, default=str), images])
        print(json.dumps([config, split, hashlib.sha256(json.dumps(told).encode()).hexdigest(), len(told)]))
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    with LoopbackHub(tmp_path / "hub") as hub:
        hub.page_size = 3
        yield hub
    assert not files_with_token(tmp_path / "home")


def rows_of(build: Path, config: str, split: str) -> list[Any]:
    shards = sorted((build / "data" / config).glob(f"{split}-*.parquet"))
    rows = pa.concat_tables([pq.read_table(shard) for shard in shards]).to_pylist()
    told = []
    for row in rows:
        images = [hashlib.sha256(image["bytes"]).hexdigest() for image in row.pop("images", None) or ()]
        told.append([json.dumps(row, sort_keys=True, default=str), images])
    return told


@pytest.mark.parametrize("way", PATHS)
def test_a_pushed_set_loads_with_equal_rows_and_images_and_a_second_push_sends_nothing(
    hub: LoopbackHub, built: Path, tmp_path: Path, way: str
) -> None:
    code, out = push(hub, built, tmp_path / "home", way=way)
    assert code == 0, out
    assert any("/cas/" in line for line in hub.log) == (way == "xet")
    sent, commits = hub.sent.total(), hub.commits("tester/set")
    code, out = push(hub, built, tmp_path / "home2", way=way)
    assert (code, hub.sent.total(), hub.commits("tester/set")) == (0, sent, commits), out
    assert "nothing to send" in out
    assert list(hub.repos["tester/set"].tags.values()) == [hub.repos["tester/set"].branches["main"]]
    for line in run_python(hub, tmp_path / "loads", LOAD, "tester/set").splitlines():
        config, split, digest, n = json.loads(line)
        rows = rows_of(built, config, split)
        assert (digest, n) == (hashlib.sha256(json.dumps(rows).encode()).hexdigest(), len(rows)), (config, split)
    assert TOKEN not in out


def committed_by_another(name: str, path: str, content: bytes) -> Any:
    def commit(hub: LoopbackHub) -> None:
        repo = hub.repos[name]
        repo.commit("main", {**repo.files("main"), path: repo.put(content)}, "by another")

    return commit


FAULTS = {
    "busy": [Fault("POST .*/tester/busy/commit/", times=2, status=429, retry_after=1)],
    "down": [Fault("POST .*/tester/down/commit/", status=503), Fault("GET .*/tester/down/tree/", status=502)],
    "dropped": [
        Fault("POST .*/tester/dropped/commit/", drop=True),
        Fault("(PUT|POST) /(lfs|cas)/tester/dropped/", drop=True),
    ],
    "lost": [Fault("POST .*/tester/lost/commit/", lose=True)],
    "raced": [Fault("POST .*/tester/raced/commit/", then=committed_by_another("tester/raced", "notes.md", b"theirs"))],
    "overwritten": [
        Fault(
            "POST .*/tester/overwritten/commit/",
            then=committed_by_another("tester/overwritten", "README.md", b"theirs"),
        )
    ],
    "created": [Fault("POST .*/repos/create", lose=True)],
    "tagged": [Fault("POST .*/tester/tagged/tag/", lose=True)],
}
"""Repository -> what goes wrong with it."""


@pytest.mark.parametrize("way", PATHS)
def test_what_goes_wrong_for_a_while_is_waited_for_and_said(
    hub: LoopbackHub, built: Path, tmp_path: Path, way: str
) -> None:
    hub.faults = [
        Fault(f.match, f.times, f.status, f.retry_after, f.drop, f.lose, f.then) for of in FAULTS.values() for f in of
    ]
    names = ["created", *(name for name in FAULTS if name != "created")]
    for name in names:
        if name not in ("created",):
            hub.create(f"tester/{name}")
    told = push_many(hub, tmp_path / "home", [(str(built), f"tester/{name}") for name in names], way)
    for name, (code, out) in zip(names, told, strict=True):
        assert code == 0, (name, out)
        assert "attempt 2 of 8 in" in out, (name, out)
        repo = hub.repos[f"tester/{name}"]
        shards = [path for path in repo.files("main") if path.startswith("data/")]
        assert {path: repo.bytes_of(repo.files("main")[path]) for path in shards} == {
            path: (built / path).read_bytes() for path in shards
        }
        assert len(shards) == 3
        assert sum("build" in message for message in hub.commits(f"tester/{name}")) == 1, (
            name,
            hub.commits(f"tester/{name}"),
        )
        assert len(repo.tags) == 1, name
    assert not any(fault.times for fault in hub.faults)
    assert hub.repos["tester/raced"].files("main")["notes.md"]
    assert b"configs:" in hub.repos["tester/overwritten"].bytes_of(
        hub.repos["tester/overwritten"].files("main")["README.md"]
    )


@pytest.mark.parametrize(
    ("way", "moment"),
    [("lfs", "PUT /lfs/"), ("lfs", "POST .*/commit/"), ("xet", "POST /cas/.*/shards"), ("xet", "POST .*/tag/")],
)
def test_a_killed_push_goes_on_and_sends_no_file_more_than_once_more(
    hub: LoopbackHub, built: Path, tmp_path: Path, way: str, moment: str
) -> None:
    started: list[subprocess.Popen[str]] = []
    hub.faults.append(Fault(moment, lose=True, then=lambda _: started[0].send_signal(signal.SIGKILL)))
    started.append(start_push(hub, built, tmp_path / "home", way=way))
    started[0].communicate(timeout=60)
    assert started[0].returncode == -signal.SIGKILL
    code, out = push(hub, built, tmp_path / "home", way=way)
    assert code == 0, out
    assert max(hub.sent.values()) <= 2
    assert len(hub.repos["tester/set"].tags) == 1


def test_what_is_refused_is_said_in_one_line_and_nothing_is_sent(hub: LoopbackHub, built: Path, tmp_path: Path) -> None:
    hub.create("tester/public")
    hub.repos["tester/public"].tags["v1"] = hub.repos["tester/public"].branches["main"]
    flipped, edited, missing, unbalanced, unlisted, garbled, unpublished = (
        Path(shutil.copytree(built, tmp_path / name))
        for name in ("flipped", "edited", "missing", "unbalanced", "unlisted", "garbled", "unpublished")
    )
    (unlisted / "stages" / "published.json").unlink()
    (garbled / "stages" / "published.json").write_text('{"a": ')
    (unpublished / "stages" / "published.json").write_text('["contaminated_items.parquet", "contamination.parquet"]')
    shard = next((flipped / "data" / "rl").glob("train-*"))
    shard.write_bytes(shard.read_bytes()[:-9] + b"x" + shard.read_bytes()[-8:])
    shutil.copy(shard, edited / "data" / "rl")
    summary = json.loads((edited / "summary.json").read_text())
    summary["configs"]["rl"]["sha256"][shard.name] = hashlib.sha256(shard.read_bytes()).hexdigest()
    (edited / "summary.json").write_text(json.dumps(summary))
    next((missing / "data" / "rl").glob("test-*")).unlink()
    summary = json.loads((unbalanced / "summary.json").read_text())
    (unbalanced / "summary.json").write_text(json.dumps({**summary, "balanced": False}))
    cases = {
        ("tester/public", "--private"): (built, "is public, and --private goes with a new repository alone"),
        ("tester/public", "--revision", "v1"): (built, "v1 is a tag or a commit"),
        ("other/set",): (built, "403"),
        ("no-owner",): (built, "expected OWNER/NAME"),
        ("tester/new1",): (flipped, "the file was changed behind the build"),
        ("tester/new6",): (edited, "the record of its stage has"),
        ("tester/new2",): (missing, "summary.json names it"),
        ("tester/new3",): (unbalanced, "does not balance"),
        ("tester/new4", "--rollouts"): (built, "no rollouts"),
        ("tester/new5",): (tmp_path, "no summary.json"),
        ("tester/new7",): (unlisted, "published.json: missing; the build did not end"),
        ("tester/new8",): (garbled, "published.json: cannot be read"),
        ("tester/new9",): (unpublished, "contaminated_items.parquet: missing; stages/published.json names it"),
    }
    told = push_many(hub, tmp_path / "home", [(str(build), *arguments) for arguments, (build, _) in cases.items()])
    for (code, out), (arguments, (_, expected)) in zip(told, cases.items(), strict=True):
        failed = [line for line in out.splitlines() if line.startswith("ovr-curate: ")]
        assert code == 1, arguments
        assert [expected in line for line in failed] == [True], (arguments, out)
        assert "Traceback" not in out
    assert [*hub.repos] == ["tester/public"]
    assert len(hub.commits("tester/public")) == 1
    assert not any(line.startswith("PUT") for line in hub.log)
    for token, expected in (("", "HF_TOKEN"), ("hf_wrong", "401")):
        code, out = push(hub, built, tmp_path / "home", "tester/new", token=token)
        assert (code, expected in out, "Traceback" in out) == (1, True, False), out
        assert not token or token not in out


def test_a_new_tag_has_a_number_that_none_has_and_is_at_the_commit_that_is_said(
    hub: LoopbackHub, built: Path, tmp_path: Path
) -> None:
    first = f"build-{json.loads((built / 'summary.json').read_text())['build'][:12]}"
    cases = {
        "tester/deleted": ([first, f"{first}-3"], "", f"{first}-4"),
        "tester/no-first": ([f"{first}-2", f"{first}-x"], "", f"{first}-3"),
        "tester/faster": ([first], f"{first}-2", f"{first}-3"),
    }
    """Repository -> the tags that it has, the one that somebody makes a moment before, and the one that is expected."""
    for name, (tags, theirs, _) in cases.items():
        repo = hub.create(name)
        before = repo.branches["main"]
        repo.tags |= dict.fromkeys(tags, before)
        if theirs:
            put = partial(repo.tags.update, {theirs: before})
            hub.faults.append(Fault(f"POST .*/{name}/tag/", then=lambda _, put=put: put()))
    told = push_many(hub, tmp_path / "home", [(str(built), name) for name in cases])
    for (code, out), (name, (_, _, expected)) in zip(told, cases.items(), strict=True):
        repo = hub.repos[name]
        assert (code, out.rstrip().endswith(f"commit {repo.branches['main']}, tag {expected}")) == (0, True), out
        assert [tag for tag, at in repo.tags.items() if at == repo.branches["main"]] == [expected]


def test_revisions_dry_runs_private_sets_and_files_of_an_earlier_release(
    hub: LoopbackHub, built: Path, tmp_path: Path
) -> None:
    changed = shutil.copytree(built, tmp_path / "changed")
    (changed / "loss.json").write_text("{}")
    (changed / "stages" / "published.json").write_text('["loss.json"]')
    (changed / "contamination.parquet").write_bytes(b"an evaluation question")
    lock = yaml.safe_load((changed / "manifest.lock.yaml").read_text())
    lock["manifest"]["rl"]["sources"][0]["path"] = "/home/somebody/rows.jsonl"
    (changed / "manifest.lock.yaml").write_text(yaml.safe_dump(lock, sort_keys=False))
    summary = json.loads((changed / "summary.json").read_text())
    flag = {"count": 1, "of": 9, "source_id": "7", "raised": True, "accepted": True}
    summary["configs"]["rl"]["reading"] = {"count": {"flags": {"bad_rows": {**flag, "quote": "a question of an exam"}}}}
    summary["build"] = build_name(lock)
    (changed / "summary.json").write_text(json.dumps(summary))
    (changed / "report.html").write_bytes(b"rows that went")
    (changed / "README.md").write_text("---\nlicense: mit\n---\n")  # no card of this build: it is written again
    here, name = str(built), "tester/set"
    told = push_many(
        hub,
        tmp_path / "home",
        [
            (here, name, "--dry-run", "--private"),
            (str(changed), name, "--private"),
            (here, name, "--dry-run"),
            (here, name),
            (here, name, "--revision", "next"),
            (here, "tester/größe"),
        ],
    )
    assert [code for code, _ in told] == [0, 0, 0, 0, 0, 1], told
    assert "would be created, private" in told[0][1]
    assert "deleted" in told[2][1]
    repo = hub.repos[name]
    assert repo.private
    tag = f"build-{summary['build'][:12]}"
    (of_built,) = repo.tags.keys() - {tag}
    first, second = set(repo.files(tag)), set(repo.files(of_built))
    assert first - second == {"loss.json"}
    assert b"somebody" not in repo.bytes_of(repo.files(tag)["manifest.lock.yaml"])
    assert b"an exam" not in repo.bytes_of(repo.files(tag)["summary.json"])
    assert b"rows that went" not in repo.bytes_of(repo.files(tag)["report.html"])
    assert b"license: mit" not in repo.bytes_of(repo.files(tag)["README.md"])
    assert ".gitattributes" in second
    assert not any("contamination" in path or "ledger" in path or "stages" in path for path in first | second)
    assert repo.files("next") == repo.files("main")
    assert len(repo.tags) == 2


def test_rollouts_are_a_config_of_their_own(hub: LoopbackHub, copied: Path, tmp_path: Path) -> None:
    row = pq.read_table(next((copied / "data" / "rl").glob("train-*"))).slice(0, 1).to_pylist()[0]
    write_store(copied, row)
    code, out = push(hub, copied, tmp_path / "home", "tester/set", "--rollouts")
    assert code == 0, out
    repo = hub.repos["tester/set"]
    (path,) = [path for path in repo.files("main") if "rollouts" in path]
    assert path == "data/rollouts/train-00000-of-00001.parquet"
    lines = pq.read_table(pa.BufferReader(repo.bytes_of(repo.files("main")[path]))).to_pylist()
    assert [(line["id"], line["number"], line["outcome"], line["reward"], line["same_prompt"]) for line in lines] == [
        (row["id"], 0, "correct", 1.0, True),
        (row["id"], 1, "truncated", None, True),
    ]
    assert "config_name: rollouts" in repo.bytes_of(repo.files("main")["README.md"]).decode()
    code, out = push(hub, copied, tmp_path / "home", "tester/set", "--rollouts")
    assert "nothing to send" in out


def write_store(build: Path, row: dict[str, Any]) -> None:
    """Two samples of a row, and one of a row that is not released, judged as a build judges them."""
    from curation.core.row import Message, make_row
    from curation.sampling.engines.base import Request, Sample
    from curation.sampling.rollouts.rollout import Rollout, Setting, prompt_hash
    from curation.sampling.rollouts.store import RolloutStore
    from curation.sampling.rollouts.verdicts import VerdictStore, judge_rollouts

    messages = tuple(Message(**message) for message in row["prompt"])
    images = tuple(image["bytes"] for image in row["images"])
    prompt = prompt_hash(Request(row["id"], messages, images, (), 0))
    setting = Setting("model", "revision", "template", 1.0, 1.0)
    texts = (
        (row["id"], 0, f"\\boxed{{{row['answer']}}}", "stop"),
        (row["id"], 1, "so", "length"),
        ("gone", 0, "a secret", "stop"),
    )
    rollouts = [Rollout(prompt, of, setting, 64, Sample(n, text, end, 5, 7), 9, 0.1) for of, n, text, end in texts]
    source = make_row(source="s", source_id="1", question="q", answer=row["answer"], answer_kind=row["answer_kind"])
    source = replace(source, answer_options=row["answer_options"])
    with RolloutStore(build / "rollouts") as store, VerdictStore(build / "rollouts" / "verdicts") as verdicts:
        store.append(rollouts)
        judge_rollouts([(source, rollouts[:2])], verdicts)


def test_an_edited_lock_and_a_link_are_not_released(hub: LoopbackHub, copied: Path, tmp_path: Path) -> None:
    """A licence that is allowed behind the build was not allowed when it was built; a link may lead anywhere."""
    whole = (copied / "manifest.lock.yaml").read_text()
    lock = yaml.safe_load(whole)
    (copied / "manifest.lock.yaml").write_text(yaml.safe_dump(lock | {"manifest": lock["manifest"] | {"seed": 99}}))
    code, out = push(hub, copied, tmp_path / "home", "tester/set")
    assert (code, "is not the lock of the build" in out) == (1, True), out
    (copied / "manifest.lock.yaml").write_text(whole)
    (copied / "loss.json").symlink_to("/etc/hostname")
    (copied / "stages" / "published.json").write_text('["loss.json"]')
    code, out = push(hub, copied, tmp_path / "home", "tester/set")
    assert (code, "loss.json: a link" in out) == (1, True), out
    assert "tester/set" not in hub.repos
