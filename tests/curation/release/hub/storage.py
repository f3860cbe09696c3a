"""What the loopback Hub keeps: repositories of commits, branches, tags, and the bytes of files by their SHA-256 or git object id."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGE_BYTES = 10 * 2**20
LARGE_NAMES = (".parquet", ".png", ".bin")


class RefusedError(Exception):
    """What the Hub answers instead: status, its code, its message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Stored:
    """A file of a commit; `sha256` is empty for a git object."""

    oid: str
    size: int
    sha256: str = ""


@dataclass
class Repo:
    """One data set repository, its bytes in `folder`."""

    name: str
    folder: Path
    private: bool
    commits: dict[str, tuple[str, dict[str, Stored], str]] = field(default_factory=dict)
    """Commit -> its parent, its files, its message."""
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def resolve(self, revision: str) -> str:
        found = self.branches.get(revision) or self.tags.get(revision) or (revision if revision in self.commits else "")
        if not found:
            raise RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def files(self, revision: str) -> dict[str, Stored]:
        return self.commits[self.resolve(revision)][1]

    def put(self, content: bytes) -> Stored:
        """Keep a small file."""
        oid = git_oid(content)
        self.path(oid).write_bytes(content)
        return Stored(oid, len(content))

    def put_large(self, content: bytes) -> str:
        """Keep a large file; returns its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.path(sha256).write_bytes(content)
        return sha256

    def path(self, digest: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / digest

    def pointer(self, sha256: str) -> Stored:
        if not self.path(sha256).exists():
            raise RefusedError(400, "LfsMissing", f"LFS pointer pointed to a file that does not exist: {sha256}")
        size = self.path(sha256).stat().st_size
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
        return Stored(git_oid(pointer.encode()), size, sha256)

    def bytes_of(self, stored: Stored) -> bytes:
        return self.path(stored.sha256 or stored.oid).read_bytes()

    def commit(self, branch: str, files: Mapping[str, Stored], message: str) -> str:
        """A commit at the end of a branch."""
        parent = self.branches.get(branch, "")
        body = json.dumps([parent, message, len(self.commits), sorted((path, one.oid) for path, one in files.items())])
        oid = hashlib.sha1(body.encode()).hexdigest()
        self.commits[oid] = parent, dict(files), message
        self.branches[branch] = oid
        return oid

    def apply(self, branch: str, header: Mapping[str, Any], lines: list[dict[str, Any]]) -> tuple[str, list[str]]:
        """The commit that a client asks for, and the paths that it adds."""
        if branch not in self.branches:
            raise RefusedError(404, "RevisionNotFound", f"Invalid rev id: {branch}")
        if (parent := header.get("parentCommit")) and parent != self.branches[branch]:
            raise RefusedError(412, "PreconditionFailed", "A commit has happened since. Please refresh and try again.")
        files, added = dict(self.files(branch)), []
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = self.put(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.pointer(value["oid"])
            elif value["path"] not in files:
                raise RefusedError(404, "EntryNotFound", "A file with this name doesn't exist")
            else:
                del files[value["path"]]
            added += [value["path"]] if line["key"] != "deletedFile" else []
        return self.commit(branch, files, header["summary"]), added


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(path: str, size: int) -> bool:
    return size >= LARGE_BYTES or path.endswith(LARGE_NAMES)
