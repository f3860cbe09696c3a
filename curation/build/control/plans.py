"""Which controls a config has, each as a plan of its own, made of that of the set.

    control_plans(config.stages, {"train": 300}, None)     # {"unfiltered": [...], "random": [...], "without_filter": [...], ...}

What no control does without: reading and normalising, for without them rows can be neither compared nor judged nor trained on;
decontamination, for without it no evaluation of a control means anything; licenses. The gate of reading changes no row, and the set has
passed it.
"""

import math
from collections.abc import Sequence

from curation.build.control.equal import EqualSize
from curation.build.control.known import KnownDifficulty
from curation.build.control.known_drops import KnownDrops
from curation.build.control.known_loss import KnownLoss
from curation.cold_start.loss.stage import LossStage
from curation.cold_start.verify.stage import VerifyTraces
from curation.core.stage import DECISIONS, Stage
from curation.core.stage_run import StageRun
from curation.dedup.decide import MergeDuplicates
from curation.difficulty.stage import MeasureDifficulty
from curation.difficulty.triage.stage import TriageStage
from curation.filters.stage import FilterStage, VerifyGolds
from curation.judging.answers.stage import JudgeAnswersStage
from curation.judging.questions.stage import QuestionsStage
from curation.mixture import Mixture
from curation.mixture.stage import MixtureStage
from curation.reading.stage import ReadingStage
from curation.release.licences import CheckLicences, Release
from curation.release.shards import ShardsStage

Plan = list[Stage]
WITH_A_TRACE = VerifyTraces(keep=("correct", "correct_without_box", "wrong", "cannot_judge", "no_gold"))
"""Who has none cannot be fine-tuned on."""


def control_plans(built: Sequence[StageRun], sizes: dict[str, int], release: Release | None) -> dict[str, Plan]:
    """Name of a control -> its stages. `built` are those of the set, all of which have run; `sizes` are its rows by split."""
    stages = [run.stage for run in built]
    at = next(i for i, stage in enumerate(stages) if isinstance(stage, FilterStage))
    barred = FilterStage(release=release)
    pool: Plan = [*stages[:at], barred]
    judged: Plan = [stage for stage in stages if isinstance(stage, VerifyGolds)]
    traces: Plan = [WITH_A_TRACE for stage in stages if isinstance(stage, VerifyTraces)]
    plans = {"unfiltered": [*pool, *traces], "random": [*pool, *traces, *judged]}
    for i, stage in enumerate(stages[:-1]):
        if i >= at and (instead := _instead_of(stage, barred)) is not None:
            behind = _behind(built[i + 1 : -1], is_measured=not isinstance(stage, MeasureDifficulty))
            plans[f"without_{stage.kind}"] = [*stages[:i], *instead, *behind]
    shards = stages[-1]
    assert isinstance(shards, ShardsStage)
    return {name: [*plan, *_end(name, shards, sizes)] for name, plan in plans.items()}


def _instead_of(stage: Stage, barred: FilterStage) -> Plan | None:
    """What runs in the place of a stage that is left out; None for one that is not: it would leave the same rows, or others need it."""
    match stage:
        case FilterStage():
            return [barred] if stage.filters else None
        case MixtureStage():
            plain = Mixture(strata=stage.options.strata)
            return None if stage.options == plain else [stage.model_copy(update={"options": plain})]
        case VerifyTraces():
            return None if stage == WITH_A_TRACE else [WITH_A_TRACE]
        case (
            QuestionsStage()
            | JudgeAnswersStage()
            | VerifyGolds()
            | MergeDuplicates()
            | MeasureDifficulty()
            | LossStage()
        ):
            return []
        case TriageStage():
            return None  # it goes with `difficulty`
    return [] if stage.leaves == DECISIONS and not stage.adds else None  # one of the manifest's own


def _behind(runs: Sequence[StageRun], is_measured: bool) -> Plan:
    """The stages behind the one that is left out, with what is known in the place of what would sample."""
    plan: Plan = []
    for run in runs:
        match run.stage:
            case TriageStage() as triage if is_measured:
                files, fingerprint = run.rows_in.files, run.fingerprint
                plan += [KnownDifficulty(triage=triage, fingerprint=fingerprint, measured=files, folder=run.folder)]
            case QuestionsStage() | JudgeAnswersStage() as asking:
                plan += [KnownDrops(of=asking.kind, fingerprint=run.fingerprint, folder=run.folder)]
            case LossStage():
                plan += [KnownLoss(fingerprint=run.fingerprint, measured=run.rows_in.files, folder=run.folder)]
            case MixtureStage() as mixture if mixture.options.target is not None:
                plan += [_with_spare_rows(mixture, mixture.options.target)]
            case TriageStage() | MeasureDifficulty() | ReadingStage() | CheckLicences():
                continue
            case stage:
                plan += [stage]
    return plan


def _with_spare_rows(mixture: MixtureStage, target: int) -> MixtureStage:
    """Of other rows, other numbers fall to the splits: with six standard deviations more there are enough in each to draw from."""
    options = mixture.options.model_copy(update={"target": target + 3 * math.isqrt(target)})
    return mixture.model_copy(update={"options": options})


def _end(name: str, shards: ShardsStage, sizes: dict[str, int]) -> Plan:
    equal = EqualSize(sizes=None if name == "unfiltered" else sizes, splits=shards.splits, seed=shards.seed)
    return [equal, shards.model_copy(update={"manifest": f"{shards.manifest}/control/{name}"})]
