"""The command line: every command with its options, and the page of `g2u --help`."""

import argparse
from importlib.metadata import version
from pathlib import Path

JSON = "one JSON document on standard output and nothing else there, for machines"
COMMANDS: dict[str, dict[str, str]] = {
    "to begin": {
        "init": "make a study of a folder",
        "doctor": "what is missing on this machine or in this study",
        "check": "whether a model does what it must",
        "migrate": "take over a study and a call cache of an older g2u",
    },
    "to run": {
        "plan": "what a run would do: calls, hours, bytes, money",
        "run": "make what is missing or stale, and print the result",
        "fill": "make the missing calls alone",
        "sync": "bring the dvc.yaml files in step with params.yaml",
    },
    "to look": {
        "diff": "this run beside another: what changed, which answers flipped",
        "prompts": "the prompts that thoughts were drawn by",
        "cache": "what lies in the call cache; make room",
    },
    "to share and compare": {
        "export": "write thoughts as a dataset",
        "import": "verify a dataset, and fill the call cache from it",
        "score": "accuracy and paired gain of predictions made elsewhere",
        "harness": "a cell's thoughts for VLMEvalKit or lmms-eval",
        "serve": "a model behind an OpenAI-compatible address",
    },
}
"""What each command does, in the order in which --help lists them."""


def overview() -> str:
    """All commands on one screen of 80 columns and 24 lines."""
    lines = []
    for title, commands in COMMANDS.items():
        lines.append(f"{title}:")
        lines += [f"  {name:<9}{said}" for name, said in commands.items()]
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """What `g2u` takes."""
    made = argparse.ArgumentParser(
        prog="g2u",
        usage="g2u COMMAND ...    (g2u COMMAND --help has its options; g2u --version)",
        description=overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    made.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    said = f"g2u {version('g2u')}"
    made.add_argument("--version", action="version", version=said, help=argparse.SUPPRESS)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="g2u")
    commands.help = argparse.SUPPRESS
    own = {
        name: commands.add_parser(name, help=f"{text}.", description=f"{text}.")
        for group in COMMANDS.values()
        for name, text in ((name, text[0].upper() + text[1:]) for name, text in group.items())
    }
    for name in ("plan", "run", "cache", "check", "score", "diff", "doctor"):
        own[name].add_argument("--json", action="store_true", help=JSON)
    _begin(own)
    _run(own)
    _look(own)
    _share(own)
    return made


def _begin(own: dict[str, argparse.ArgumentParser]) -> None:
    init, doctor, check = own["init"], own["doctor"], own["check"]
    init.add_argument("folder", type=Path, help="a new one, or one with files of yours")
    demo = "the embedded model on puzzles, ready to run"
    init.add_argument("--demo", action="store_true", help=demo)
    doctor.add_argument("--all", action="store_true", help="a line for each thing that is sound")
    check.add_argument("model", help="a preset of params.yaml")
    check.add_argument(
        "--moved",
        action="store_true",
        help="its code only moved: ask again for replies of before; equal ones keep their calls",
    )
    check.add_argument(
        "--accept",
        action="store_true",
        help="what is served now is the model that it was, though its replies to the probe differ",
    )
    check.add_argument(
        "--alone",
        action="store_true",
        help="leave out what only load shows of a server (64 edits and 64 answers at once)",
    )


def _run(own: dict[str, argparse.ArgumentParser]) -> None:
    plan, run = own["plan"], own["run"]
    plan.add_argument("--cells", action="store_true", help="one line per cell")
    power = "the smallest gain that each cell could show"
    plan.add_argument("--power", action="store_true", help=power)
    plan.add_argument(
        "--discordance", type=float, default=15.0, metavar="PERCENT",
        help="of the answers that own thoughts change, where no scores tell it (default 15)",
    )  # fmt: skip
    plan.add_argument(
        "--alike", type=float, default=0.25, metavar="RHO",
        help="how questions about one picture change alike, 0 to 1 (default 0.25)",
    )  # fmt: skip
    plan.add_argument(
        "--claim", type=float, nargs=3, metavar=("QUESTIONS", "GAIN", "DISCORDANCE"),
        help="audit a published gain (points; percent of the answers that change) instead",
    )  # fmt: skip
    plan.add_argument("--tests", type=int, default=1, help="gains of the claim's table")
    plan.add_argument("--pictures", type=int, help="that the claim's questions are about")
    run.add_argument("--wait", action="store_true", help="for a run that is under way")
    recheck = "read files of data again whose size and time stayed"
    run.add_argument("--recheck", action="store_true", help=recheck)
    run.add_argument("--verbose", action="store_true", help="say every line of DVC and stages")


def _look(own: dict[str, argparse.ArgumentParser]) -> None:
    cache = own["cache"]
    own["prompts"].add_argument("--limit", type=int, default=5, help="prompts shown of a cell")
    cache.add_argument("action", choices=["stats", "verify", "prune"])
    unused = "all that params.yaml does not ask for"
    cache.add_argument("--unused", action="store_true", help=unused)
    cache.add_argument("--older-than", type=float, metavar="DAYS")
    cache.add_argument("--max-gb", type=float, metavar="GB", help="the oldest go first")
    other = "a study's folder, or a Git revision of this one"
    own["diff"].add_argument("place", metavar="OTHER", help=other)


def _share(own: dict[str, argparse.ArgumentParser]) -> None:
    export, taken, score = own["export"], own["import"], own["score"]
    export.add_argument("folder", type=Path, nargs="?", help="a new folder")
    export.add_argument("cells", nargs="*", help="BENCHMARK/MODEL/FAMILY; all drawn ones if none")
    export.add_argument("--without-originals", action="store_true", help="thoughts alone")
    gold = "no gold answers, whatever the licence says"
    export.add_argument("--without-gold", action="store_true", help=gold)
    layout = "rows as others publish traces; no dataset of g2u's"
    export.add_argument("--layout", choices=("thinkmorph", "zebra_cot"), help=layout)
    export.add_argument("--sign", type=Path, metavar="KEYFILE", help="with this private key")
    export.add_argument("--new-key", type=Path, metavar="KEYFILE", help="make one, nothing else")
    taken.add_argument("place", help="a folder, a URL, or OWNER/NAME[@COMMIT] on the Hub")
    trust = "64 digits or a PEM file: who signed it"
    taken.add_argument("--trust", metavar="PUBLICKEY", help=trust)
    of = "a preset of params.yaml, prepared or not; or the folder of a dataset, no study"
    score.add_argument("of", help=of)
    files = "columns index, prediction; or lmms-eval samples"
    score.add_argument("files", nargs="+", type=Path, help=files)
    score.add_argument("--benchmark", default="", help="of a dataset that has several")
    score.add_argument("--id", default="", help="of lmms-eval: the field of doc that names a row")
    task = "of lmms-eval: the folder of g2u harness that ran"
    score.add_argument("--task", type=Path, help=task)
    for name in ("benchmark", "model", "family"):
        own["harness"].add_argument(name, help="a preset of params.yaml")
    out = "a .tsv file, or a folder for lmms-eval"
    own["harness"].add_argument("out", type=Path, help=out)
    serve = own["serve"]
    serve.add_argument("model", help="a preset of params.yaml")
    host = "one that others reach needs a key in G2U_SERVE_KEY"
    serve.add_argument("--host", default="127.0.0.1", help=host)
    free = "0 = a free one, which is printed"
    serve.add_argument("--port", type=int, default=8000, help=free)
    timeout = "of a reply, waiting included"
    serve.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help=timeout)
