"""g2u: sync, plan, fill and doctor for a workspace."""

import argparse
import sys
from pathlib import Path

from g2u import params
from g2u.errors import run_main


def sync_command(arguments: argparse.Namespace) -> None:
    """Bring dvc.yaml files in step with params.yaml."""
    del arguments
    from g2u.cli.sync import sync

    for line in sync(params.load()) or ["dvc.yaml files are in step with params.yaml"]:
        print(line)


def plan_command(arguments: argparse.Namespace) -> None:
    """Print what a run would do."""
    from g2u.cli.plan import plan, table

    print(table(plan(params.load()), by_cell=arguments.cells))


def fill_command(arguments: argparse.Namespace) -> None:
    """Make the missing model calls on all cores; dvc repro then only packs."""
    from g2u.cli.fill import fill

    for done in fill(params.load(), arguments.workers):
        line = f"{done.made} calls made, {done.reused} reused, {done.failed} failed"
        print(f"fill {done.benchmark} {done.model}: {line}", file=sys.stderr)


def doctor_command(arguments: argparse.Namespace) -> None:
    """Print what is missing and how to get it."""
    del arguments
    from g2u.cli.doctor import examine

    findings = examine()
    for finding in findings:
        print(finding)
    if any(not finding.is_sound for finding in findings):
        raise SystemExit(1)


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="g2u", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sync", help=sync_command.__doc__).set_defaults(run=sync_command)
    planned = commands.add_parser("plan", help=plan_command.__doc__)
    planned.add_argument("--cells", action="store_true", help="one line per cell")
    planned.set_defaults(run=plan_command)
    filled = commands.add_parser("fill", help=fill_command.__doc__)
    filled.add_argument("--workers", type=int, help="processes; default: one per core")
    filled.set_defaults(run=fill_command)
    commands.add_parser("doctor", help=doctor_command.__doc__).set_defaults(run=doctor_command)
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path.cwd()))
    arguments.run(arguments)


def entry() -> None:
    """The console script."""
    run_main(main)


if __name__ == "__main__":
    entry()
