"""The requests that the clients make, one function each."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from tests.curation.release.hub.storage import RefusedError, Repo, Stored, is_large
from tests.curation.release.hub.xet import receive_shard

if TYPE_CHECKING:
    from tests.curation.release.hub.server import LoopbackHub

DATE = "2026-01-01T00:00:00.000Z"


@dataclass
class Request:
    hub: "LoopbackHub"
    given: dict[str, str]
    query: dict[str, list[str]]
    body: bytes
    authorized: bool
    host: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def repo(self, write: bool = False) -> Repo:
        repo = self.hub.repos.get(self.given["name"])
        if repo is None or (repo.private and not self.authorized):
            raise RefusedError(404 if self.authorized else 401, "RepoNotFound", "Repository not found")
        if write:
            self.check_owner(self.given["name"].partition("/")[0])
        return repo

    def check_owner(self, owner: str) -> None:
        if not self.authorized:
            raise RefusedError(401, "", "Invalid credentials in Authorization header")
        if owner != self.hub.owner:
            raise RefusedError(403, "", f"You don't have the rights to create a dataset under the namespace {owner!r}")


@dataclass
class Answer:
    status: int
    content: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


def whoami(request: Request) -> Answer:
    request.check_owner(request.hub.owner)
    return Answer(200, {"type": "user", "name": request.hub.owner, "orgs": []})


def create(request: Request) -> Answer:
    owner = request.json.get("organization") or request.hub.owner
    request.check_owner(owner)
    name = f"{owner}/{request.json['name']}"
    url = f"{request.host}/datasets/{name}"
    if name in request.hub.repos:
        return Answer(409, {"error": "You already created this dataset repo", "url": url})
    request.hub.create(name, request.json.get("visibility") == "private")
    return Answer(200, {"url": url, "name": name, "id": "0" * 24})


def info(request: Request) -> Answer:
    repo = request.repo()
    at = repo.resolve(request.given.get("revision") or "main")
    siblings = [{"rfilename": path} for path in sorted(repo.commits[at][1])]
    known = {
        "_id": "0" * 24,
        "id": repo.name,
        "sha": at,
        "private": repo.private,
        "gated": False,
        "disabled": False,
        "tags": [],
    }
    return Answer(
        200, {**known, "siblings": siblings, "lastModified": DATE, "createdAt": DATE, "downloads": 0, "likes": 0}
    )


def refs(request: Request) -> Answer:
    repo = request.repo()
    listed = {
        kind: [{"name": name, "ref": f"refs/{folder}/{name}", "targetCommit": at} for name, at in of.items()]
        for kind, folder, of in (("branches", "heads", repo.branches), ("tags", "tags", repo.tags))
    }
    return Answer(200, {**listed, "converts": []})


def branch(request: Request) -> Answer:
    repo, name = request.repo(write=True), request.given["branch"]
    if name in repo.branches:
        raise RefusedError(409, "Conflict", f"Reference already exists: {name}")
    repo.branches[name] = repo.resolve((request.json or {}).get("startingPoint") or "main")
    return Answer(200, {})


def tag(request: Request) -> Answer:
    repo, name = request.repo(write=True), request.json["tag"]
    if name in repo.tags:
        raise RefusedError(409, "Conflict", f"Tag already exists: {name}")
    repo.tags[name] = repo.resolve(request.given["revision"])
    return Answer(200, {})


def tree(request: Request) -> Answer:
    repo, prefix = request.repo(), request.given["path"].strip("/")
    recursive = request.query.get("recursive", ["False"])[0].lower() in ("true", "1")
    entries = _entries(repo.files(request.given["revision"]), prefix, recursive)
    if prefix and not entries:
        raise RefusedError(404, "EntryNotFound", f"{prefix} does not exist")
    first = int(request.query.get("cursor", ["0"])[0])
    end = first + request.hub.page_size
    headers = {}
    if end < len(entries):
        path = f"/api/datasets/{repo.name}/tree/{quote(request.given['revision'], safe='')}" + (
            f"/{quote(prefix)}" if prefix else ""
        )
        headers["Link"] = f'<{request.host}{path}?recursive={recursive}&cursor={end}>; rel="next"'
    return Answer(200, entries[first:end], headers)


def paths_info(request: Request) -> Answer:
    is_json = request.body[:1] == b"{"
    paths = request.json["paths"] if is_json else parse_qs(request.body.decode()).get("paths", [])
    entries = {entry["path"]: entry for entry in _entries(request.repo().files(request.given["revision"]), "", True)}
    return Answer(200, [entries[path] for path in paths if path in entries])


def preupload(request: Request) -> Answer:
    repo = request.repo(write=True)
    held = repo.files(request.given["revision"])
    files = []
    for one in request.json["files"]:
        known = held.get(one["path"])
        mode = "lfs" if is_large(one["path"], one["size"]) else "regular"
        oid = {"oid": known.sha256 or known.oid} if known else {}
        files.append({"path": one["path"], "uploadMode": mode, "shouldIgnore": False, **oid})
    return Answer(200, {"files": files, "commitOid": repo.resolve(request.given["revision"])})


def lfs_batch(request: Request) -> Answer:
    repo, objects = request.repo(write=True), []
    for one in request.json["objects"]:
        known = {"oid": one["oid"], "size": one["size"], "authenticated": True}
        href = f"{request.host}/lfs/{repo.name}/{one['oid']}"
        actions = (
            {}
            if repo.path(one["oid"]).exists()
            else {"actions": {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}}
        )
        objects.append(known | actions)
    return Answer(200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"})


def lfs_put(request: Request) -> Answer:
    repo, stated = request.hub.repos[request.given["name"]], request.given["oid"]
    request.hub.sent[stated] += 1
    if hashlib.sha256(request.body).hexdigest() != stated:
        raise RefusedError(400, "BadDigest", "the bytes are not those of the object")
    repo.put_large(request.body)
    return Answer(200)


def lfs_verify(request: Request) -> Answer:
    return Answer(200 if request.repo(write=True).path(request.json["oid"]).exists() else 404, {})


def commit(request: Request) -> Answer:
    repo = request.repo(write=True)
    header, *lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
    with request.hub.lock:
        oid, _ = repo.apply(request.given["revision"], header["value"], lines)
    return Answer(
        200, {"success": True, "commitOid": oid, "commitUrl": f"{request.host}/datasets/{repo.name}/commit/{oid}"}
    )


def resolve(request: Request) -> Answer:
    repo = request.repo()
    at = repo.resolve(request.given["revision"])
    if (stored := repo.commits[at][1].get(request.given["path"])) is None:
        raise RefusedError(404, "EntryNotFound", "Entry not found")
    content, etag = repo.bytes_of(stored), f'"{stored.sha256 or stored.oid}"'
    headers = {
        "X-Repo-Commit": at,
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "X-Linked-Size": str(len(content)),
        "X-Linked-Etag": etag,
    }
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
    if not asked:
        return Answer(200, content, headers)
    first = int(asked[1]) if asked[1] else max(0, len(content) - int(asked[2]))
    end = min(int(asked[2]) + 1, len(content)) if asked[1] and asked[2] else len(content)
    return Answer(206, content[first:end], {**headers, "Content-Range": f"bytes {first}-{end - 1}/{len(content)}"})


def xet_token(request: Request) -> Answer:
    repo = request.repo(write=request.given["right"] == "write")
    cas = f"{request.host}/cas/{repo.name}"
    return Answer(200, {"accessToken": "xet", "exp": int(time.time()) + 3_600, "casUrl": cas})


def xet_block(request: Request) -> Answer:
    folder = request.hub.folder / "blocks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / request.given["block"]).write_bytes(request.body)
    return Answer(200, {"was_inserted": True})


def xet_shard(request: Request) -> Answer:
    request.hub.sent.update(
        receive_shard(request.hub.repos[request.given["name"]], request.body, request.hub.folder / "blocks")
    )
    return Answer(200, {"result": 1})


def valid_yaml(request: Request) -> Answer:
    return Answer(200, {"errors": [], "warnings": []})


def _entries(files: dict[str, Stored], prefix: str, recursive: bool) -> list[dict[str, Any]]:
    """Files and folders below a folder, as the Hub lists them."""
    base = f"{prefix}/" if prefix else ""
    listed: dict[str, dict[str, Any]] = {}
    for path, stored in sorted(files.items()):
        if not path.startswith(base):
            continue
        parts = path[len(base) :].split("/")
        for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
            folder = base + "/".join(parts[:depth])
            listed[folder] = {
                "type": "directory",
                "path": folder,
                "oid": hashlib.sha1(folder.encode()).hexdigest(),
                "size": 0,
            }
        if recursive or len(parts) == 1:
            lfs = {"lfs": {"oid": stored.sha256, "size": stored.size, "pointerSize": 130}} if stored.sha256 else {}
            listed[path] = {"type": "file", "path": path, "size": stored.size, "oid": stored.oid, **lfs}
    return list(listed.values())


_REPO = r"/api/datasets/(?P<name>[^/]+/[^/]+)"
_REVISION = r"(?P<revision>[^/]+)"
ROUTES: tuple[tuple[str, str, Callable[[Request], Answer]], ...] = (
    ("GET", r"/api/whoami-v2", whoami),
    ("POST", r"/api/validate-yaml", valid_yaml),
    ("POST", r"/api/repos/create", create),
    ("GET", _REPO, info),
    ("GET", rf"{_REPO}/revision/{_REVISION}", info),
    ("GET", rf"{_REPO}/refs", refs),
    ("POST", rf"{_REPO}/branch/(?P<branch>[^/]+)", branch),
    ("POST", rf"{_REPO}/tag/{_REVISION}", tag),
    ("GET", rf"{_REPO}/tree/{_REVISION}(?P<path>/.*)?", tree),
    ("POST", rf"{_REPO}/paths-info/{_REVISION}", paths_info),
    ("POST", rf"{_REPO}/preupload/{_REVISION}", preupload),
    ("POST", rf"{_REPO}/commit/{_REVISION}", commit),
    ("GET", rf"{_REPO}/xet-(?P<right>read|write)-token/.+", xet_token),
    ("POST", r"/datasets/(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", r"/lfs/(?P<name>[^/]+/[^/]+)/(?P<oid>[0-9a-f]{64})", lfs_put),
    ("POST", r"/lfs/(?P<name>[^/]+/[^/]+)/(?P<oid>[0-9a-f]{64})/verify", lfs_verify),
    ("POST", r"/cas/(?P<name>[^/]+/[^/]+)/v\d/xorbs/.*?(?P<block>[0-9a-f]{64})", xet_block),
    ("POST", r"/cas/(?P<name>[^/]+/[^/]+)/v1/shards", xet_shard),
    ("GET|HEAD", rf"/datasets/(?P<name>[^/]+/[^/]+)/resolve/{_REVISION}/(?P<path>.+)", resolve),
)
