"""The parts of `push` alone: what is sent in which commit, which licences pass, what a card gets, what is worth another attempt."""

from pathlib import Path

import httpx
import pytest
import yaml
from huggingface_hub.errors import HfHubHTTPError

from curation.core.errors import PushError
from curation.release.public import PUBLIC
from curation.release.push.allowed import is_open
from curation.release.push.card import with_configs
from curation.release.push.files import LocalFile, RemoteFile
from curation.release.push.plan import MAX_OPERATIONS, make_plan
from curation.release.push.retries import asked_wait, is_conflict, is_transient


def local(folder: Path, remote: str, content: bytes = b"x") -> LocalFile:
    path = folder / remote.replace("/", "+")
    path.write_bytes(content)
    return LocalFile(remote, path, is_data=remote.startswith("data/"))


def test_data_go_first_and_the_card_and_the_lock_at_the_very_end(tmp_path: Path) -> None:
    names = [
        *(f"data/rl/train-{n:05d}-of-00300.parquet" for n in range(300)),
        "README.md",
        "a.json",
        "manifest.lock.yaml",
        "z.json",
    ]
    stale = "data/rl/train-00000-of-00001.parquet"
    theirs = RemoteFile(1, "0" * 40)
    plan = make_plan(
        [local(tmp_path, name) for name in names], {stale: theirs, "notes.md": theirs, "loss.png": theirs}, PUBLIC
    )
    assert plan.stale == (stale, "loss.png")
    commits = list(plan.commits())
    assert max(map(len, commits)) <= 2 * MAX_OPERATIONS
    assert len(commits) == 7
    order = [one if isinstance(one, str) else one.remote for commit in commits for one in commit]
    assert order[300:] == [*plan.stale, "a.json", "z.json", "README.md", "manifest.lock.yaml"]
    assert sorted(order) == sorted([*names, *plan.stale])


def test_files_are_compared_by_sha256_or_by_the_git_object(tmp_path: Path) -> None:
    file = local(tmp_path, "größe.json", b"hello\n")
    git = "ce013625030ba8dba906f756967f9e9ca394464a"
    sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    cases = {
        RemoteFile(6, git): True,
        RemoteFile(6, "0" * 40, sha256): True,
        RemoteFile(6, git, "0" * 64): False,
        RemoteFile(7, git): False,
        RemoteFile(6, "0" * 40): False,
    }
    assert {remote: remote.equals(file) for remote in cases} == cases


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", True), ("apache-2.0", True), ("CC-BY-4.0", True), ("CC-BY-SA-3.0", True), ("CC-BY-NC-4.0", True), ("CC0-1.0", True),
        ("GPL-3.0-or-later", True), ("BSD-3-Clause", True), ("ODC-By-1.0", True), ("MIT AND CC-BY-4.0", True), ("CDLA-Permissive-2.0", True),
        ("", False), ("unknown", False), ("other", False), ("proprietary", False), ("CC-BY-ND-4.0", False), ("CC-BY-NC-ND-4.0", False),
        ("MIT AND unknown", False), ("LicenseRef-Mine", False), ("All rights reserved", False), ("not MIT", False), ("MIT OR", False),
    ],
)  # fmt: skip
def test_only_known_licences_pass_where_the_manifest_allows_none(licence: str, expected: bool) -> None:
    assert is_open(licence) is expected


def test_a_card_gets_the_configs_that_it_lacks_and_keeps_the_rest() -> None:
    splits = {"rl": ["test", "train"], "rollouts": ["train"]}
    card = "---\nlicense: mit\nconfigs:\n- config_name: rl\n  data_files: mine.parquet\n---\n# Größe\n---\nmore\n"
    made = with_configs(card, "o/n", splits)
    front, _, rest = made.removeprefix("---\n").partition("---\n")
    assert rest == "# Größe\n---\nmore\n"
    metadata = yaml.safe_load(front)
    assert metadata["license"] == "mit"
    assert [config["config_name"] for config in metadata["configs"]] == ["rl", "rollouts"]
    assert metadata["configs"][0]["data_files"] == "mine.parquet"
    assert with_configs(made, "o/n", splits) == made
    bare = with_configs("", "o/n", splits)
    assert "path: data/rl/test-*.parquet" in bare
    assert bare.endswith("---\n# o/n\n")
    with pytest.raises(PushError, match="its metadata are no YAML"):
        with_configs("---\na: [\n---\n", "o/n", splits)


def answered(status: int, **headers: str) -> HfHubHTTPError:
    request = httpx.Request("POST", "http://hub")
    return HfHubHTTPError("no", response=httpx.Response(status, headers=headers, request=request))


def caused(error: Exception) -> Exception:
    outer = RuntimeError("while uploading")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "transient", "conflict", "wait"),
    [
        (answered(429, **{"Retry-After": "30"}), True, False, 30.0),
        (answered(429, ratelimit='"api";r=0;t=55'), True, False, 55.0),
        (answered(429, **{"Retry-After": "86400"}), False, False, 86_400.0),
        (answered(503, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), True, False, None),
        (answered(500), True, False, None),
        (answered(412), False, True, None),
        (answered(403), False, False, None),
        (answered(400), False, False, None),
        (caused(answered(503)), True, False, None),
        (caused(answered(403)), False, False, None),
        (caused(httpx.ReadError("gone")), True, False, None),
        (httpx.RemoteProtocolError("hung up"), True, False, None),
        (RuntimeError("Xet: connection closed"), True, False, None),
        (ValueError("a mistake"), False, False, None),
    ],
)
def test_what_passes_by_itself_is_worth_another_attempt(
    error: Exception, transient: bool, conflict: bool, wait: float | None
) -> None:
    assert (is_transient(error), is_conflict(error), asked_wait(error)) == (transient, conflict, wait)
