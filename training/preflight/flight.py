"""All checks in order, for the command and at the start of a run: files, then rows through the processor, then the model.

What a check needs and an earlier one found broken is not looked at: a folder without a tokenizer has no template to test.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.preflight.check import Problem, attempt
from training.preflight.folder import check_folder
from training.preflight.golds import Golds
from training.preflight.images import Images, with_images
from training.preflight.messages import Messages
from training.preflight.rows import SAMPLE, SEED, RowCheck, SampledRow, read_sample, sample
from training.preflight.shards import check_shards
from training.preflight.subject import Subject

SHARDING = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
"""What `accelerate launch` sets."""


class Flight:
    """The checks of one run. `check_data` before the model is loaded, `check_model` with it; each gives its problems."""

    def __init__(self, subject: Subject, *, all_images: bool = False) -> None:
        self.subject = subject
        self.all_images = all_images
        self.problems: list[Problem] = []
        self.seconds = 0.0
        self._images_row: SampledRow | None = None
        self._documents: list[list[int]] = []
        self._longest = (0, 0)

    @property
    def failed(self) -> bool:
        return any(not problem.is_warning for problem in self.problems)

    def check_data(self) -> list[Problem]:
        """Shards, the model's folder, and a sample of rows through the processor."""
        subject, started = self.subject, time.monotonic()
        found = [*check_shards(subject), *self._checkpoint(), *self._batch()]
        in_folder = list(attempt("model", subject.model, lambda: check_folder(subject)))
        if not _are_problems(in_folder):
            in_folder += self._load_processor()
        if subject.files:
            found += attempt("rows", str(subject.data), self._check_rows)
        self.problems += found + in_folder
        self.seconds += time.monotonic() - started
        return found + in_folder

    def check_model(self, model: Any) -> list[Problem]:
        """The loaded model; the trainer's own at the start of a run."""
        from training.preflight import memory
        from training.preflight import model as checks

        subject, where, started = self.subject, self.subject.model, time.monotonic()
        is_cut_up = bool(subject.option("fsdp") or subject.option("deepspeed") or any(map(_is_true, SHARDING)))
        if is_cut_up:  # a process holds parts or nothing yet, and no forward pass is its own
            subject.figures["model"] = (
                "FSDP or DeepSpeed: weights, images and packing were not looked at; ovr-train preflight does"
            )
        found = [] if is_cut_up else list(attempt("weights", where, lambda: checks.check_weights(subject, model)))
        found += attempt("dtype", where, lambda: checks.check_dtype(subject, model))
        found += attempt("memory", where, lambda: memory.check_memory(subject, model, *self._longest))
        if (row := self._images_row) is not None and not is_cut_up and not _are_problems(found):
            found += attempt("image is seen", row.where, lambda: checks.check_image_is_seen(subject, model, row))
        if self._packs() and not is_cut_up and len(self._documents) == 2:
            found += attempt("packing", where, lambda: checks.check_packing(subject, model, self._documents))
        self.problems += found
        self.seconds += time.monotonic() - started
        return found

    def table(self) -> str:
        """What was looked at, a line each."""
        subject = self.subject
        n_read = min(subject.n_rows, SAMPLE)
        read = "all read" if n_read == subject.n_rows else f"{n_read:,} read (seed {SEED}); ids, golds, kinds of all"
        figures = {"rows": f"{subject.n_rows:,}, {read}", **subject.figures}
        figures["time"] = f"{self.seconds:.1f} s"
        return "\n".join(f"preflight: {name:<16} {value}" for name, value in figures.items())

    def _packs(self) -> bool:
        return bool(self.subject.option("packing") or self.subject.option("padding_free"))

    def _checkpoint(self) -> Iterator[Problem]:
        from training.runs.checkpoints import checkpoint_to_resume

        option = self.subject.option
        try:
            checkpoint_to_resume(option("resume_from_checkpoint"), Path(option("output_dir") or ""))
        except (OSError, ValueError) as error:
            yield Problem("checkpoint", str(option("resume_from_checkpoint")), str(error))

    def _batch(self) -> Iterator[Problem]:
        """Fewer rows than one batch of GRPO's make no step."""
        subject = self.subject
        if subject.is_sft or not subject.files:
            return
        size, group = (int(subject.option(name)) for name in ("generation_batch_size", "num_generations"))
        if subject.n_rows < size // group:
            need = f"{size // group} prompts ({size} responses, {group} a prompt)"
            message = f"{subject.n_rows} rows, a batch has {need}; lower per_device_train_batch_size or gradient_accumulation_steps"
            yield Problem("batch", str(subject.data), message)

    def _load_processor(self) -> list[Problem]:
        """The processor and the configuration; faults that show without a row."""
        from training.preflight import template, tokens
        from training.preflight.rendering import load_model_config, load_processor

        subject = self.subject

        def load() -> Iterator[Problem]:
            subject.model_config = load_model_config(subject)
            subject.processor = load_processor(subject)
            yield from template.check_tokenizer(subject)
            yield from tokens.check_placeholder(subject)

        return list(attempt("processor", subject.model, load))

    def _check_rows(self) -> Iterator[Problem]:
        from training.preflight.template import Template
        from training.preflight.tokens import Tokens

        subject, images = self.subject, Images(self.subject.cap)
        golds = Golds(subject)
        checks: list[RowCheck] = [Messages(subject), images, golds]
        tokens = None
        if subject.processor is not None:
            tokens = Tokens(subject)
            checks += [tokens, Template(subject)]
        for row in with_images(read_sample(subject.files, sample(subject.n_rows))):
            for check in checks:
                check.row(row)
            if tokens is not None and row.is_whole and not row.opened and len(self._documents) < 2:
                self._keep_document(row)
        if self.all_images:
            images = checks[1] = self._all_images()
        for check in checks:
            yield from check.problems()
        subject.figures["images"] = f"{images.n_images:,} decoded" + (" (all)" if self.all_images else "")
        if tokens is not None:
            self._longest = (max(tokens.prompts, default=0), max(tokens.wholes, default=0))
            self._images_row = tokens.extremes.get("smallest")

    def _all_images(self) -> Images:
        images = Images()
        for row in with_images(read_sample(self.subject.files, range(self.subject.n_rows), ("id", "images"))):
            images.row(row)
        return images

    def _keep_document(self, row: SampledRow) -> None:
        """Its ids, for the leak test."""
        from training.preflight.rendering import answers_of, ids_of, render

        try:
            ids = ids_of(self.subject, render(self.subject, row, *answers_of(row)))
        except Exception:  # the template's check names what is wrong
            return
        if len(ids) > 1:
            self._documents.append(ids)


def _is_true(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true")


def _are_problems(found: list[Problem]) -> bool:
    return any(not problem.is_warning for problem in found)
