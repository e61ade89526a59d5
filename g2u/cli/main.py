"""g2u: init, run, plan, sync, fill, prompts, cache, check, serve, score, diff, harness, doctor."""

import argparse
import gc
import sys
from contextlib import nullcontext, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from g2u.errors import CacheError, ParamsError, run_main
from g2u.params import reading as params
from g2u.params.sections import PATH
from g2u.pipeline import YOUNG
from g2u.pipeline.study import enter, study_of

JSON = "one JSON document on standard output, for machines"
EPILOG = "Begin: g2u init FOLDER, then g2u run. All commands: docs/commands.md."

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
        from g2u.cli.power import assumed_of, claim_of

        rho = assumed_of(arguments.discordance, arguments.alike).rho
        claim = claim_of(arguments.claim, arguments.tests, arguments.pictures, rho)
        print("\n".join(claim.lines(0.05)))
        return
    from g2u.pipeline.plan import plan, table

    config, assumed = params.load(), None
    if arguments.power:
        from g2u.cli import power

        assumed = power.assumed_of(arguments.discordance, arguments.alike)
    plans = plan(config)
    print(table(plans, config, by_cell=arguments.cells))
    if assumed is not None:
        print(power.table(power.outlooks(config, plans, assumed), config.report.alpha))


def run_command(arguments: argparse.Namespace) -> None:
    """Bring everything up to date: make the missing calls, then the stages that are stale."""
    from g2u.pipeline.run import run

    run(waits=arguments.wait, recheck=arguments.recheck, verbose=arguments.verbose)


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
        print(f"{store.place}\n{found}")
        for key in found.damaged:
            print(f"damaged: {key}; forgotten, it is made again when it is asked for")
        for line in found.cut:
            print(line)
        if found.damaged:
            with suppress(CacheError):  # a cache that may only be read keeps it
                store.clear()
        if arguments.action == "verify" and (found.damaged or found.cut):
            raise SystemExit(1)
        return
    with only_driver() if Path(".dvc").is_dir() else nullcontext():  # a run needs what it has made
        _prune(store, arguments)


def _prune(store: "CallStore", arguments: argparse.Namespace) -> None:
    from g2u.cli import cache
    from g2u.pipeline.plan import plan

    left, room = store.clear()
    print(
        f"{store.place}: {left} leftovers of damage and kills forgotten, {room / 1e6:.1f} MB freed"
    )
    if arguments.older_than is None and arguments.max_gb is None and not arguments.unused:
        print("replies are kept; they go by --unused, --older-than DAYS or --max-gb GB")
        return
    kept: frozenset[str] = frozenset()
    if arguments.unused:
        from g2u.conformance.kept import names

        config = params.load()
        kept = cache.used_keys(plan(config)) | names(config)
    size = None if arguments.max_gb is None else arguments.max_gb * 1e9
    gone, freed = cache.prune(store, kept=kept, days=arguments.older_than, size=size)
    print(f"{store.place}: {gone} replies forgotten, {freed / 1e6:.1f} MB freed")


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
    checks = conformance.run()
    print(table(checks), flush=True)
    if conformance.requests and not arguments.alone:
        company = conformance.in_company()
        print(table(company))
        checks += company
    print(meaning(checks))
    if not arguments.alone:
        kept.renew(config, name, model, checks, call_store())
    model.close()
    if any(check.outcome == "fails" for check in checks):
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
    uvicorn.Server(configured(app, arguments.host, arguments.port, patience)).run()


def score_command(arguments: argparse.Namespace) -> None:
    """Score predictions that were made elsewhere, and compare runs with the first one."""
    from g2u.cli.printing import print_json, width
    from g2u.cli.score import is_dataset, of_dataset, of_study, score, told

    if is_dataset(arguments.of):
        asked = of_dataset(Path(arguments.of), arguments.files[0], arguments.benchmark)
    else:
        asked = of_study(arguments.of)
    found = score(asked, arguments.files, arguments.id, arguments.task)
    if arguments.json:
        print_json(found)
        return
    for line in told(found, asked.source, width()):
        print(line)


def diff_command(arguments: argparse.Namespace) -> None:
    """Lay this run beside another: accuracies, gains, verdicts, answers that flipped."""
    from shutil import get_terminal_size

    from g2u.cli.diff import diff

    for line in diff(arguments.place, get_terminal_size((100, 24)).columns):
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
    print(f"to the Hub: hf upload-large-folder OWNER/NAME {arguments.folder} --repo-type dataset")


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


def doctor_command(arguments: argparse.Namespace) -> None:
    """Print what is missing and how to get it."""
    del arguments
    from g2u.cli.doctor import examine

    findings = examine()
    for finding in findings:
        print(finding)
    if any(not finding.is_sound for finding in findings):
        raise SystemExit(1)


def parser() -> argparse.ArgumentParser:
    """The command line; what was parsed has the command's function as `run`."""
    made = argparse.ArgumentParser(
        prog="g2u", description="Visual thoughts: made once, answered with, judged.", epilog=EPILOG
    )
    made.add_argument("--version", action="version", version=f"g2u {version('g2u')}")
    commands = made.add_subparsers(dest="command", required=True)
    begun = commands.add_parser("init", help=init_command.__doc__)
    begun.add_argument("folder", type=Path, help="a new one, or one with files of yours")
    begun.add_argument(
        "--demo", action="store_true", help="the embedded model on puzzles, ready to run"
    )
    begun.set_defaults(run=init_command)
    commands.add_parser("sync", help=sync_command.__doc__).set_defaults(run=sync_command)
    planned = commands.add_parser("plan", help=plan_command.__doc__)
    planned.add_argument("--cells", action="store_true", help="one line per cell")
    planned.add_argument(
        "--power", action="store_true", help="the smallest gain that each cell could show"
    )
    planned.add_argument(
        "--discordance", type=float, default=15.0, metavar="PERCENT",
        help="of the answers that own thoughts change, where no scores tell it (default 15)",
    )  # fmt: skip
    planned.add_argument(
        "--alike", type=float, default=0.25, metavar="RHO",
        help="how questions about one picture change alike, 0 to 1 (default 0.25)",
    )  # fmt: skip
    planned.add_argument(
        "--claim", type=float, nargs=3, metavar=("QUESTIONS", "GAIN", "DISCORDANCE"),
        help="audit a published gain (points; percent of the answers that change) instead",
    )  # fmt: skip
    planned.add_argument("--tests", type=int, default=1, help="gains of the claim's table")
    planned.add_argument("--pictures", type=int, help="that the claim's questions are about")
    planned.set_defaults(run=plan_command)
    written = commands.add_parser("prompts", help=prompts_command.__doc__)
    written.add_argument("--limit", type=int, default=5, help="prompts shown of a cell")
    written.set_defaults(run=prompts_command)
    ran = commands.add_parser("run", help=run_command.__doc__)
    ran.add_argument("--wait", action="store_true", help="for a run that is under way")
    ran.add_argument(
        "--recheck", action="store_true", help="read files of data again whose size and time stayed"
    )
    ran.add_argument("--verbose", action="store_true", help="say every line of DVC and stages")
    ran.set_defaults(run=run_command)
    commands.add_parser("fill", help=fill_command.__doc__).set_defaults(run=fill_command)
    commands.add_parser("migrate", help=migrate_command.__doc__).set_defaults(run=migrate_command)
    cached = commands.add_parser("cache", help=cache_command.__doc__)
    cached.add_argument("action", choices=["stats", "verify", "prune"])
    cached.add_argument(
        "--unused", action="store_true", help="all that params.yaml does not ask for"
    )
    cached.add_argument("--older-than", type=float, metavar="DAYS")
    cached.add_argument("--max-gb", type=float, metavar="GB", help="the oldest go first")
    cached.set_defaults(run=cache_command)
    checked = commands.add_parser("check", help=check_command.__doc__)
    checked.add_argument("model", help="a preset of params.yaml")
    checked.add_argument(
        "--moved",
        action="store_true",
        help="its code only moved: ask again for replies of before; equal ones keep their calls",
    )
    checked.add_argument(
        "--accept",
        action="store_true",
        help="what is served now is the model that it was, though its replies to the probe differ",
    )
    checked.add_argument(
        "--alone",
        action="store_true",
        help="leave out what only load shows of a server (64 edits and 64 answers at once)",
    )
    checked.set_defaults(run=check_command)
    served = commands.add_parser("serve", help=serve_command.__doc__)
    served.add_argument("model", help="a preset of params.yaml")
    served.add_argument(
        "--host", default="127.0.0.1", help="one that others reach needs a key in G2U_SERVE_KEY"
    )
    served.add_argument("--port", type=int, default=8000, help="0 = a free one, which is printed")
    served.add_argument(
        "--timeout", type=float, default=600, metavar="SECONDS", help="of a reply, waiting included"
    )
    served.set_defaults(run=serve_command)
    scored = commands.add_parser("score", help=score_command.__doc__)
    scored.add_argument(
        "of", help="a preset of params.yaml, prepared or not; or the folder of a dataset, no study"
    )
    scored.add_argument(
        "files", nargs="+", type=Path, help="columns index, prediction; or lmms-eval samples"
    )
    scored.add_argument("--benchmark", default="", help="of a dataset that has several")
    scored.add_argument("--id", default="", help="of lmms-eval: the field of doc that names a row")
    scored.add_argument(
        "--task", type=Path, help="of lmms-eval: the folder of g2u harness that ran"
    )
    scored.add_argument("--json", action="store_true", help=JSON)
    scored.set_defaults(run=score_command)
    laid = commands.add_parser("diff", help=diff_command.__doc__)
    laid.add_argument(
        "place", metavar="OTHER", help="a study's folder, or a Git revision of this one"
    )
    laid.set_defaults(run=diff_command)
    written = commands.add_parser("harness", help=harness_command.__doc__)
    for name in ("benchmark", "model", "family"):
        written.add_argument(name, help="a preset of params.yaml")
    written.add_argument("out", type=Path, help="a .tsv file, or a folder for lmms-eval")
    written.set_defaults(run=harness_command)
    shared = commands.add_parser("export", help=export_command.__doc__)
    shared.add_argument("folder", type=Path, nargs="?", help="a new folder")
    shared.add_argument("cells", nargs="*", help="BENCHMARK/MODEL/FAMILY; all drawn ones if none")
    shared.add_argument("--without-originals", action="store_true", help="thoughts alone")
    shared.add_argument(
        "--without-gold", action="store_true", help="no gold answers, whatever the licence says"
    )
    shared.add_argument(
        "--layout",
        choices=("thinkmorph", "zebra_cot"),
        help="rows as others publish traces; no dataset of g2u's",
    )
    shared.add_argument("--sign", type=Path, metavar="KEYFILE", help="with this private key")
    shared.add_argument("--new-key", type=Path, metavar="KEYFILE", help="make one, nothing else")
    shared.set_defaults(run=export_command)
    taken = commands.add_parser("import", help=import_command.__doc__)
    taken.add_argument("place", help="a folder, a URL, or OWNER/NAME[@COMMIT] on the Hub")
    taken.add_argument(
        "--trust", metavar="PUBLICKEY", help="64 digits or a PEM file: who signed it"
    )
    taken.set_defaults(run=import_command)
    commands.add_parser("doctor", help=doctor_command.__doc__).set_defaults(run=doctor_command)
    return made


def main() -> None:
    """Parse the command line and run one command."""
    arguments = parser().parse_args()
    if arguments.command != "init":
        _enter_study(arguments)
    sys.path.insert(0, str(Path.cwd()))
    arguments.run(arguments)


def _enter_study(arguments: argparse.Namespace) -> None:
    """Go to the root of the study that the user is in; paths stay relative to where they were.

    Raises:
        G2UError: there is no study.
    """
    if arguments.command == "score" and _needs_no_study(arguments.of):
        return
    needs_none = arguments.command in ("cache", "migrate") or any(
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
