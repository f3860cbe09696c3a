"""One branch of one data set repository: what is there, and the requests that change it. All of them may be sent twice."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from curation.core.errors import PushError, first_line
from curation.release.push.files import LocalFile, RemoteFile
from curation.release.push.plan import Operation, is_done
from curation.release.push.retries import asked_wait, causes, is_conflict, is_transient, retrying, status_of

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

GROUP_BYTES = 2**26
"""Files are sent one at a time, small ones together up to so many bytes: a kill costs one upload."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class State:
    """The commit at the end of a branch and its files by path."""

    commit: str
    files: dict[str, RemoteFile]


EMPTY = State("", {})


@dataclass
class Hub:
    """`say` gets a line for everything that takes its time; the token is that of `HF_TOKEN` or the stored login, and is nowhere here."""

    name: str
    revision: str
    say: Callable[[str], None]

    @cached_property
    def api(self) -> "HfApi":
        from huggingface_hub import HfApi
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        return HfApi(library_name="ovr-curate")

    def is_private(self) -> bool | None:
        """Whether the repository is private; None where there is none, or none that this login may see."""
        from huggingface_hub.errors import RepositoryNotFoundError

        def ask() -> bool | None:
            try:
                return bool(self.api.repo_info(self.name, repo_type="dataset").private)
            except RepositoryNotFoundError:
                return None

        return self._asked("looking for the repository", ask)

    def create(self, private: bool) -> None:
        """Create the repository, unless it has appeared since.

        Raises:
            PushError: this login may not.
        """
        from huggingface_hub import get_token

        if not get_token():
            raise PushError(
                f"{self.name} does not exist, and there is no login to create it: set HF_TOKEN or say `hf auth login`"
            )
        self._asked(
            "creating the repository",
            lambda: self.api.create_repo(self.name, repo_type="dataset", private=private, exist_ok=True),
        )

    def refs(self) -> tuple[dict[str, str], dict[str, str]]:
        """Branches and tags, with their commits."""
        refs = self._asked("reading branches and tags", lambda: self.api.list_repo_refs(self.name, repo_type="dataset"))
        return {ref.name: ref.target_commit for ref in refs.branches}, {
            ref.name: ref.target_commit for ref in refs.tags
        }

    def create_branch(self) -> None:
        self._asked(
            f"creating the branch {self.revision}",
            lambda: self.api.create_branch(self.name, branch=self.revision, repo_type="dataset", exist_ok=True),
        )

    def state(self, revision: str | None = None) -> State:
        """The files at a commit, or at the end of the branch. One read: the tree is that of the commit, whoever commits meanwhile."""
        from huggingface_hub import RepoFile

        def read() -> State:
            at = self.api.repo_info(self.name, repo_type="dataset", revision=revision or self.revision).sha or ""
            tree = self.api.list_repo_tree(self.name, repo_type="dataset", revision=at, recursive=True)
            files = {
                entry.path: RemoteFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else "")
                for entry in tree
                if isinstance(entry, RepoFile)
            }
            return State(at, files)

        return self._asked("reading the files", read)

    def commit(self, operations: Sequence[Operation], parent: str, message: str, sent: Callable[[int], object]) -> str:
        """Send the files of one commit and make it; returns the commit. What others did meanwhile, or an answer that got lost, is found by
        reading the branch again: what is done already is not done twice.

        Raises:
            PushError: refused, or failed for too long; a file is another than when its digests were made.
        """
        files = [one for one in operations if isinstance(one, LocalFile)]
        adds = {file.remote: self._add(file) for file in files}
        for group in _groups(files):
            with _unchanged(group):
                self._send([adds[file.remote] for file in group])
            sent(sum(file.size for file in group))
        with _unchanged([file for file in files if not file.is_data]):  # small ones are read and sent with the commit
            return self._asked("committing", _Committing(self, operations, adds, parent, message), is_conflict)

    def tag(self, name: str, commit: str) -> None:
        """Make a tag; one that is there stays where it is."""
        self._asked(
            "tagging",
            lambda: self.api.create_tag(self.name, tag=name, revision=commit, repo_type="dataset", exist_ok=True),
        )

    def _add(self, file: LocalFile) -> "CommitOperationAdd":
        from huggingface_hub import CommitOperationAdd

        file.check_unchanged()
        add = CommitOperationAdd(file.remote, file.local)
        add.upload_info.sha256 = bytes.fromhex(
            file.sha256
        )  # known already, so the client does not read the file for it
        return add

    def _send(self, adds: Sequence["CommitOperationAdd"]) -> None:
        what = f"sending {adds[0].path_in_repo}" + (f" and {len(adds) - 1} more" if len(adds) > 1 else "")
        self._asked(
            what,
            lambda: self.api.preupload_lfs_files(
                self.name, adds, repo_type="dataset", revision=self.revision, free_memory=False
            ),
        )

    def _asked(self, what: str, request: Callable[[], T], also: Callable[[BaseException], bool] = lambda _: False) -> T:
        """The answer, perhaps at another attempt.

        Raises:
            PushError: none.
        """
        try:
            for attempt in retrying(what, self.say, also):
                with attempt:
                    return request()
        except Exception as error:
            # Everything that the client raises ends here, in one line: its errors have no common base, and Xet's are bare RuntimeErrors.
            raise PushError(f"{self.name}: {what}: {self._explained(error)}") from error
        raise AssertionError("tenacity raises the last failure")

    def _explained(self, error: Exception) -> str:
        status, wait = status_of(error), asked_wait(error)
        said = next((text for one in causes(error) if (text := getattr(one, "server_message", None))), "")
        said = " ".join(str(said).split())[:200]
        if status == 401:
            return "the Hub does not know this login (401); set HF_TOKEN or say `hf auth login`, with a token that may write"
        if status == 403:
            return f"the token may not do that (403{': ' + said if said else ''}); it needs the right to write to {self.name}"
        if status == 404:
            return f"not found (404{': ' + said if said else ''}); the repository is gone, or the token may not see it"
        if status is not None:
            waiting = f"; the Hub asks to wait {wait:.0f} s" if wait else ""
            again = "; run the same command again, it goes on where it was" if is_transient(error) or wait else ""
            return f"the Hub answers {status}{': ' + said if said else ''}{waiting}{again}"
        again = "; run the same command again, it goes on where it was" if is_transient(error) else ""
        return f"{type(error).__name__}: {first_line(error)}{again}"


class _Committing:
    """One commit, as a request that may be sent again: from the second time on it looks first at what is there."""

    def __init__(
        self, hub: Hub, operations: Sequence[Operation], adds: dict[str, Any], parent: str, message: str
    ) -> None:
        self.hub, self.operations, self.adds, self.parent, self.message = hub, operations, adds, parent, message
        self.is_first = True

    def __call__(self) -> str:
        from huggingface_hub import CommitOperationDelete

        if not self.is_first:
            state = self.hub.state()
            self.operations = [one for one in self.operations if not is_done(one, state.files)]
            self.parent = state.commit
            if not self.operations:
                return self.parent
        self.is_first = False
        operations = [
            self.adds[one.remote] if isinstance(one, LocalFile) else CommitOperationDelete(one, is_folder=False)
            for one in self.operations
        ]
        hub = self.hub
        done = hub.api.create_commit(
            hub.name,
            operations,
            commit_message=self.message,
            repo_type="dataset",
            revision=hub.revision,
            parent_commit=self.parent,
        )
        return str(done.oid)


@contextmanager
def _unchanged(files: Sequence[LocalFile]) -> Iterator[None]:
    """Make sure of files before they are sent and behind it, also where the Hub has refused their bytes.

    Raises:
        PushError: one is another than when its digests were made.
    """
    try:
        for file in files:
            file.check_unchanged()
        yield
    finally:
        for file in files:
            file.check_unchanged()


def _groups(files: Sequence[LocalFile]) -> list[list[LocalFile]]:
    """Files to send with one call: a large one alone, small ones together."""
    groups: list[list[LocalFile]] = []
    room = 0
    for file in files:
        if not groups or file.size > room:
            groups.append([])
            room = GROUP_BYTES
        groups[-1].append(file)
        room -= file.size
    return groups
