"""The recipe: the stages of each config, in order. Beside this page only the manifest's models and the lock know a stage by its name.

    plan(manifest, "rl")     # [Collect, IndexBenchmarks, NormaliseStage, ...], known before anything runs

Decontamination comes before the filters: its evidence covers every row that came in, and a contaminated copy takes its cluster with it even
where a filter would drop it. Red flags of reading end the build as soon as they are known, and licences are checked, before anything is
sampled.
"""

from collections.abc import Sequence
from pathlib import Path

from curation.build.manifest import ColdStart, Manifest, Rl
from curation.cold_start.behaviors.judged import JudgeBehaviors
from curation.cold_start.behaviors.stage import CountBehaviors
from curation.cold_start.distil.filtered import FilterDistilled
from curation.cold_start.distil.stage import DistilStage
from curation.cold_start.loss.stage import LossStage
from curation.cold_start.verify.cap import CapUnjudged
from curation.cold_start.verify.stage import VerifyTraces
from curation.core.errors import ManifestError, nearest
from curation.core.row import Config, Verified
from curation.core.schema import ROW
from curation.core.stage import Stage
from curation.decontamination.benchmarks import IndexBenchmarks
from curation.decontamination.decide import FindContamination
from curation.dedup.decide import MergeDuplicates
from curation.dedup.search import FindClusters
from curation.difficulty.stage import MeasureDifficulty
from curation.difficulty.triage.stage import TriageStage
from curation.filters.base import AnyFilter
from curation.filters.stage import FilterStage, VerifyGolds
from curation.filters.trace_format import TraceFormat
from curation.judging.answers.stage import JudgeAnswersStage
from curation.judging.questions.stage import QuestionsStage
from curation.mixture.stage import MixtureStage
from curation.normalise.stage import NormaliseStage
from curation.reading.stage import ReadingStage
from curation.release.licences import CheckLicences
from curation.release.shards import ShardsStage
from curation.sources.collect import Collect


def plan(manifest: Manifest, config: Config, limit: int | None = None, build: str = "") -> list[Stage]:
    """The stages of a config. `limit` is a number of rows of every source, `build` the digest that the shards carry.

    Raises:
        ManifestError: a stage of the manifest has its place behind one that is not there.
    """
    section = manifest.sections[config]
    seed, template, release = manifest.seed, manifest.prompt_template, manifest.release
    dedup, evaluation, traces = section.dedup, section.decontaminate, isinstance(section, ColdStart)

    filters, verification = checks_of(section)
    accept = {source.name: source.accept for source in section.sources}
    readers = tuple(source.model_copy(update={"accept": ()}) for source in section.sources)  # it changes no row

    stages: list[Stage] = [Collect(sources=readers, limit=limit, seed=seed, accept=accept, section=config)]
    if evaluation:
        stages += [IndexBenchmarks(options=evaluation, seed=seed)]
    stages += [
        NormaliseStage(
            text=section.normalise, images=section.pictures, signatures=dedup, scan=bool(evaluation), traces=traces
        ),
        FindClusters(options=dedup, traces=traces),
    ]
    if evaluation:
        stages += [FindContamination(options=evaluation, seed=seed)]
    stages += [
        FilterStage(
            filters=filters,
            release=release if release and release.on_violation == "drop" else None,
            traces=traces,
        ),
    ]
    if section.questions:
        stages += [QuestionsStage(options=section.questions, seed=seed)]
    stages += [
        verification,
        ReadingStage(accept=accept),
        MergeDuplicates(options=dedup),
    ]
    if release:
        stages += [CheckLicences(release=release)]
    if isinstance(section, ColdStart) and section.distil:
        stages += [
            DistilStage(
                options=section.distil,
                seed=seed,
                template=template,
                merge=dedup.merge,
                keep=_verdicts_to_judge(section),
                append_box=section.verify.append_box,
                need_box=_asks_for_box(section),
            ),
            FilterDistilled(filters=section.filters),
        ]
    if isinstance(section, Rl) and (difficulty := section.difficulty):
        stages += [
            MeasureDifficulty(options=difficulty, seed=seed, template=template),
            TriageStage(options=section.triage, difficulty=difficulty, seed=seed, template=template),
        ]
    if section.judge_answers:
        kept = section.keep_verified if isinstance(section, ColdStart) else ()
        limits = manifest.certify.judge
        stages += [JudgeAnswersStage(options=section.judge_answers, limits=limits, keep_verified=kept, seed=seed)]
    if isinstance(section, ColdStart):
        stages += _of_traces(section, seed, template)
    stages += [
        MixtureStage(options=section.mixture, seed=seed),
        ShardsStage(
            manifest=manifest.name, build=build, template=template, seed=seed, splits=section.splits,
            rows_per_shard=manifest.rows_per_shard,
        ),
    ]  # fmt: skip
    return _with_stages_of_the_manifest(stages, section.stages, config)


def _of_traces(section: ColdStart, seed: int, template: str) -> list[Stage]:
    """What is looked at when it is known which traces are right: how well a light model predicts them, how they reason, how many of them
    nothing could judge.
    """
    stages: list[Stage] = [LossStage(options=section.loss, template=template)] if section.loss else []
    stages += [CountBehaviors()]
    if section.behaviors.judge:
        stages += [JudgeBehaviors(options=section.behaviors, seed=seed)]
    if (share := section.verify.max_unjudged) is not None:
        stages += [CapUnjudged(share=share, seed=seed)]
    return stages


def _verdicts_before(section: ColdStart) -> tuple[Verified, ...]:
    """The verdicts with which a row comes past the rules: to the end, to the teacher that writes it another trace, or to the model that is
    asked about those that they cannot judge.
    """
    redone: tuple[Verified, ...] = ("wrong",) if section.distil and section.distil.prompts != "without_trace" else ()
    return tuple(dict.fromkeys((*_verdicts_to_judge(section), *redone)))


def _verdicts_to_judge(section: ColdStart) -> tuple[Verified, ...]:
    """The verdicts with which a row stays, or meets the model that is asked about it."""
    asked: tuple[Verified, ...] = ("cannot_judge",) if section.judge_answers else ()
    return tuple(dict.fromkeys((*section.keep_verified, *asked)))


def checks_of(section: ColdStart | Rl) -> tuple[tuple[AnyFilter, ...], VerifyTraces | VerifyGolds]:
    """The filters of a section, and the stage behind them that judges its golds or traces. Where that appends boxes, it is the one to ask
    for them.
    """
    if not isinstance(section, ColdStart):
        return section.filters, VerifyGolds()
    traces = VerifyTraces(
        keep=_verdicts_before(section), append_box=section.verify.append_box, to_distil=section.distil is not None
    )
    if not (_asks_for_box(section) and traces.append_box):
        return section.filters, traces
    without_box = {"need_box": False}
    filters = [f.model_copy(update=without_box) if isinstance(f, TraceFormat) else f for f in section.filters]
    return tuple(filters), traces.model_copy(update={"need_box": True})


def _asks_for_box(section: ColdStart) -> bool:
    return any(isinstance(one, TraceFormat) and one.need_box for one in section.filters)


RESERVED = frozenset({"id", "source", "source_id", "provenance", "extra", "keep", "note"})
"""Columns that no stage from outside sets or adds: who a row is, and what the build itself writes."""
CHECKED_BY = {name: ("verify_golds", "verify_traces") for name in ("answer", "answer_kind", "answer_options")}
CHECKED_BY["license"] = ("filter", "licences")
"""Column -> the stages that check it: it may not be set behind them."""
SCANNED = frozenset({"prompt", "images"})
"""Columns that decontamination reads twice: what they say may not change between."""


def _check_declaration(stage: Stage, before: Sequence[Stage], where: str) -> None:
    """Refuse columns and files that a stage may not have at its place.

    Raises:
        ManifestError: which, and why.
    """
    added = {column.name: one.kind for one in before for column in one.adds}
    for name in stage.sets:
        if name in RESERVED or name not in ROW.keys() | added.keys():
            raise ManifestError(
                f"{where}: sets the column {name!r}, which it cannot{nearest(name, ROW.keys() - RESERVED)}"
            )
        scanned = any(isinstance(one, NormaliseStage) and one.scan for one in before)
        if name in SCANNED and scanned and not any(isinstance(one, FindContamination) for one in before):
            raise ManifestError(
                f"{where}: sets {name!r} between 'normalise', which scans it for evaluation items, and 'contamination', which decides; "
                "give it another `after`"
            )
        if checked := [one.kind for one in before if one.kind in CHECKED_BY.get(name, ())]:
            raise ManifestError(
                f"{where}: sets {name!r} behind {checked[0]!r}, which checks it; give it an earlier `after`"
            )
    for column in stage.adds:
        if column.name in ROW.keys() | RESERVED | added.keys():
            of = f"the stage {added[column.name]!r}" if column.name in added else "every row; name it in `sets`"
            raise ManifestError(f"{where}: adds the column {column.name!r}, which there is already, of {of}")
    for file in stage.publishes:
        if file == "ledger.parquet" or Path(file).name != file or not file.endswith(".parquet"):
            raise ManifestError(f"{where}: publishes {file!r}, expected the name of a Parquet file of its own")


def _with_stages_of_the_manifest(stages: list[Stage], listed: Sequence[Stage], config: Config) -> list[Stage]:
    """The plan with what the manifest lists under `stages`, each behind the stage that it names; those of one place in their order."""
    for number, stage in enumerate(listed):
        kinds = [one.kind for one in stages]
        if stage.kind in kinds:
            raise ManifestError(f"{config}.stages[{number}]: a stage {stage.kind!r} is in the plan already")
        after = stage.after or kinds[kinds.index("mixture") - 1]
        if after not in kinds or after == "shards":
            known = ", ".join(kind for kind in kinds if kind != "shards")
            raise ManifestError(f"{config}.stages[{number}].after: got {after!r}, expected one of {known}")
        _check_declaration(stage, stages[: kinds.index(after) + 1], f"{config}.stages[{number}] ({stage.kind})")
        place = kinds.index(after) + 1
        while place < len(stages) and stages[place] in listed and stages[place].after == stage.after:
            place += 1
        stages.insert(place, stage)
    return stages
