"""The parts of a manifest, each with its options and an example: what `ovr-curate options` shows and docs/manifest.md prints."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from curation.build.manifest import Certify, ColdStart, Manifest, Rl
from curation.cli import LISTS
from curation.cold_start.behaviors.options import Behaviors
from curation.cold_start.distil import Distil, TeacherSampling
from curation.cold_start.loss.options import Cut, Cuts, LossOptions
from curation.cold_start.verify.options import Verify
from curation.commands.model_options import Option, first_paragraph, options_of
from curation.commands.plugins import base_of
from curation.core.plugins import known_plugins
from curation.core.run_options import RayOptions, RunOptions, SlurmOptions
from curation.decontamination.options import Decontaminate
from curation.decontamination.second_opinion import SecondOpinion
from curation.dedup import Dedup
from curation.difficulty.pass_rate import PassRate
from curation.difficulty.triage.marks import Triage
from curation.images import ImageOptions
from curation.judging.answers.options import JudgeLimits, JudgeSuspects, JudgeTraces
from curation.judging.judge import Judge
from curation.judging.questions.options import Questions
from curation.mixture import Mixture, Strata
from curation.normalise import Normalise
from curation.release.licences import Release
from curation.sampling.engines.base import SamplingOptions


class Part(NamedTuple):
    """A model of the manifest. `name` is its place, without the section where both have it; `example` is YAML."""

    name: str
    model: type[BaseModel]
    example: str
    sections: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Where it is in a manifest, as in `--set`; empty for the top."""
        if self.model is Manifest:
            return ("",)
        return tuple(f"{section}.{self.name}" for section in self.sections) or (self.name,)

    @property
    def what(self) -> str:
        return " ".join(first_paragraph(self.model))

    def options(self) -> Iterator[Option]:
        """Its options; those of another part are left to that one."""
        return options_of(self.model, {part.model.__name__ for part in PARTS} - {self.model.__name__})


BOTH = ("rl", "cold_start")
PARTS = (
    Part(
        "manifest",
        Manifest,
        """\
name: my_set                      # what the shards and the lock call it
seed: 7                           # another seed: other puzzles, another choice, other splits
rl:
  sources:
  - {kind: visual_puzzles, count: 100}
""",
    ),
    Part(
        "rl",
        Rl,
        """\
rl:
  sources:
  - {kind: visual_puzzles, count: 100}
  filters:
  - {kind: length, max_chars: 4000}
  - {kind: language, allow: [en]}
  splits: {test: 0.1}                 # 0.9 are left for train
""",
    ),
    Part(
        "cold_start",
        ColdStart,
        """\
cold_start:
  sources:
  - {kind: table, path: traces.jsonl, fields: {question: question, answer: answer, completion: trace}}
  filters:
  - {kind: trace_format}
  - {kind: repetition}
  keep_verified: [correct, correct_without_box, no_gold]    # traces without a gold too
  splits: {validation: 0.02}
""",
    ),
    Part(
        "cold_start.distil",
        Distil,
        """\
cold_start:
  sources:
  - {kind: table, path: questions.jsonl, fields: {question: question, answer: answer}}
  distil:
    sampler: {kind: openai, model: deepseek-reasoner, base_url: 'https://api.example.com/v1', api_key_env: TEACHER_KEY}
    sampling: {temperature: 0.6, top_p: 0.95, max_tokens: 32768}
    k: 2
    keep: shortest
    n_max: 16
    max_tokens_total: 100_000_000
""",
    ),
    Part(
        "cold_start.distil.sampling",
        TeacherSampling,
        """\
cold_start:
  sources:
  - {kind: table, path: questions.jsonl, fields: {question: question, answer: answer}}
  distil:
    sampler: {kind: vllm, model: deepseek-ai/DeepSeek-R1-Distill-Qwen-7B}
    sampling: {temperature: 0.6, top_p: 0.95, max_tokens: 16384}
""",
    ),
    Part(
        "cold_start.verify",
        Verify,
        """\
cold_start:
  sources:
  - {kind: table, path: traces.jsonl, fields: {question: question, answer: answer, completion: trace}}
  keep_verified: [correct, correct_without_box, no_gold]
  verify: {append_box: true, max_unjudged: 0.2}
""",
    ),
    Part(
        "normalise",
        Normalise,
        """\
rl:
  normalise:
    strip: ['Answer in one line\\.']
    languages: [en, de, zh]
""",
        BOTH,
    ),
    Part(
        "pictures",
        ImageOptions,
        """\
rl:
  pictures: {max_pixels: 1048576, max_pictures: 4}
""",
        BOTH,
    ),
    Part(
        "decontaminate",
        Decontaminate,
        """\
rl:
  decontaminate:
    action: drop
    benchmarks:
    - {kind: table, name: math500, hub: HuggingFaceH4/MATH-500, split: test, fields: {question: problem, id: unique_id}}
""",
        BOTH,
    ),
    Part(
        "decontaminate.second_opinion",
        SecondOpinion,
        """\
rl:
  decontaminate:
    benchmarks:
    - {kind: table, name: mine, path: evaluation/*.jsonl, fields: {question: question}}
    second_opinion: {model: sentence-transformers/all-MiniLM-L6-v2}
""",
        BOTH,
    ),
    Part(
        "questions",
        Questions,
        """\
rl:
  questions:
    judge: {engine: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct}}
    find: [incomplete, contradictory, missing_picture, picture_mismatch]
    drop: [incomplete, missing_picture]      # the others are noted
""",
        BOTH,
    ),
    Part(
        "questions.judge",
        Judge,
        """\
rl:
  questions:
    judge:
      engine: {kind: openai, model: gpt-4.1, base_url: https://api.openai.com/v1, api_key_env: OPENAI_API_KEY}
      sampling: {temperature: 0, max_tokens: 1024}
""",
        BOTH,
    ),
    Part(
        "dedup",
        Dedup,
        """\
rl:
  dedup:
    threshold: 0.8
    prefer: [license, gold, source_order]
""",
        BOTH,
    ),
    Part(
        "rl.difficulty",
        PassRate,
        """\
rl:
  difficulty:
    sampler: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct}
    n: 16
    stopping: {kind: exact}
    min_pass_rate: 0.0
    max_pass_rate: 1.0
""",
    ),
    Part(
        "rl.difficulty.sampling",
        SamplingOptions,
        """\
rl:
  difficulty:
    sampler: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct}
    sampling: {temperature: 1.0, top_p: 1.0, max_tokens: 16384}
""",
    ),
    Part(
        "rl.triage",
        Triage,
        """\
rl:
  difficulty:                         # triage looks among the measured prompts
    sampler: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct}
  triage:
    suspect_gold: 0.8
    images: [blank, swapped]            # is the image needed? `n` samples more with each
    keep: [hard]
    drop: [suspect_gold, doubtful_gold]
""",
    ),
    Part(
        "cold_start.behaviors",
        Behaviors,
        """\
cold_start:
  sources:
  - {kind: table, path: traces.jsonl, fields: {question: question, answer: answer, completion: trace}}
  behaviors:
    judge:
      engine: {kind: openai, model: deepseek-reasoner, base_url: 'http://localhost:8000/v1'}
    sample: 2000                        # traces that the judge sees; cues count all
  mixture:
    weights: {behavior: {mental_imagery: 3, backward_chaining: 2}}
""",
    ),
    Part(
        "cold_start.behaviors.judge",
        Judge,
        """\
cold_start:
  sources:
  - {kind: table, path: traces.jsonl, fields: {question: question, answer: answer, completion: trace}}
  behaviors:
    judge:
      engine: {kind: vllm, model: Qwen/Qwen2.5-7B-Instruct}
      sampling: {temperature: 0.0, max_tokens: 2048}
      batch_prompts: 512
""",
    ),
    Part(
        "cold_start.judge_answers",
        JudgeTraces,
        """\
cold_start:
  sources:
  - {kind: table, path: traces.jsonl, fields: {question: question, answer: answer, completion: trace}}
  judge_answers:                      # off without it; `verified` stays cannot_judge, the model's word is in judge_verdict
    judge:
      engine: {kind: openai, model: judge, base_url: 'http://localhost:8000/v1'}
      sampling: {temperature: 0, max_tokens: 1024}
    certificate: judge_certificate.json # of `ovr-curate certify DIR --judge MANIFEST`
""",
    ),
    Part(
        "rl.judge_answers",
        JudgeSuspects,
        """\
rl:
  difficulty:                         # what its samples agree on is compared with the gold
    sampler: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct}
  judge_answers:
    judge: {engine: {kind: vllm, model: Qwen/Qwen2.5-32B-Instruct}}
    votes: 3
    on_correct: mark                    # the verdicts are evidence, judge_answers.parquet has them
""",
    ),
    Part(
        "judge_answers.judge",
        Judge,
        """\
rl:
  judge_answers:
    judge:
      engine: {kind: vllm, model: Qwen/Qwen2.5-32B-Instruct}
      sampling: {temperature: 0, max_tokens: 1024}
    on_correct: mark
  difficulty:
    sampler: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct}
""",
        BOTH,
    ),
    Part(
        "cold_start.loss",
        LossOptions,
        """\
cold_start:
  loss:
    scorer: {kind: transformers, model: HuggingFaceTB/SmolLM2-135M}
    max_length: 4096
    bands: [256, 1024, 4096]
""",
    ),
    Part(
        "cold_start.loss.cut",
        Cuts,
        """\
cold_start:
  loss:
    scorer: {kind: vllm, model: HuggingFaceTB/SmolLM2-135M}
    cut:
      loss: {kind: mad, k: 4}
      rsr: {kind: quantile, q: 0.9}
""",
    ),
    Part(
        "cold_start.loss.cut.loss",
        Cut,
        """\
cold_start:
  loss:
    scorer: {kind: transformers, model: HuggingFaceTB/SmolLM2-135M}
    cut:
      loss: {kind: quantile, q: 0.98, side: high}
""",
    ),
    Part(
        "mixture",
        Mixture,
        """\
rl:
  mixture:
    target: 300_000
    group_by: [domain, stratum]
    temperature: 2
    weights: {domain: {geometry: 2}}
    caps: {source: {numina_math: 0.3}}
    floors: {stratum: {challenging: 0.2}}
""",
        BOTH,
    ),
    Part(
        "mixture.strata",
        Strata,
        """\
rl:
  mixture:
    strata: {easy_above: 0.75, challenging_below: 0.25}
""",
        BOTH,
    ),
    Part(
        "certify",
        Certify,
        """\
certify: {max_false_negatives: 0.02, max_rows: null}
""",
    ),
    Part(
        "certify.judge",
        JudgeLimits,
        """\
certify:
  judge: {max_hacks: 0.0, max_false_positives: 0.02, max_false_negatives: 0.3}
""",
    ),
    Part(
        "release",
        Release,
        """\
release:
  allow: [MIT, Apache-2.0, CC-BY-4.0]
  on_violation: drop
""",
    ),
    Part(
        "run",
        RunOptions,
        """\
run: {workers: 8, engine_tasks: 2}
""",
    ),
    Part(
        "run.ray",
        RayOptions,
        """\
run:
  executor: ray
  workers: 64
  ray: {address: auto, memory_gb: 4}
""",
    ),
    Part(
        "run.slurm",
        SlurmOptions,
        """\
run:
  executor: slurm
  workers: 64
  slurm: {partition: cpu, time: "08:00:00", sbatch: {account: mine}}
""",
    ),
)
"""The sections, then what they have in the order in which a build comes to it."""


def part_of(option: Option) -> Part | None:
    """The part that has the options which an option holds."""
    return next((part for part in PARTS if part.model.__name__ == option.model), None)


def command_of(option: Option) -> str:
    """The command that lists the kinds of an option, empty where it has none."""
    families = {command: known_plugins(base_of(command)).keys() for command in LISTS if command != "kinds"}
    return next((command for command, kinds in families.items() if option.kinds and option.kinds == kinds), "")
