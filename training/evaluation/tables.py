"""The figures of `ovr-train eval` for the eye, on standard error: models side by side, differences, and what images add."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any


def print_tables(evaluated: Sequence[dict[str, Any]]) -> None:
    """Print the models' metrics, the paired differences and the rates by kind of images."""
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, width=None if sys.stderr.isatty() else 140)
    for title, header, rows in tables(evaluated):
        table = Table(*header, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def tables(evaluated: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, header and rows of each table that has something to show."""
    names = list(evaluated[0]["metrics"])
    head = ["model", *names, "rows", "unjudged", "truncated"]
    counts = ("n_rows", "n_unjudged", "n_truncated")
    yield (
        f"{evaluated[0]['split']} of {evaluated[0]['data']}, 95 % intervals over rows",
        head,
        [
            [_short(one["model"]), *(_rate(one["metrics"].get(name)) for name in names), *(str(one[n]) for n in counts)]
            for one in evaluated
        ],
    )
    if differences := [
        [_short(one["model"]), *_difference(one["less_first_model"])]
        for one in evaluated
        if one.get("less_first_model")
    ]:
        yield f"less {_short(evaluated[0]['model'])}, paired by row", ["model", "difference", "p", "rows"], differences
    if scored := [one for one in evaluated if "benchmark" in one]:
        ((name, scores),) = scored[0]["benchmark"].items()
        rows = [
            [_short(one["model"]), *(f"{value:.4f}" for value in one["benchmark"][name].values())] for one in scored
        ]
        yield f"{name}, as published", ["model", *scores], rows
    for one in evaluated:
        if "images" in one:
            yield (
                f"is the image needed? {_short(one['model'])}",
                ["images", "picture rows", "text rows", "real less it, pictures", "p", "text", "p"],
                [
                    _kind(kind, rates, one["images"]["real_less"].get(kind))
                    for kind, rates in one["images"]["rates"].items()
                ],
            )


def _kind(kind: str, rates: dict[str, Any], real_less: dict[str, Any] | None) -> list[str]:
    first = [_rate(next(iter(rates[name].values()), None)) for name in ("picture", "text")]
    both = [_difference((real_less or {}).get(name))[:2] for name in ("picture", "text")]
    return [kind, *first, *both[0], *both[1]]


def _rate(metric: dict[str, Any] | None) -> str:
    return "-" if metric is None else f"{metric['value']:.3f} ({metric['ci_low']:.3f} to {metric['ci_high']:.3f})"


def _difference(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return ["-", "-", "-"]
    return [
        f"{found['difference']:+.3f} ({found['ci_low']:+.3f} to {found['ci_high']:+.3f})",
        f"{found['p_value']:.4f}",
        str(found["n_rows"]),
    ]


def _short(model: str) -> str:
    """The end of a path, the name of a model on the Hub.

    >>> _short("/data/build/models/grpo"), _short("Qwen/Qwen2.5-VL-7B-Instruct")
    ('models/grpo', 'Qwen/Qwen2.5-VL-7B-Instruct')
    """
    return "/".join(model.rstrip("/").split("/")[-2:])
