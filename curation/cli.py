"""ovr-curate: build, check and explain sets of reasoning data with verifiable rewards.

What each command does is in `commands/run.py`.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from curation import __version__
from curation.commands import run
from curation.commands.interrupt import exit_code, interruptible
from curation.core.errors import OF_THE_DISK, CurationError, of_the_disk

Command = Callable[[argparse.Namespace], None]


LISTS = {
    "sources": ("kinds of sources", "table"),
    "filters": ("filters", "length"),
    "engines": ("sampling engines", "vllm"),
    "stopping": ("stopping rules", "exact"),
    "scorers": ("scorers of losses", "vllm"),
    "stages": ("stages of your own modules", "my_stage --plugins my_module"),
    "kinds": ("reward kinds", "number"),
}
"""Command -> what it lists, and one of them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 on success, 1 on a failure, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, each with one line;
    usage errors exit with 2.
    """
    args = parser().parse_args(argv)
    try:
        with interruptible():
            args.run(args)
    except KeyboardInterrupt as error:
        if args.debug:
            traceback.print_exc()
        with suppress(OSError):  # the terminal may be gone
            print("ovr-curate: interrupted; run the same command to go on", file=sys.stderr)
        return exit_code(error)
    except CurationError as error:
        if args.debug:
            traceback.print_exc()
        print(f"ovr-curate: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except (OSError, ValueError, ImportError) as error:
        if args.debug:
            traceback.print_exc()
        message = " ".join(str(error).split()) or "no message"
        if isinstance(error, OSError) and error.errno in OF_THE_DISK:
            message = of_the_disk(error, "")
        print(f"ovr-curate: {type(error).__name__}: {message} (--debug shows where)", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line; a test checks that the README names every command."""
    parser = argparse.ArgumentParser(prog="ovr-curate", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, does: Command, text: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=f"example: {example}")
        sub.add_argument("--debug", action="store_true", help="show the traceback of a failure")
        sub.set_defaults(run=does, wrong=sub.error)
        return sub

    def plugins(sub: argparse.ArgumentParser) -> None:
        text = "a module of further plugins: importable, in this folder, or the path of a file"
        sub.add_argument("--plugins", action="append", default=[], metavar="MODULE", help=text)

    example = "ovr-curate build manifests/micro_model.yaml --out build/q"
    sub = command("build", run.build, "Build the sets that a manifest describes, or go on with a build.", example)
    sub.add_argument(
        "manifest", type=Path, help="a manifest, or the manifest.lock.yaml of a build: the same bytes again"
    )
    sub.add_argument("--out", type=Path, required=True, metavar="DIR")
    where = "what does the work: processes of this machine (local), a cluster's tasks; see `run` in the manifest"
    sub.add_argument("--executor", choices=("local", "ray", "slurm"), help=where)
    sub.add_argument("--workers", type=_positive, metavar="N", help="tasks at a time (1)")
    tasks = "tasks that a stage is shared out to; the bytes are the same with any number"
    sub.add_argument("--tasks", type=_positive, metavar="N", help=tasks)
    sub.add_argument("--limit", type=_positive, metavar="N", help="read at most N rows of every source")
    sub.add_argument("--only", choices=("cold_start", "rl"), help="build one of the manifest's sets")
    change = "change a key of the manifest, such as rl.difficulty.n=4"
    sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=change)
    control = "write control sets too: a random one and, by stage, those without it; nothing is sampled for them"
    sub.add_argument("--control", action="store_true", help=control)
    sub.add_argument("--dry-run", action="store_true", help="show what would run and what sampling would cost")
    pilot = "with --dry-run: build up to the sampling and sample N prompts first; the build finds both"
    sub.add_argument("--pilot", type=_positive, metavar="N", help=pilot)
    sub.add_argument("--gpu-hour-price", type=float, metavar="P", help="with --dry-run: price of an hour of one GPU")

    text = "Look at a data set - file, folder, archive or Hub name - and write a manifest for it."
    sub = command("init", run.init, text, "ovr-curate init data/train.jsonl --out mine.yaml")
    sub.add_argument("data", metavar="DATA_OR_HUB_NAME")
    sub.add_argument("--config", metavar="C", help="config of the Hub data set")
    sub.add_argument("--split", metavar="S", help="split of the Hub data set (train where there is one)")
    sub.add_argument("--out", type=Path, metavar="FILE", help="where to write (standard output)")
    sub.add_argument("--force", action="store_true", help="write over a file that is there")

    text = "Show rows as they are read, beside the raw records, and what a build does with them."
    sub = command("preview", run.preview, text, "ovr-curate preview mine.yaml --source gsm8k -n 3")
    sub.add_argument("manifest", type=Path)
    sub.add_argument("--source", default="", metavar="S", help="show this source only")
    sub.add_argument("-n", type=_positive, default=5, metavar="N", help="rows of every source (5)")
    sub.add_argument("--skip", type=_natural, default=0, metavar="K", help="leave out the first K rows (0)")
    sub.add_argument("--images", type=Path, metavar="DIR", help="where images are written to (a temporary folder)")
    sub.add_argument("--template", action="store_true", help="show questions inside the manifest's prompt_template")

    text = (
        "Check a build or a released set: files, schema, counts, ids, images, golds, sources, evaluation items, card."
    )
    sub = command("check", run.check, text, "ovr-curate check build/q")
    sub.add_argument("dir", type=Path)
    sub.add_argument("--workers", type=_positive, default=1, metavar="N", help="worker processes (1)")
    skip = (
        "leave a check out, such as golds, sources or trainer (what is slow of a large set); may be given several times"
    )
    sub.add_argument("--skip", action="append", default=[], metavar="CHECK", help=skip)
    sub.add_argument("--json", action="store_true", help="what was checked and found as JSON")

    text = (
        "Show a row's whole life: how it was read, what each stage did, its cluster, images, samples, its end and why."
    )
    sub = command("why", run.why, text, "ovr-curate why build/q gsm8k/17")
    sub.add_argument("dir", type=Path)
    sub.add_argument("id", help="an id, the beginning of one, or SOURCE/SOURCE_ID")
    sub.add_argument("--images", type=Path, metavar="DIR", help="write its images to this folder")
    sub.add_argument(
        "--raw", action="store_true", help="read its source again, and show the record that it was made of"
    )
    where = "with --raw: where its source is here, such as rl.sources[0].path=/data/rows.jsonl"
    sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=where)
    sub.add_argument("--json", action="store_true", help="the same as JSON")

    text = "Say how two sets differ: options, inputs, and the rows gained, lost and changed, by which stage and why."
    sub = command("diff", run.diff, text, "ovr-curate diff build/q build/q2")
    sub.add_argument("one", type=Path, metavar="DIR1")
    sub.add_argument("other", type=Path, metavar="DIR2")
    sub.add_argument("--out", type=Path, metavar="F", help="write every row that differs to this Parquet file")
    sub.add_argument("--json", action="store_true", help="the differences as JSON, with every row")

    text = "Write report and card of a build or a released set again. Own words between the marks of README.md stay."
    sub = command("report", run.report, text, "ovr-curate report build/q")
    sub.add_argument("dir", type=Path)
    sub.add_argument("--out", type=Path, metavar="FILE", help="where it is written to (DIR/report.html)")

    text = "Try the reward on a build's own golds, restyled and nearly missed, in a thread and in a process; or a judge model, with hacks."
    sub = command("certify", run.certify, text, "ovr-curate certify build/q --judge mine.yaml")
    sub.add_argument("dir", type=Path)
    text = (
        "try the judge of this manifest's judge_answers instead, or of such options as YAML, and write its certificate"
    )
    sub.add_argument("--judge", metavar="M", help=text)
    sub.add_argument("--rows", type=_positive, default=30, metavar="N", help="golds that the judge is tried on (30)")
    where = "where its certificate is written to (where the manifest looks for it, or the build's folder certificate)"
    sub.add_argument("--out", type=Path, metavar="F", help=where)

    text = "Write rows of a set for a person to label, or take the labels in and reckon the error budget again."
    sub = command(
        "audit", run.audit, text, "ovr-curate audit build/q -n 100, then ovr-curate audit build/q --labels audit.jsonl"
    )
    sub.add_argument("dir", type=Path)
    sub.add_argument(
        "-n", type=_positive, default=100, metavar="N", help="rows of every config (100); at least one of each source"
    )
    sub.add_argument("--out", type=Path, metavar="FILE", help="where they are written to (DIR/audit.jsonl)")
    labels = "take in this file: right, wrong or unsure instead of null"
    sub.add_argument("--labels", type=Path, metavar="FILE", help=labels)
    text = "Release a build on the Hub: what lacks there is sent, checked by its hash, and tagged."
    sub = command("push", run.push, text, "ovr-curate push build/q owner/name --dry-run")
    sub.add_argument("dir", type=Path)
    sub.add_argument("name", metavar="OWNER/NAME")
    sub.add_argument(
        "--private", action="store_true", help="create the repository private; one that is there has to be"
    )
    sub.add_argument(
        "--revision", default="main", metavar="R", help="branch to push to, made of main where it is new (main)"
    )
    sub.add_argument("--dry-run", action="store_true", help="show what would be sent and deleted")
    sub.add_argument(
        "--rollouts", action="store_true", help="release sampled responses and verdicts as the config rollouts"
    )

    text = "Judge answers: one JSON object a line, {gold, response | answer, kind?, options?}."
    sub = command("score", run.score, text, "ovr-curate score pairs.jsonl --out scored.jsonl")
    sub.add_argument("pairs", type=Path)
    sub.add_argument("--out", type=Path, metavar="F", help="where to write (standard output)")
    sub.add_argument("--kind", help="reward kind of the lines that name none (math)")
    plugins(sub)

    text = "Show what a rollout store holds: samplers, samples, tokens, verdicts, damage."
    sub = command("rollouts", run.rollouts, text, "ovr-curate rollouts build/q")
    sub.add_argument("dir", type=Path, help="a build, or its folder rollouts")
    sub.add_argument("--json", action="store_true", help="the figures as JSON")
    sub.add_argument("--compact", action="store_true", help="merge the small files that many writers left, first")

    text = "Count behaviors of reasoning in any responses: rates by model, transfer, what goes with being right."
    example = "ovr-curate behaviors base=base.jsonl cold_start.jsonl rl.jsonl --plot figure.svg"
    sub = command("behaviors", run.behaviors, text, example)
    given = "a build, a rollout store, a run's output_dir, JSON Lines or Parquet; NAME=INPUT names its model"
    sub.add_argument("inputs", nargs="+", metavar="INPUT", help=given)
    judge = "a model that counts too: a name for vLLM, a YAML file, or {kind: openai, model: M, base_url: URL}"
    sub.add_argument("--judge", metavar="JUDGE", help=judge)
    sub.add_argument("--sample", type=_positive, default=200, metavar="N", help="responses of each model it sees (200)")
    store = "where its answers are kept (the first build's rollouts, or beside --out)"
    sub.add_argument("--store", type=Path, metavar="DIR", help=store)
    sub.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    sub.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw them, after figure 5 of the paper: .svg, .png or .pdf"
    )
    sub.add_argument("--json", action="store_true", help="print the figures as JSON")
    plugins(sub)

    text = "Write a set for a trainer or as an environment, with our reward; without --to, list what there is."
    sub = command("export", run.export, text, "ovr-curate export build/q --to verl --out exports/verl")
    sub.add_argument("dir", type=Path, nargs="?", metavar="DIR", help="a build, or a released set")
    sub.add_argument("--to", metavar="NAME", help="the trainer or library")
    sub.add_argument("--out", type=Path, metavar="FOLDER", help="where to write; an earlier export there is replaced")
    sub.add_argument("--config", choices=("cold_start", "rl"), help="export one set (all that the trainer takes)")

    for name, (listed, one) in LISTS.items():
        example = f"ovr-curate {name}, or ovr-curate {name} {one}"
        sub = command(name, run.plugins, f"List the {listed}, or show the options of one with an example.", example)
        sub.add_argument("name", nargs="?", metavar="NAME", help="show this one: every option and an example")
        sub.set_defaults(command=name)
        plugins(sub)

    text = "List the parts of a manifest, or show every option of one with an example."
    example = "ovr-curate options, or ovr-curate options dedup, or ovr-curate options rl.difficulty.max_lost"
    sub = command("options", run.options, text, example)
    sub.add_argument("name", nargs="?", metavar="PART", help="show this part, or the options of this name")
    plugins(sub)

    text = "Print the JSON schema of a manifest, for editors."
    plugins(command("schema", run.schema, text, "ovr-curate schema > m.json"))
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"got {number}, expected at least 1")
    return number


def _natural(text: str) -> int:
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"got {number}, expected at least 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
