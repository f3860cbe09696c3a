"""Draw docs/report.png, the report of a build in both themes: python docs/report.py build/quickstart/curated

It takes Debian's Chromium and playwright, as the tests of the page do.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from curation.release.dataset import open_dataset
from curation.release.report.page import write_report

WIDTH, HEIGHT = 1180, 1050
"""Of each half."""
CARDS = "[data-config=rl][data-fate=kept]:has(img)"
"""The rows of which the dark half unfolds the first."""


def main(build: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = write_report(open_dataset(build), Path(folder) / "report.html")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        halves = []
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto(page_file.as_uri())
            if scheme == "dark":
                _show_gallery(page)
            halves.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        browser.close()
    sheet = Image.new("RGB", (2 * WIDTH, HEIGHT))
    for place, half in enumerate(halves):
        sheet.paste(half, (place * WIDTH, 0))
    sheet.quantize(128).save(Path(__file__).with_suffix(".png"), optimize=True)


def _show_gallery(page: Page) -> None:
    """The gallery at its rows with images, the responses of the first unfolded."""
    page.evaluate("document.querySelector('#gallery').scrollIntoView()")
    for name, value in (("config", "rl"), ("fate", "kept")):
        if page.locator(f"#gallery-{name}").count():
            page.select_option(f"#gallery-{name}", value)
    page.locator(f"{CARDS} .samples summary").first.click()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
