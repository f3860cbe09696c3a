"""The wheel on its own: what a user installs has all that the commands need, without the checkout beside it."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHERE = "import curation, rewards, training; print(curation.__file__, rewards.__file__, training.__file__, sep='\\n')"
MANIFEST = "name: w\nseed: 1\nrl: {sources: [{kind: visual_puzzles, families: [count], count: 6, size: 56}]}\n"


@pytest.fixture(scope="module")
def bin_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a new environment that holds the wheel and sees this environment's libraries, but not the checkout.

    Nothing is downloaded. The libraries' `.pth` files are not read there, so an editable installation of ours is not found.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    built = [*pip, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run(built, check=True)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    libraries = sysconfig.get_paths(vars={"base": str(environment), "platbase": str(environment)})["purelib"]
    Path(libraries, "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return environment / "bin"


def run(command: list[str | Path], folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_wheel_in_a_fresh_environment_builds_a_set(bin_dir: Path, tmp_path: Path) -> None:
    where = run([bin_dir / "python", "-c", WHERE], tmp_path).stdout.split()
    assert all(Path(file).is_relative_to(bin_dir.parent) for file in where), where
    assert "rollouts" in run([bin_dir / "ovr-curate", "--help"], tmp_path).stdout
    assert "grpo" in run([bin_dir / "ovr-train", "--help"], tmp_path).stdout
    (tmp_path / "w.yaml").write_text(MANIFEST)
    built = run([bin_dir / "ovr-curate", "build", "w.yaml", "--out", "w"], tmp_path)
    assert built.returncode == 0, built.stderr
    assert (
        json.loads((tmp_path / "w" / "summary.json").read_text())["configs"]["rl"]["sources"]["visual_puzzles"]["out"]
        == 6
    )


@pytest.mark.slow
def test_the_quickstart_of_a_wheel_says_that_it_needs_a_checkout(bin_dir: Path, tmp_path: Path) -> None:
    told = run([bin_dir / "python", "-m", "training.demo.quickstart"], tmp_path)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "it runs in a checkout" in told.stderr
