"""What each command of `ovr-curate` does with its arguments. Imports sit in the functions, so that `ovr-curate --help` answers at once."""

import argparse

from curation.commands.interrupt import end_at_sigterm


def build(args: argparse.Namespace) -> None:
    from curation.build.build import BuildOptions, build
    from curation.commands.console import control_table, nothing_left, overlap_table, reading_table, summary_table
    from curation.release.budget.budget import read_budget
    from curation.release.budget.table import budget_lines
    from curation.release.finish import finish

    end_at_sigterm()
    options = BuildOptions(
        args.workers, args.limit, args.only, tuple(args.set), args.control, args.tasks, args.executor
    )
    if args.dry_run:
        if args.control:
            args.wrong("--control does not go with --dry-run: it samples nothing")
        from curation.build.dry_run import dry_run

        print(dry_run(args.manifest, args.out, options, args.pilot, args.gpu_hour_price))
        return
    if args.pilot or args.gpu_hour_price is not None:
        args.wrong("--pilot and --gpu-hour-price go with --dry-run")
    summary = build(args.manifest, args.out, options, finish=finish)
    for text in (summary_table, nothing_left, reading_table, overlap_table, control_table):
        if shown := text(summary):
            print(shown)
    if budget := read_budget(args.out):
        print(*budget_lines(budget), sep="\n")


def init(args: argparse.Namespace) -> None:
    from curation.commands.init import init

    init(args.data, args.out, args.config, args.split, args.force)


def preview(args: argparse.Namespace) -> None:
    from curation.commands.preview import PreviewOptions, show

    show(args.manifest, PreviewOptions(args.source, args.n, args.skip, args.images, args.template))


def check(args: argparse.Namespace) -> None:
    from curation.commands.check.report import kinds, show

    if unknown := sorted({*args.skip} - {*kinds()}):
        args.wrong(f"--skip: no check is named {unknown[0]!r}; there are {', '.join(kinds())}")
    show(args.dir, args.workers, args.skip, args.json)


def why(args: argparse.Namespace) -> None:
    from curation.commands.why.show import Asked, show

    if args.set and not args.raw:
        args.wrong("--set goes with --raw: it says where the record is read")
    show(args.dir, args.id, Asked(args.images, args.raw, tuple(args.set)), as_json=args.json)


def diff(args: argparse.Namespace) -> None:
    from curation.commands.diff.show import show

    show(args.one, args.other, args.out, args.json)


def report(args: argparse.Namespace) -> None:
    from curation.release.dataset import open_dataset
    from curation.release.finish import finish
    from curation.release.report.page import write_report

    print(
        write_report(open_dataset(args.dir), args.out)
        if args.out
        else "\n".join(map(str, finish(args.dir, again=True)))
    )


def certify(args: argparse.Namespace) -> None:
    if args.judge is None:
        from curation.commands.certify import certify_build

        if args.out:
            args.wrong("--out goes with --judge")
        certify_build(args.dir)
        return
    from curation.commands.certify_judge import certify_the_judge

    certify_the_judge(args.dir, args.judge, args.rows, args.out)


def audit(args: argparse.Namespace) -> None:
    from curation.commands.audit import draw_audit, take_labels

    if args.labels:
        print(take_labels(args.dir, args.labels))
    else:
        print(draw_audit(args.dir, args.n, args.out))


def push(args: argparse.Namespace) -> None:
    from curation.release.push.push import PushOptions, show_push

    end_at_sigterm()
    show_push(args.dir, args.name, PushOptions(args.private, args.revision, args.dry_run, args.rollouts))


def score(args: argparse.Namespace) -> None:
    from curation.commands.plugins import load_modules
    from curation.commands.score import score_file

    load_modules(args.plugins)
    score_file(args.pairs, args.out, args.kind)


def rollouts(args: argparse.Namespace) -> None:
    from curation.commands.rollouts import show_rollouts

    show_rollouts(args.dir, args.json, args.compact)


def behaviors(args: argparse.Namespace) -> None:
    from curation.commands.behaviors.show import Asked, show_behaviors
    from curation.commands.plugins import load_modules

    load_modules(args.plugins)
    show_behaviors(
        Asked(tuple(args.inputs), args.judge, args.sample, args.store, args.out, args.plot, as_json=args.json)
    )


def export(args: argparse.Namespace) -> None:
    from curation.commands.export import list_exporters, run_export

    if args.to is None and args.dir is None:
        print(list_exporters())
        return
    if args.to is None or args.dir is None or args.out is None:
        args.wrong("expected DIR --to NAME --out FOLDER, or nothing to list the names")
    print(run_export(args.dir, args.to, args.out, args.config))


def plugins(args: argparse.Namespace) -> None:
    from curation.commands.plugins import load_modules, show_plugins

    load_modules(args.plugins)
    print(show_plugins(args.command, args.name))


def options(args: argparse.Namespace) -> None:
    from curation.commands.options import show_options
    from curation.commands.plugins import load_modules

    load_modules(args.plugins)
    print(show_options(args.name))


def schema(args: argparse.Namespace) -> None:
    from curation.commands.plugins import load_modules, manifest_schema

    load_modules(args.plugins)
    print(manifest_schema())
