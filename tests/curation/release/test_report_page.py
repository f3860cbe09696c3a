"""The page in Chromium, from the file: what hostile rows, keys, clicks, themes, widths and paper make of it."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

COLOURS = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const found = new Map();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || ["SCRIPT", "STYLE", "OPTION", "title", "desc"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const text = parse(element instanceof SVGElement ? style.fill : style.color);
    const [light, dark] = [luminance(text), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (light + .05) / (dark + .05);
    const key = `${element.tagName} ${style.color} on ${behind(element)}`;
    if (!(found.get(key) <= ratio)) found.set(key, ratio);
  }
  return [...found];
}"""
"""Text and what is behind it -> its contrast, by the formula of WCAG 2."""


class Opened:
    """A page and everything that it said or asked for."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = file.resolve().as_uri()
        self.page.goto(self.url)

    def shown(self) -> int:
        return int(self.page.locator("#gallery-rows > .card:visible").count())


@pytest.fixture
def opened(browser: Any, hostile: Path) -> Iterator[Opened]:
    one = Opened(browser, hostile / "report.html")
    yield one
    one.context.close()


def test_hostile_rows_are_only_read(opened: Opened) -> None:
    page = opened.page
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    page.mouse.move(600, 400)
    for number in range(20):
        page.keyboard.press("Tab")
        if number % 5 == 0:
            page.mouse.wheel(0, 900)
    assert page.title() == "hostile: report of the data set"
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [opened.url]
    assert page.locator("script").count() == 1
    assert page.locator("style").count() == 1
    assert (
        page.locator(
            "main [onerror], main [onload], main [onfocus], main [onmouseover], main [style], main iframe"
        ).count()
        == 0
    )
    text = page.text_content("#gallery")
    for shown in (
        "<script>document.title='pwned'</script>",
        "</style><style>",
        "{{ 7*7 }} {% raw %}",
        "&lt;b&gt; &amp;amp;",
        "␇",
        "␛[31m",
    ):
        assert shown in text, shown
    assert "900 of 10," in text
    assert page.inner_text("footer").startswith("Made by")


def test_the_content_policy_stops_what_an_escape_would_let_through(opened: Opened) -> None:
    page = opened.page
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = \"document.title = 'pwned'\"; document.body.append(s);"
        " const i = document.createElement('img'); i.src = 'http://127.0.0.1:9/x'; document.body.append(i);"
        " const d = document.createElement('div'); d.innerHTML = '<p onclick=\"document.title=1\">x</p>'; document.body.append(d);"
        " d.firstChild.click(); }"
    )
    assert page.title() == "hostile: report of the data set"
    refused = " ".join(opened.said)
    assert [name for name in ("img-src", "script-src") if name not in refused] == []


def test_the_gallery_by_click(opened: Opened) -> None:
    page, everything = opened.page, opened.shown()
    assert everything >= 20
    page.select_option("#gallery-source", "images")
    assert 0 < opened.shown() < everything
    assert page.inner_text("#gallery-count") == f"{opened.shown()} of {everything} rows"
    page.select_option("#gallery-source", "")
    page.select_option("#gallery-fate", "filter: prompt_too_long")
    assert opened.shown() == 2
    page.fill("#gallery-search", "no such words anywhere")
    assert opened.shown() == 0
    assert page.is_visible("#gallery-none")
    page.click("text=Show all")
    page.wait_for_function("document.querySelector('#gallery-none').hidden")
    assert opened.shown() == everything
    page.select_option("#gallery-verdicts", "wrong")
    judged = opened.shown()
    assert 0 < judged < everything
    page.fill("#gallery-search", "APPLES gone")
    assert 0 < opened.shown() < judged
    card = page.locator(".card:visible .samples").first
    card.locator("summary").click()
    assert card.locator("blockquote").first.is_visible()
    assert opened.said == []


def test_the_gallery_by_keyboard(opened: Opened) -> None:
    page, everything = opened.page, opened.shown()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "gallery-search"
    page.keyboard.type("everything behind this")
    assert opened.shown() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert opened.shown() == everything
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert opened.shown() < everything
    page.keyboard.press("ArrowUp")
    page.evaluate("document.activeElement.blur()")
    for key, number in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        assert page.evaluate("[...document.querySelectorAll('.card')].indexOf(document.activeElement)") == number
    page.keyboard.press("o")
    assert page.locator(".card").first.locator("details[open]").count() >= 1
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_tables_sort_by_click_and_by_key(opened: Opened) -> None:
    table = opened.page.locator("#flags table")
    rows = "t => [...t.tBodies[0].rows].map(r => Number(r.cells[4].dataset.sort))"
    counts = table.locator("button.sort", has_text="Rows").first
    counts.click()
    assert (found := table.evaluate(rows)) == sorted(found, reverse=True)
    assert len(found) >= 3
    counts.press("Enter")
    assert table.evaluate(rows) == sorted(found)
    assert table.locator("th[aria-sort=ascending]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(browser: Any, hostile: Path, scheme: str) -> None:
    opened = Opened(browser, hostile / "report.html", color_scheme=scheme)
    ratios = dict(opened.page.evaluate(COLOURS))
    assert len(ratios) > 12
    assert {key: ratio for key, ratio in ratios.items() if ratio < 4.5} == {}
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 300) == (scheme == "dark")
    opened.page.click("#theme")
    turned = dict(opened.page.evaluate(COLOURS))
    assert {key: ratio for key, ratio in turned.items() if ratio < 4.5} == {}
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") != background
    opened.page.reload()
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") != background
    opened.context.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, hostile: Path, width: int) -> None:
    opened = Opened(browser, hostile / "report.html", viewport={"width": width, "height": 800})
    opened.page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    opened.context.close()


def test_without_javascript_all_is_there(browser: Any, hostile: Path) -> None:
    opened = Opened(browser, hostile / "report.html", java_script_enabled=False)
    page = opened.page
    assert page.locator(".card").first.is_visible()
    assert not page.is_visible("#gallery-controls")
    assert not page.is_visible("#theme")
    page.locator(".card .samples summary").first.click()
    assert page.locator(".card .samples blockquote").first.is_visible()
    opened.context.close()


def test_on_paper_it_is_light_and_without_controls(browser: Any, hostile: Path, tmp_path: Path) -> None:
    opened = Opened(browser, hostile / "report.html", color_scheme="dark")
    opened.page.click("#theme")
    opened.page.click("#theme")
    opened.page.emulate_media(media="print", color_scheme="dark")
    look = (
        "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h2')).color]"
    )
    assert opened.page.evaluate(look) == ["rgb(255, 255, 255)", "rgb(28, 33, 38)"]
    assert not opened.page.is_visible("#gallery-controls")
    assert not opened.page.is_visible("nav")
    assert opened.page.evaluate(
        "[...document.querySelectorAll('.scroll')].every(e => e.scrollHeight <= e.clientHeight + 1)"
    )
    opened.context.close()


def test_its_parts_have_names_and_an_order(opened: Opened) -> None:
    page = opened.page
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.evaluate(
        "[...document.querySelectorAll('table')].every(t => t.caption && t.querySelector('th[scope=col]'))"
    )
    decoded = "Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode().then(() => i.alt !== ''); }))"
    assert len(images := page.evaluate(decoded)) >= 12
    assert all(images)
    assert page.evaluate("[...document.querySelectorAll('input, select')].every(i => i.labels.length === 1)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("main").count() == page.locator("nav").count() == 1
