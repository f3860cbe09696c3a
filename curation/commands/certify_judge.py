"""`ovr-curate certify DIR --judge MANIFEST`: may a model be asked about answers? Tried on the golds of a build, with hacks, before it is.

The golds are those that the rules can read, so that it is known which answers are right. Replies are kept in the build's rollout store.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pydantic import ValidationError
from rich.table import Table

from curation.build.build import lock_folder
from curation.build.load import load_manifest
from curation.build.manifest import Certify
from curation.build.mistakes import mistakes_in
from curation.commands.console import render
from curation.core.errors import BuildError, ManifestError
from curation.core.parquet import read_records, write_records, write_text
from curation.core.plugins import load_plugins_of
from curation.core.row import Message, Row, question_of
from curation.core.words import counted
from curation.judging.answers.certificate import Certificate, objections
from curation.judging.answers.options import JudgeAnswers, JudgeLimits
from curation.judging.answers.probes import certify_judge
from curation.judging.progress import asking_line
from curation.release.dataset import Dataset
from curation.sampling.sample_cached import CachedSampler
from curation.sampling.template import PLACEHOLDER

COLUMNS = ["id", "source", "source_id", "prompt", "answer", "answer_kind", "answer_options"]
CERTIFICATE, PROBES = "certificate/judge_certificate.json", "certificate/judge_probes.parquet"
PROBE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("expect", "kind", "question", "gold", "answer", "judge_says")),
        ("is_mistake", pa.bool_()),
        ("failures", pa.list_(pa.string())),
        ("replies", pa.list_(pa.string())),
    ]
)
"""One line for each probe, with all that the model wrote."""


def certify_the_judge(build: Path, judge: str, n_rows: int, out: Path | None) -> None:
    """Print what the judge takes for right by kind of probe, and write its certificate, whether it is trusted or not.

    Raises:
        ManifestError: `judge` is neither a manifest with one judge of answers nor the options of one.
        BuildError: not a build with golds; the judge is not to be trusted.
        SamplingError: the model cannot be asked.
    """
    if not (build / "manifest.lock.yaml").exists():
        raise BuildError(f"{build}: no manifest lock, expected the folder of a finished build")
    lock = Dataset(build).manifest
    load_plugins_of(lock, build)
    options, limits, wanted = _judge_of(judge, Certify.model_validate(lock.get("certify", {})).judge)
    rows = chosen(build, n_rows, lock["seed"], lock["prompt_template"])
    with lock_folder(build):
        found, records = certify_judge(rows, options, limits, build / "rollouts", lock["seed"], _Reporter())
    written = out or wanted or build / CERTIFICATE
    write_records(build / PROBES, PROBE_SCHEMA, records)
    write_text(written, json.dumps(found.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n")
    print(_table(found))
    print(f"{written}: {'trusted' if found.trusted else 'not trusted'}; {build / PROBES} has every probe and reply")
    if lines := list(objections(found.probes, limits)):
        more = f" (and {len(lines) - 1} more objections)" if len(lines) > 1 else ""
        raise BuildError(f"the judge {found.model!r} is not to be trusted: it {lines[0]}{more}")


def chosen(build: Path, n: int, seed: int, template: str) -> list[Row]:
    """`n` rows of a build with golds, the same for the same seed, with their questions outside the prompt template.

    Raises:
        BuildError: there are none.
    """
    shards = sorted((build / "data").glob("*/*.parquet"))
    ranked = sorted(
        (hashlib.blake2b(f"{seed}/{record['id']}".encode()).digest(), number, place)
        for number, shard in enumerate(shards)
        for place, record in enumerate(read_records(shard, ["id", "answer", "answer_kind"], batch_rows=10_000))
        if record["answer"].strip() and record["answer_kind"] != "unreadable"
    )[:n]
    if not ranked:
        raise BuildError(f"{build}: no rows with golds in data/, expected the folder of a finished build")
    wanted = {(number, place) for _, number, place in ranked}
    return [
        _row(record, template)
        for number in sorted({number for number, _ in wanted})
        for place, record in enumerate(read_records(shards[number], COLUMNS))
        if (number, place) in wanted
    ]


def _row(record: dict[str, Any], template: str) -> Row:
    question, (before, _, after) = (
        question_of(Message(**one) for one in record["prompt"]),
        template.partition(PLACEHOLDER),
    )
    if question.startswith(before) and question.endswith(after):
        question = question[len(before) : len(question) - len(after)]
    names = ("id", "source", "source_id", "answer", "answer_kind", "answer_options")
    return Row(prompt=(Message("user", question),), **{name: record[name] for name in names})


def _judge_of(judge: str, limits: JudgeLimits) -> tuple[JudgeAnswers, JudgeLimits, Path | None]:
    """The judge, what it must reach, and where its certificate is looked for: of a manifest, or of YAML with the build's limits."""
    if Path(judge).suffix in (".yaml", ".yml") or Path(judge).is_file():
        manifest = load_manifest(Path(judge))
        found = [section.judge_answers for section in manifest.sections.values() if section.judge_answers]
        if len({(one.judge.model_dump_json(), one.votes, one.certificate) for one in found}) != 1:
            raise ManifestError(
                f"{judge}: got {len(found)} different `judge_answers`, expected one; give the options of one as YAML: "
                "--judge '{judge: {engine: ...}}'"
            )
        place = Path(found[0].certificate) if found[0].certificate else None
        return found[0], manifest.certify.judge, place
    try:
        raw = yaml.safe_load(judge)
        if not isinstance(raw, dict):
            raise ManifestError(f"--judge {judge!r}: expected a manifest, or options: '{{judge: {{engine: ...}}}}'")
        return JudgeAnswers.model_validate(raw), limits, None
    except yaml.YAMLError as error:
        raise ManifestError(f"--judge {judge!r}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ManifestError("\n".join(f"--judge: {line}" for line in mistakes_in(raw, JudgeAnswers, error))) from None


class _Reporter:
    """Says now and then how far the replies are."""

    def __init__(self) -> None:
        from time import monotonic

        self._clock, self._said = monotonic, monotonic()

    def __call__(self, sampler: CachedSampler) -> None:
        if self._clock() - self._said >= 10:
            self._said = self._clock()
            print(asking_line(sampler.sampled), flush=True)


def _table(found: Certificate) -> str:
    table = Table(title=f"what {found.model} takes for right, {counted(found.rows, 'gold')}")
    for heading in ("probe", "n", "right", "wrong", "cannot tell", "failed", "share right", "95 %"):
        table.add_column(heading, justify="left" if heading == "probe" else "right")
    for line in _lines(found):
        table.add_row(*line)
    return render(table)


def _lines(found: Certificate) -> Iterator[tuple[str, ...]]:
    for name, one in found.probes.items():
        counts = (one.n, one.accepted, one.rejected, one.cannot_tell, one.failed)
        interval = f"{one.ci_low:.1%} to {one.ci_high:.1%}"
        yield name, *(f"{n:,}" for n in counts), f"{one.share:.1%}", interval
