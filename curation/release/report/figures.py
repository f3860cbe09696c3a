"""Plots as SVG that is part of the page: drawn by matplotlib, coloured by the page's theme, read by who cannot see them.

    draw("pass-rates", "Pass rates of the measured rows", lambda axes: axes.bar(rates, counts, color=SERIES[0]))

matplotlib is what `ovr-train plot` draws with already, has axes, ticks and intervals done, and writes SVG whose text stays text. What it
writes is then made fit for a strict content policy: no style attributes, no `<style>`, ids of its own for each figure, colours as CSS
variables, so that one drawing suits the light theme, the dark one and paper. Put the numbers behind a figure in a table beside it
(`figure` of `macros.html` does).
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from io import StringIO
from typing import Any

from markupsafe import Markup

INK, MUTED, RULE = "#010101", "#020202", "#030303"
"""Colours of text, of what is beside it, and of lines; the theme says what they look like."""
SERIES = ("#040404", "#050505", "#060606", "#070707", "#080808")
"""Colours of data."""
BAD = "#090909"
"""The colour of what is wrong or was cut."""

_THEME = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    BAD: "var(--bad)",
    **{color: f"var(--s{number})" for number, color in enumerate(SERIES, 1)},
}
_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ovr",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "legend.frameon": False,
    "text.parse_math": False,
}


def draw(
    name: str,
    title: str,
    plot: Callable[[Any], object],
    *,
    size: tuple[float, float] = (7.2, 2.8),
    description: str = "",
) -> Markup:
    """An `<svg>` of what `plot` puts on a matplotlib `Axes`; `size` in inches. `name` is of one figure of the page alone, letters and
    hyphens; `title` and `description` are what a screen reader says."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        plot(figure.subplots())
        written = StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return Markup(_fit(written.getvalue(), name, title, description))


def _fit(svg: str, name: str, title: str, description: str) -> str:
    """matplotlib's SVG as a part of the page."""
    ET.register_namespace("", _SVG[1:-1])
    root = ET.fromstring(svg)
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag.endswith("}style") or c.tag == f"{_SVG}metadata"]:
            parent.remove(child)
    for element in root.iter():
        _theme(element, name)
    texts = [(tag, text) for tag, text in (("title", title), ("desc", description)) if text]
    for place, (tag, text) in enumerate(texts):
        element = ET.Element(f"{_SVG}{tag}", {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    root.attrib |= {"role": "img", "aria-labelledby": " ".join(f"{name}-{tag}" for tag, _ in texts), "class": "plot"}
    root.attrib.pop("version", None)
    return re.sub(r"\s*\n\s*", "\n", ET.tostring(root, encoding="unicode"))


def _theme(element: ET.Element, name: str) -> None:
    """Style attributes become attributes, colours the theme's, ids the figure's own."""
    attributes = element.attrib
    for setting in filter(None, (part.strip() for part in attributes.pop("style", "").split(";"))):
        key, _, value = (text.strip() for text in setting.partition(":"))
        if key == "font":
            attributes["font-size"] = re.search(r"([\d.]+)px", value)[1]  # type: ignore[index]
        else:
            attributes[key] = value
    for key in attributes.keys() & {"fill", "stroke"}:
        attributes[key] = _THEME.get(attributes[key], attributes[key])
    attributes.pop("font-family", None)
    if element.tag == f"{_SVG}text" and "fill" not in attributes:
        attributes["fill"] = "currentColor"
    if "id" in attributes:
        attributes["id"] = f"{name}-{attributes['id']}"
    if target := attributes.pop(f"{_XLINK}href", ""):
        attributes["href"] = target.replace("#", f"#{name}-", 1)
    for key, value in list(attributes.items()):
        if value.startswith("url(#"):
            attributes[key] = value.replace("url(#", f"url(#{name}-", 1)
