"""A browser, a hostile build, and its page."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.core import plugins
from curation.release.dataset import open_dataset
from curation.release.report.page import write_report
from tests.curation.release.hostile import hostile_build


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a network to speak of."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished build of hostile rows with its page, to be read and not changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "_loaded", [])
        out = hostile_build(tmp_path_factory.mktemp("hostile"))
    write_report(open_dataset(out))
    return out
