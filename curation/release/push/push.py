"""The way of a set to the Hub.

    push(Path("build/quickstart"), "owner/name", PushOptions(private=True), print)

The release is a list of files; the plan is what the repository lacks of it. The data go first and the card and the lock last, in commits
that say what they are made on, so that two who push do not mix. Then every hash is read back, and the commit gets a tag. All that is known
of what was done is in the repository: the same command goes on behind a kill, and sends nothing when all is there.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from curation.core.errors import PushError
from curation.core.lock import build_name
from curation.core.stage_run import digest_of
from curation.core.words import counted
from curation.release.dataset import Dataset, open_dataset
from curation.release.finish import finish
from curation.release.public import PUBLIC
from curation.release.push.allowed import check_licences
from curation.release.push.files import LocalFile
from curation.release.push.held import held
from curation.release.push.hub import EMPTY, Hub, State
from curation.release.push.plan import Plan, make_plan
from curation.release.push.tree import check_published, released_files, released_shards

ROUNDS = 5
"""How often a finished push is looked at again when others change its files meanwhile."""
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PushOptions:
    """What `ovr-curate push` is asked for."""

    private: bool = False
    revision: str = "main"
    dry_run: bool = False
    rollouts: bool = False


def push(path: Path, name: str, options: PushOptions, say: Say) -> str:
    """Release a folder as OWNER/NAME; returns the commit, empty where nothing was sent for a dry run.

    Raises:
        BuildError: no finished build, or another is running in the folder.
        PushError: it may not be released, or the Hub refuses it.
    """
    if not NAME.fullmatch(name):
        raise PushError(f"got the name {name!r}, expected OWNER/NAME of letters, digits, '.', '_' and '-'")
    dataset = open_dataset(path)
    with held(dataset) as folder:
        files = _files(dataset, name, folder, options, say)
        hub = Hub(name, options.revision, say)
        if options.dry_run:
            _dry_run(hub, files, options, say)
            return ""
        _prepare(hub, options)
        return _release(hub, dataset, files, say)


def _files(dataset: Dataset, name: str, folder: Path, options: PushOptions, say: Say) -> list[LocalFile]:
    """The files of a release that may go; what has to be made for it is written to `folder`."""
    path = dataset.path
    if not dataset.summary.get("balanced"):
        raise PushError(f"{path}: the build does not balance; `ovr-curate check {path}` says where")
    if not dataset.configs:
        raise PushError(f"{path}: no rows to release; expected shards in {path / 'data'}")
    shards = released_shards(dataset)
    if dataset.summary.get("build") not in (build_name(dataset.lock), digest_of(dataset.lock)):  # the latter: schema 1
        raise PushError(
            f"{path}: manifest.lock.yaml is not the lock of the build that summary.json names; was it edited? Build again"
        )
    for note in check_licences(dataset):
        say(note)
    if dataset.is_build:
        check_published(dataset)
        finish(path)  # documents of another build, or edited, are not released
    files = released_files(dataset, name, options.rollouts, shards, folder)
    say(f"{path}: {counted(len(files), 'file')}, {sum(file.size for file in files):,} bytes")
    return files


def _dry_run(hub: Hub, files: list[LocalFile], options: PushOptions, say: Say) -> None:
    """Say what would be done; only reads."""
    private = hub.is_private()
    state = EMPTY
    if private is None:
        say(
            f"{hub.name} does not exist, or may not be seen; it would be created, {'private' if options.private else 'public'}"
        )
    else:
        _check_visibility(hub, private, options)
        branches, tags = hub.refs()
        _check_revision(hub, branches, tags)
        if hub.revision not in branches:
            say(f"the branch {hub.revision} would be created from main")
        state = hub.state(hub.revision if hub.revision in branches else "main")
    plan = make_plan(files, state.files, PUBLIC)
    for line in plan.lines():
        say(line)
    say(f"{hub.name}@{hub.revision}: {plan.summary()} (dry run: nothing was sent)")


def _prepare(hub: Hub, options: PushOptions) -> None:
    """Repository and branch are there, and visible as was asked for."""
    if (private := hub.is_private()) is None:
        hub.create(options.private)
        private = hub.is_private()
    _check_visibility(hub, bool(private), options)
    branches, tags = hub.refs()
    _check_revision(hub, branches, tags)
    if hub.revision not in branches:
        hub.create_branch()


def _check_visibility(hub: Hub, private: bool, options: PushOptions) -> None:
    if options.private and not private:
        raise PushError(
            f"{hub.name} is public, and --private goes with a new repository alone; change it in its settings, or push without --private"
        )


def _check_revision(hub: Hub, branches: dict[str, str], tags: dict[str, str]) -> None:
    if hub.revision not in branches and (hub.revision in tags or re.fullmatch(r"[0-9a-f]{40}", hub.revision)):
        raise PushError(f"{hub.name}: {hub.revision} is a tag or a commit; expected a branch as --revision")


def _release(hub: Hub, dataset: Dataset, files: list[LocalFile], say: Say) -> str:
    """Send what lacks until the repository has every file, tag the commit."""
    state, sent = hub.state(), 0
    for _ in range(ROUNDS):
        plan = make_plan(files, state.files, PUBLIC)
        if plan.is_empty:
            break
        say(f"{hub.name}@{hub.revision}: {plan.summary()}")
        commit = _send(hub, plan, state, dataset, say)
        sent += plan.n_bytes
        state = hub.state(commit)
        if (left := make_plan(files, state.files, PUBLIC)).is_empty:
            say(f"{counted(len(files), 'file')} with the hashes of those here at commit {commit}")
            break
        say(f"others changed {left.summary()} meanwhile; planning again")
        state = hub.state()
    else:
        raise PushError(
            f"{hub.name}@{hub.revision}: others keep changing its files; nothing was tagged. Push again when they are done"
        )
    tag = _tag(hub, dataset, files, state)
    done = f"{sent:,} bytes sent" if sent else "nothing to send"
    say(f"{hub.name}@{hub.revision}: {done}; commit {state.commit}, tag {tag}")
    return state.commit


def _send(hub: Hub, plan: Plan, state: State, dataset: Dataset, say: Say) -> str:
    """Make the commits of a plan; returns the last."""
    head = state.commit
    commits = list(plan.commits())
    with tqdm(total=plan.n_bytes, unit="B", unit_scale=True, desc="push", disable=None, leave=False) as bar:
        for number, operations in enumerate(commits, 1):
            message = f"{dataset.summary['name']}, build {_build(dataset)} ({number} of {len(commits)})"
            head = hub.commit(operations, head, message, lambda n_bytes: bar.update(n_bytes))
            if bar.disable:
                say(f"commit {number} of {len(commits)}: {counted(len(operations), 'file')}")
    return head


def _build(dataset: Dataset) -> str:
    return str(dataset.summary.get("build", ""))[:12] or "unknown"


def _tag(hub: Hub, dataset: Dataset, files: list[LocalFile], state: State) -> str:
    """The tag of this build with these files: the one that is there, or a new one. No tag is ever moved: what a paper cites stays. One that
    is made is read back, for another push may have been faster.

    Raises:
        PushError: others keep making the tags.
    """
    first = f"build-{_build(dataset)}"
    for _ in range(ROUNDS):
        _, tags = hub.refs()
        numbers = {
            tag: int(found[1] or 1) for tag in tags if (found := re.fullmatch(rf"{re.escape(first)}(?:-(\d+))?", tag))
        }
        for tag in sorted(numbers, key=lambda tag: (tags[tag] != state.commit, numbers[tag], tag)):
            if tags[tag] == state.commit or make_plan(files, hub.state(tags[tag]).files, PUBLIC).is_empty:
                return tag
        name = first if not numbers else f"{first}-{max(numbers.values()) + 1}"
        hub.tag(name, state.commit)
        if hub.refs()[1].get(name) == state.commit:
            return name
    raise PushError(
        f"{hub.name}: others keep making the tags {first}-N; commit {state.commit} has none. Push again when they are done"
    )


def show_push(path: Path, name: str, options: PushOptions) -> None:
    """`push` with its lines on the screen, above the bar."""
    push(path, name, options, lambda line: tqdm.write(line, file=sys.stdout))
