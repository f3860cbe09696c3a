"""Image tokens equal the grid, and how long rows are in tokens against every limit.

Each sampled row's text is tokenized; its images count by the grid that the processor makes of their size. Some rows go through the
processor whole, pixels and all, the largest and the smallest image among them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from training.data.lengths import image_tokens
from training.preflight.check import Problem, RowFaults, first_line
from training.preflight.rendering import answers_of, ids_of, render
from training.preflight.rows import SampledRow
from training.preflight.subject import Subject

N_WHOLE = 24
"""Rows with images that go through the processor as training sends them; preprocessing takes 20-100 ms an image of a megapixel."""
OVER = "longer than max_length"
OVER_TOLERATED = 0.1
"""Of the rows. Up to here what is left out is said; beyond it the limit is another one than the data was made for."""


class Tokens:
    """Placeholders and lengths."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.n_rows = self.n_whole = 0
        self.prompts: list[int] = []
        self.wholes: list[int] = []
        self.faults = RowFaults("image tokens")
        self.lengths = RowFaults("lengths", {OVER: OVER_TOLERATED, "longer than max_prompt_length": OVER_TOLERATED})
        self.extremes: dict[str, SampledRow] = {}
        self.image_id = image_token_id(subject)

    def row(self, row: SampledRow) -> None:
        """Count a row's tokens."""
        if not row.is_whole:
            return
        if row.images and not self.subject.has_images:
            fault = "the model takes no images"
            self.faults.add(
                row.where, fault, f"{len(row.images)} in the row; train a vision model, or leave such rows out"
            )
            return
        try:
            self._count(row)
            if row.opened:
                self._remember(row)
                if self.n_whole < N_WHOLE:
                    self.n_whole += 1
                    self._through_the_processor(row)
        except Exception as error:  # processors raise whatever they like
            self.faults.add(row.where, "the processor fails", f"{type(error).__name__}: {first_line(error)}")

    def problems(self) -> Iterator[Problem]:
        """Faults of single rows, then of lengths; also puts the lengths into the table."""
        for row in {id(row): row for row in self.extremes.values()}.values():
            try:
                self._through_the_processor(row)
            except Exception as error:
                self.faults.add(row.where, "the processor fails", f"{type(error).__name__}: {first_line(error)}")
        yield from self.faults.problems(self.n_rows)
        yield from self.lengths.problems(self.n_rows)
        self._show()

    def _count(self, row: SampledRow) -> None:
        self.n_rows += 1
        text = render(self.subject, row, generation=True)
        prompt = ids_of(self.subject, text)
        if self.image_id is not None and (n := prompt.count(self.image_id)) != len(row.images):
            what = "the template drops the images" if not n else "another number of placeholders than images"
            self.faults.add(row.where, what, f"{n} placeholders in the prompt, {len(row.images)} images")
            row.is_whole = False
            return
        by_grid = image_tokens(self.subject.processor, [(image.height, image.width) for image in row.opened])
        self.prompts.append(len(prompt) + by_grid)
        length = self.prompts[-1]
        if self.subject.is_sft:
            length = len(ids_of(self.subject, render(self.subject, row, *answers_of(row)))) + by_grid
            self.wholes.append(length)
        self._check_limits(row, length)

    def _check_limits(self, row: SampledRow, length: int) -> None:
        """`length` is the whole row's for sft, the prompt's for grpo."""
        option, add = self.subject.option, self.lengths.add
        context = context_length(self.subject)
        if self.subject.is_sft:
            if (limit := option("max_length")) and length > limit:
                add(row.where, OVER, f"{length:,} tokens, --max_length {limit:,}: such rows do not train whole")
            if context and min(length, limit or length) > context:
                add(row.where, "longer than the model's context", f"{length:,} tokens of {context:,}")
            return
        if (limit := option("max_prompt_length")) and length > limit:
            add(
                row.where,
                "longer than max_prompt_length",
                f"{length:,} tokens, --max_prompt_length {limit:,}: left out",
            )
            return
        longest = longest_completion(self.subject)
        for name, room in (
            ("the model's context", context),
            ("vllm_max_model_length", option("vllm_max_model_length")),
        ):
            if room and longest and length + longest > room:
                add(
                    row.where,
                    f"prompt and completion are longer than {name}",
                    f"{length:,} + {longest:,} tokens, {room:,} fit",
                )

    def _remember(self, row: SampledRow) -> None:
        def area(one: SampledRow) -> int:
            return int(max(image.width * image.height for image in one.opened))

        for name, better in (("largest", 1), ("smallest", -1)):
            if name not in self.extremes or better * area(row) > better * area(self.extremes[name]):
                self.extremes[name] = row

    def _through_the_processor(self, row: SampledRow) -> None:
        text = render(self.subject, row, generation=True)
        made = self.subject.processor(images=[row.opened], text=[text], return_tensors="pt")
        grid, vision = made.get("image_grid_thw"), getattr(self.subject.model_config, "vision_config", None)
        n_tokens = int((made["input_ids"] == self.image_id).sum())
        if grid is None or vision is None:  # not of Qwen's kin: there is no grid to compare with
            if not n_tokens:
                self.faults.add(row.where, "the processor drops the images", f"{len(row.opened)} images, 0 tokens")
            return
        if len(grid) != len(row.opened):
            self.faults.add(row.where, "the processor drops images", f"{len(row.opened)} images, {len(grid)} grids")
        merge = getattr(vision, "spatial_merge_size", 1)
        expected = int(grid.prod(-1).sum()) // merge**2
        if n_tokens != expected:
            detail = (
                f"{n_tokens} placeholders, the model makes {expected} of grid {grid.tolist()}; take its own processor"
            )
            self.faults.add(row.where, "another number of placeholders than image features", detail)
        values = made["pixel_values"].shape[-1]
        patch = getattr(vision, "in_channels", 3) * getattr(vision, "temporal_patch_size", 1) * vision.patch_size**2
        if values != patch:
            self.faults.add(
                row.where, "patches of another size than the model's", f"{values} values each, expected {patch}"
            )

    def _show(self) -> None:
        for name, lengths in (("prompt tokens", self.prompts), ("row tokens", self.wholes)):
            if lengths:
                p50, p90, p99 = np.percentile(lengths, [50, 90, 99])
                self.subject.figures[name] = f"p50 {p50:,.0f}, p90 {p90:,.0f}, p99 {p99:,.0f}, max {max(lengths):,}"
        over = sum(len(rows) for rows in self.lengths.found.values())
        limits = {name: self.subject.option(name) for name in ("max_length", "max_prompt_length")}
        limits |= {"longest completion": longest_completion(self.subject), "context": context_length(self.subject)}
        shown = ", ".join(f"{name} {value:,}" for name, value in limits.items() if isinstance(value, int) and value)
        self.subject.figures["over a limit"] = f"{over:,} of {self.n_rows:,} rows ({shown})"


def image_token_id(subject: Subject) -> int | None:
    """The placeholder's id, as the model knows it; None for a model without images."""
    if not subject.has_images:
        return None
    config = subject.model_config
    of_model = getattr(config, "image_token_id", None)
    return of_model if of_model is not None else getattr(subject.processor, "image_token_id", None)


def check_placeholder(subject: Subject) -> Iterator[Problem]:
    """The processor's placeholder is the model's."""
    of_model = getattr(subject.model_config, "image_token_id", None)
    token: Any = getattr(subject.processor, "image_token", None)
    if of_model is None or token is None:
        return
    of_processor = subject.tokenizer.convert_tokens_to_ids(token)
    if of_processor != of_model:
        yield Problem(
            "image tokens",
            subject.model,
            f"the processor's {token!r} is token {of_processor}, the model's is {of_model}",
        )


def longest_completion(subject: Subject) -> int | None:
    """Tokens of the longest response that GRPO samples, the last stage of a length schedule included."""
    if subject.is_sft:
        return None
    limits = [subject.option("max_completion_length")]
    for stage in str(subject.option("length_schedule") or "").split(","):
        limits.append(int(tokens) if (tokens := stage.partition(":")[2].strip()).isdigit() else None)
    return max((limit for limit in limits if limit), default=None)


def context_length(subject: Subject) -> int | None:
    """How many positions the language module was made for."""
    config = subject.model_config
    length = getattr(config.get_text_config(), "max_position_embeddings", None) if config is not None else None
    return int(length) if length else None
