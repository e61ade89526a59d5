"""g2u: what each command does. Its options: g2u/cli/parser.py."""

import argparse
import gc
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from g2u.cli.parser import parser
from g2u.cli.printing import height, kept_for_json, print_json, width
from g2u.errors import STOPPED, CacheError, ParamsError, run_main
from g2u.params import reading as params
from g2u.params.sections import PATH
from g2u.pipeline import YOUNG
from g2u.pipeline.study import enter, study_of

BESIDE = 8
"""Lines of a terminal that the table of g2u diff leaves for what stands beside it."""

if TYPE_CHECKING:
    from g2u.calls.store import CallStore
    from g2u.params.params import Params
    from g2u.tables.places import Cell


def init_command(arguments: argparse.Namespace) -> None:
    """Make a study of a folder: params.yaml, dvc.yaml, and Git and DVC where they are not."""
    from g2u.pipeline.starting import start

    for line in start(arguments.folder, demo=arguments.demo):
        print(line)


def sync_command(arguments: argparse.Namespace) -> None:
    """Bring dvc.yaml files in step with params.yaml."""
    del arguments
    from g2u.pipeline.guard import only_driver
    from g2u.pipeline.sync import sync

    with only_driver():
        for line in sync(params.load()) or ["dvc.yaml files are in step with params.yaml"]:
            print(line)


def plan_command(arguments: argparse.Namespace) -> None:
    """Print what a run would do; what its gains could show, or what a published one could."""
    if arguments.claim:
        _audit(arguments)
        return
    from g2u.cli import power
    from g2u.pipeline.believing import announced
    from g2u.pipeline.plan import forecast, plan, table

    config, assumed = params.load(), power.assumed_of(arguments.discordance, arguments.alike)
    with kept_for_json(arguments.json):
        plans = plan(config)
        found = forecast(plans, config)
        seen = power.outlooks(config, plans, assumed) if arguments.power else []
        callers = dict.fromkeys(each.cell.model for each in plans if each.calls)
        callers |= dict.fromkeys(j for each in plans if each.judges or each.to_come
                                 for j in config.judge.models)  # fmt: skip
        checks = {name: line for name in callers if (line := announced(config, name))}
    if arguments.json:
        told = {"power": [asdict(each) for each in seen]} if arguments.power else {}
        print_json(asdict(found) | {"checks": checks} | told)
        return
    for line in (*table(found, by_cell=arguments.cells), *checks.values()):
        print(line)
    if arguments.power:
        print(power.table(seen, config.report.alpha))


def _audit(arguments: argparse.Namespace) -> None:
    """Print what a published gain could show."""
    from g2u.cli.power import assumed_of, claim_of

    rho = assumed_of(arguments.discordance, arguments.alike).rho
    claim = claim_of(arguments.claim, arguments.tests, arguments.pictures, rho)
    lines = claim.lines(0.05)
    if arguments.json:
        print_json({"claim": asdict(claim), "lines": lines})
        return
    print("\n".join(lines))


def run_command(arguments: argparse.Namespace) -> None:
    """Bring everything up to date: make the missing calls, then the stages that are stale."""
    from g2u.pipeline.run import run

    with kept_for_json(arguments.json):
        lines, document = run(
            waits=arguments.wait, recheck=arguments.recheck, verbose=arguments.verbose
        )
    if arguments.json:
        print_json(document)
        return
    for line in lines:
        print(line)


def fill_command(arguments: argparse.Namespace) -> None:
    """Make the missing model calls on all workers; a run then only packs."""
    del arguments
    from g2u.pipeline.fill import fill
    from g2u.pipeline.forked import context
    from g2u.pipeline.guard import only_driver
    from g2u.pipeline.stale import stale, status

    config = params.load()
    config.check_settings()
    with only_driver():
        context()
        for done in fill(config, stale(config, status(config))):
            print(f"fill {done}", file=sys.stderr)


def migrate_command(arguments: argparse.Namespace) -> None:
    """Take over a workspace and a call cache of an older g2u; nothing is made or paid again."""
    del arguments
    from g2u.calls.opened import call_store
    from g2u.cli import cache
    from g2u.pipeline.guard import only_driver
    from g2u.pipeline.migrate import moves
    from g2u.pipeline.sync import sync

    if PATH.exists():
        config = params.load()
        with only_driver():
            print(moves().apply(Path()))
            for line in sync(config):
                print(line)
    store = call_store()
    print(f"{store.place}: {cache.migrated(store.migrate())}")


def cache_command(arguments: argparse.Namespace) -> None:
    """Look at the call cache: stats, verify, prune."""
    from g2u.calls.opened import call_store
    from g2u.cli import cache
    from g2u.pipeline.guard import only_driver

    store = call_store()
    if arguments.action != "prune":
        found = cache.examine(store)
        if found.damaged:
            with suppress(CacheError):  # a cache that may only be read keeps it
                store.clear()
        if arguments.json:
            print_json({"place": store.place, **found.document()})
        else:
            print(f"{store.place}\n{found}")
            for key in found.damaged:
                print(f"damaged: {key}; forgotten, it is made again when it is asked for")
            for line in found.cut:
                print(line)
            print("next: g2u cache prune makes room; g2u plan says what a run would reuse")
        if arguments.action == "verify" and (found.damaged or found.cut):
            raise SystemExit(1)
        return
    with only_driver() if Path(".dvc").is_dir() else nullcontext():  # a run needs what it has made
        done = _prune(store, arguments)
    if arguments.json:
        print_json({"place": store.place, **done})


def _prune(store: "CallStore", arguments: argparse.Namespace) -> dict[str, int]:
    """Make room, and say so where people read; returns what went, in numbers."""
    from g2u.cli import cache
    from g2u.pipeline.plan import plan

    def say(line: str) -> None:
        if not arguments.json:
            print(line)

    left, room = store.clear()
    say(f"{store.place}: {left} leftovers of damage and kills forgotten, {room / 1e6:.1f} MB freed")
    done = {"leftovers": left, "replies": 0, "bytes": room}
    if arguments.older_than is None and arguments.max_gb is None and not arguments.unused:
        say("replies are kept; they go by --unused, --older-than DAYS or --max-gb GB")
        return done
    kept: frozenset[str] = frozenset()
    if arguments.unused:
        from g2u.conformance.kept import names

        config = params.load()
        kept = cache.used_keys(plan(config)) | names(config)
    size = None if arguments.max_gb is None else arguments.max_gb * 1e9
    gone, freed = cache.prune(store, kept=kept, days=arguments.older_than, size=size)
    say(f"{store.place}: {gone} replies forgotten, {freed / 1e6:.1f} MB freed")
    return done | {"replies": gone, "bytes": room + freed}


def prompts_command(arguments: argparse.Namespace) -> None:
    """List the prompts that thoughts were drawn by, with their writers and leaks."""
    from g2u.cli.prompts import listed, prompts

    print(listed(prompts(params.load()), arguments.limit))


def check_command(arguments: argparse.Namespace) -> None:
    """Check a model: what it does with what it is asked, what was proven, and for which arms."""
    from g2u import plugins
    from g2u.calls.opened import call_store
    from g2u.conformance import kept
    from g2u.conformance.checks import table
    from g2u.conformance.meaning import meaning

    config, name = params.load(), arguments.model
    settings = config.settings("models", name)
    if arguments.accept:
        from g2u.pipeline.believing import accept

        print(accept(config, name))
        return
    if arguments.moved:
        from g2u.pipeline.moved import prove

        print(prove(config, name))
        return
    plugins.reach(config.presets.models[name].adapter, settings)
    model = config.model(name)
    conformance = kept.conformance(config, name, model, config.abilities(name))
    with kept_for_json(arguments.json):
        checks = conformance.run()
        if not arguments.json:
            print(table(checks), flush=True)
        if conformance.requests and not arguments.alone:
            company = conformance.in_company()
            if not arguments.json:
                print(table(company))
            checks += company
        if not arguments.alone:
            kept.renew(config, name, model, checks, call_store())
    model.close()
    is_sound = all(check.outcome != "fails" for check in checks)
    if arguments.json:
        found = [asdict(check) for check in checks]
        print_json({"model": name, "is_sound": is_sound, "checks": found})
    else:
        print(meaning(checks))
        print("next: g2u plan" if is_sound else f"next: mend what fails, then g2u check {name}")
    if not is_sound:
        raise SystemExit(1)


def serve_command(arguments: argparse.Namespace) -> None:
    """Serve a model behind an OpenAI-compatible address: edits, answers, scores."""
    config = params.load()
    config.settings("models", arguments.model)
    try:
        import uvicorn

        from g2u.serving.app import application
        from g2u.serving.gate import Gate, hosts_of, key_of_environment
        from g2u.serving.limits import Patience
        from g2u.serving.server import configured
    except ImportError as error:
        raise ParamsError(f"g2u serve: {error}; pip install 'g2u[serve]'") from None
    if not arguments.timeout > 0:
        raise ParamsError(f"g2u serve: --timeout {arguments.timeout}; expected seconds above 0")
    key, patience = key_of_environment(), Patience(reply=arguments.timeout)
    hosts = hosts_of(arguments.host, key)
    model, batch = config.model(arguments.model), config.presets.models[arguments.model].batch
    app = Gate(application(arguments.model, model, batch, patience), hosts, key)
    try:
        uvicorn.Server(configured(app, arguments.host, arguments.port, patience)).run()
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr, flush=True)
        os._exit(130)  # Python aborts where it is taken down around a model in native code


def score_command(arguments: argparse.Namespace) -> None:
    """Score predictions that were made elsewhere, and compare runs with the first one."""
    from g2u.cli.score import is_dataset, of_dataset, of_study, score, told

    if is_dataset(arguments.of):
        asked = of_dataset(Path(arguments.of), arguments.files[0], arguments.benchmark)
    else:
        asked = of_study(arguments.of)
    with kept_for_json(arguments.json):
        found = score(asked, arguments.files, arguments.id, arguments.task)
    if arguments.json:
        print_json(found)
        return
    for line in told(found, asked.source, width()):
        print(line)


def diff_command(arguments: argparse.Namespace) -> None:
    """Lay this run beside another: accuracies, gains, verdicts, answers that flipped."""
    from g2u.cli.diff import ROWS, diff, document, told

    with kept_for_json(arguments.json):
        found = diff(arguments.place)
    if arguments.json:
        print_json(document(found))
        return
    for line in told(found, width(), min(height() - BESIDE, ROWS)):
        print(line)


def harness_command(arguments: argparse.Namespace) -> None:
    """Write a cell's thoughts for VLMEvalKit (a .tsv file) or lmms-eval (a folder)."""
    from g2u.questions import targets
    from g2u.sharing.harnesses import writing as harnesses
    from g2u.tables import schemas as tables
    from g2u.tables.places import BenchmarkFolder, Cell

    config = params.load()
    names = (arguments.benchmark, arguments.model, arguments.family)
    config.require(benchmark=names[0], model=names[1], family=names[2])
    folder, cell = BenchmarkFolder(names[0]), Cell(*names)
    questions = tables.read_questions(folder.questions)
    found = harnesses.shown(
        questions,
        targets.read_targets(folder.targets),
        tables.read_pictures(folder.pictures),
        tables.read_thoughts(cell.thoughts),
    )
    if arguments.out.suffix == ".tsv":
        harnesses.write_vlmevalkit(arguments.out, found)
    else:
        harnesses.write_lmms_eval(arguments.out, names, found, config.understand.max_tokens)
    left = len(questions) - len(found)
    print(f"{arguments.out}: {len(found)} questions, {left} left out for want of thoughts")


def export_command(arguments: argparse.Namespace) -> None:
    """Write thoughts as a dataset that datasets, polars, DVC and the Hub take."""
    from g2u.sharing import signing
    from g2u.sharing.export import drawn_cells, export, named_cells

    if arguments.new_key:
        print(f"{arguments.new_key}: keep it to yourself; the public key, for g2u import --trust:")
        print(signing.new_key(arguments.new_key))
        return
    if arguments.folder is None:
        raise ParamsError("g2u export: expected FOLDER, a new one, or --new-key FILE")
    key = signing.read_key(arguments.sign) if arguments.sign else None
    config = params.load()
    cells = named_cells(config, arguments.cells) if arguments.cells else drawn_cells(config)
    if arguments.layout:
        _publish(config, cells, arguments)
        return
    found = export(
        config,
        cells,
        arguments.folder,
        with_originals=not arguments.without_originals,
        with_gold=not arguments.without_gold,
        key=key,
    )
    count = sum(cell.thoughts for cell in found)
    print(f"{arguments.folder}: {len(found)} configurations, {count} thoughts")
    place = arguments.folder
    print(f"next, to the Hub: hf upload-large-folder OWNER/NAME {place} --repo-type dataset")


def _publish(config: "Params", cells: "list[Cell]", arguments: argparse.Namespace) -> None:
    """Write thoughts in a layout of others."""
    from g2u.sharing.published import publish

    if arguments.sign or arguments.without_originals:
        raise ParamsError(
            "g2u export --layout: rows of other layouts hold originals and are not signed; leave "
            "--sign and --without-originals out"
        )
    made = publish(
        config, cells, arguments.folder, arguments.layout, with_gold=not arguments.without_gold
    )
    for each in made:
        print(f"{arguments.folder}: {each.name}: {each.rows} rows, {each.left} questions left out")


def import_command(arguments: argparse.Namespace) -> None:
    """Verify a dataset of thoughts and fill the call cache from it."""
    from g2u.calls.opened import call_store
    from g2u.sharing.fetching import fetched
    from g2u.sharing.imports import take_in
    from g2u.sharing.signing import trusted_key

    config, trusted = params.load(), trusted_key(arguments.trust) if arguments.trust else ""
    for taken in take_in(fetched(arguments.place, trusted), call_store(), config, trusted):
        lack = f"; params.yaml lacks {', '.join(taken.missing)}" if taken.missing else ""
        who = f"signed by {taken.signer}" if taken.signer else "unsigned"
        if taken.signer and not trusted:
            who += ", untrusted: name the key with --trust if it is known to you"
        print(
            f"{taken.cell.config}: {taken.put} drawings taken in, {taken.known} known{lack}; {who}"
        )
    print("next: g2u plan says what is left to make")


def doctor_command(arguments: argparse.Namespace) -> None:
    """Print what is missing and how to get it."""
    from g2u.cli.doctor import examine, told

    with kept_for_json(arguments.json):
        findings = examine()
    is_sound = all(finding.is_sound for finding in findings)
    if arguments.json:
        print_json({"is_sound": is_sound, "findings": [asdict(finding) for finding in findings]})
    else:
        for line in told(findings, width(), everything=arguments.all):
            print(line)
    if not is_sound:
        raise SystemExit(1)


def main() -> None:
    """Parse the command line and run one command."""
    known = parser()
    if len(sys.argv) == 1:
        known.print_help(sys.stderr)
        raise SystemExit(2)
    arguments = known.parse_args()
    if arguments.command != "init":
        _enter_study(arguments)
    sys.path.insert(0, str(Path.cwd()))
    command: Callable[[argparse.Namespace], None] = globals()[f"{arguments.command}_command"]
    command(arguments)


def _enter_study(arguments: argparse.Namespace) -> None:
    """Go to the root of the study that the user is in; paths stay relative to where they were.

    Raises:
        G2UError: there is no study.
    """
    if arguments.command == "score" and _needs_no_study(arguments.of):
        return
    needs_none = arguments.command in ("cache", "doctor", "migrate") or any(
        getattr(arguments, name, None) for name in ("new_key", "claim")
    )
    if needs_none and study_of(Path.cwd()) is None:
        return
    inside = enter()
    for name, value in vars(arguments).items():
        is_named = name in ("place", "trust") and value and (inside / value).exists()
        if isinstance(value, Path) or is_named:
            setattr(arguments, name, type(value)(inside / value))
        elif isinstance(value, list):
            moved = [inside / each if isinstance(each, Path) else each for each in value]
            setattr(arguments, name, moved)


def _needs_no_study(place: str) -> bool:
    """Whether predictions are held against a dataset.

    Raises:
        ParamsError: they are not, and there is no study.
    """
    from g2u.cli.score import is_dataset

    if not is_dataset(place) and study_of(Path.cwd()) is None:
        raise ParamsError(
            f"g2u score: {place} is no dataset (a folder with manifest.json), and there is no "
            "study here; expected one of both: hf download OWNER/NAME --repo-type dataset "
            "--local-dir FOLDER, or g2u init FOLDER"
        )
    return is_dataset(place)


def entry() -> None:
    """The console script."""
    gc.set_threshold(YOUNG)
    run_main(main)


if __name__ == "__main__":
    entry()
