"""Servers that lie in one way each, and honest ones, under `g2u check`: who is named, who accused.

python -m tests.campaigns.lies [--runs 20] [--honest 50] [NAME ...]
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from g2u.conformance.checks import Check
from g2u.conformance.subject import BUDGET
from g2u.conformance.suite import Conformance
from g2u.params.reading import shelved
from tests.conftest import ROOT
from tests.models.emulator.client import Emulated, emulated, loaded
from tests.models.emulator.lies import LIES

RUNS, HONEST_RUNS = 20, 50
"""Of each lie, of each honest server."""
LOAD = 128
"""Requests that only load costs."""
ABLE = ("draw", "edit", "answer", "sample")
"""What the shelf's BAGEL declares."""
SCORED = (*ABLE, "score")
HONEST: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "plain": ({}, ABLE),
    "with log-probabilities": ({}, SCORED),
    "last bits of pixels differ": ({"noise": 1}, ABLE),
    "last bits differ in company": ({"crowd_noise": 2}, ABLE),
    "a weak reader, last bits differ": ({"mind": "digest", "noise": 1}, ABLE),
    "a weak reader with log-probabilities": ({"mind": "digest"}, SCORED),
    "one that names colours": ({"mind": "colours"}, ABLE),
    "one that says one of two letters": ({"mind": "choice"}, ABLE),
}
"""What honest servers are, and what is declared of them."""
ENOUGH = {
    "edits": ("draw", "edit"), "answers": ("answer", "sample"), "scores": ("answer", "score"),
}  # fmt: skip
"""What has to be declared for a lie to be named, by the first word of what names it."""


def bagel(capabilities: Iterable[str] = ABLE) -> dict[str, Any]:
    """The shelf's BAGEL, in the size of its pictures."""
    preset: dict[str, Any] = shelved(ROOT / "params.yaml")["models"]["bagel"]
    settings = {**preset["settings"], "size": "source", "capabilities": [*capabilities]}
    return {**preset, "settings": settings}


@dataclass(frozen=True, slots=True)
class Found:
    """What one run of the checks came to."""

    checks: list[Check]
    requests: int
    """Without those in company; what was refused, or asked for again, counts too."""
    crowd: int
    """Those in company."""

    def failing(self) -> list[str]:
        """Names of checks."""
        return [check.name for check in self.checks if check.outcome == "fails"]


def checked(
    server: Emulated,
    guise: dict[str, Any],
    *,
    in_company: bool = True,
    capabilities: Iterable[str] = ABLE,
    seed: int | None = None,
) -> Found:
    """The checks over a server that is what `guise` says."""
    server.become(**guise)
    preset = bagel(capabilities)
    os.environ["OPENAI_BASE_URL"] = f"{server.address}/v1"
    model = loaded(preset)
    conformance = Conformance(
        model, model.capabilities, preset["sampler"], seed=seed, is_sized=True
    )
    checks = conformance.run()
    alone = sum(server.told()["asked"].values())
    checks += conformance.in_company() if in_company else []
    model.close()
    crowd = sum(server.told()["asked"].values()) - alone
    return Found(checks, max(alone, conformance.requests), crowd)


def is_named(lie: str, found: Found) -> bool:
    """Whether a check fails that has to."""
    return any(name.startswith(LIES[lie].named) for name in found.failing())


@dataclass(slots=True)
class Outcome:
    """What the campaign came to."""

    detected: dict[str, int] = field(default_factory=dict)
    """Runs in which a lie was named."""
    alarms: dict[str, int] = field(default_factory=dict)
    """Runs in which an honest server was accused."""
    unproven: dict[str, int] = field(default_factory=dict)
    """Premises of an honest server that were not proven, at most."""
    requests: int = 0
    """Of one run, at most, without those in company."""
    crowd: int = 0
    """Those in company, at most."""
    faults: list[str] = field(default_factory=list)

    def noted(self, found: Found) -> None:
        """Count its requests."""
        self.requests = max(self.requests, found.requests)
        self.crowd = max(self.crowd, found.crowd)


def campaign(lies: Sequence[str], runs: int, honest: int) -> Outcome:
    """Each lie so many times, each honest server so many times."""
    outcome = Outcome()
    with emulated() as server:
        for lie in lies:
            hits = 0
            for seed in range(runs):
                found = checked(
                    server,
                    {"lie": lie, "seed": seed},
                    in_company=bool(LIES[lie].crowd),
                    capabilities=SCORED if lie.startswith("scores") else ABLE,
                )
                outcome.noted(found)
                hits += is_named(lie, found)
                if not is_named(lie, found):
                    outcome.faults.append(f"{lie}, run {seed}: {found.failing() or 'nothing'}")
            outcome.detected[lie] = hits
            _tell(f"{lie}: {hits} of {runs}")
        for name, (guise, able) in HONEST.items() if honest else ():
            alarms = unproven = 0
            for seed in range(honest):
                found = checked(server, guise, seed=seed, capabilities=able)
                outcome.noted(found)
                alarms += bool(found.failing())
                unproven = max(unproven, sum(c.outcome == "unproven" for c in found.checks))
                outcome.faults += [f"{name}, run {seed}: {check}" for check in found.failing()]
            outcome.alarms[name], outcome.unproven[name] = alarms, unproven
            _tell(f"{name}: {alarms} of {honest}")
    return outcome


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def table(outcome: Outcome, runs: int, honest: int) -> str:
    """As Markdown."""
    lines = ["| lie | detected | named by |", "|---|---|---|"]
    for lie, hits in outcome.detected.items():
        lines.append(f"| {lie} | {hits} of {runs} | {' or '.join(LIES[lie].named)} |")
    lines += ["", "| honest server | false alarms | lines unproven at most |", "|---|---|---|"]
    for name, alarms in outcome.alarms.items():
        lines.append(f"| {name} | {alarms} of {honest} | {outcome.unproven[name]} |")
    lines += ["", f"requests at most: {outcome.requests} alone, {outcome.crowd} in company"]
    return "\n".join(lines)


def is_sound(outcome: Outcome, runs: int) -> bool:
    """Whether every figure is within its limit."""
    return (
        all(hits == runs for hits in outcome.detected.values())
        and not any(outcome.alarms.values())
        and outcome.requests <= BUDGET
        and outcome.crowd <= LOAD
    )


def main() -> int:
    """Exit code 1 if a figure is missed."""
    parser = argparse.ArgumentParser(prog="lies", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="of each lie")
    parser.add_argument(
        "--honest", type=int, default=HONEST_RUNS, help="runs of each honest server"
    )
    parser.add_argument("names", nargs="*", help="lies; none = all", metavar="NAME")
    told = parser.parse_args()
    outcome = campaign(told.names or list(LIES), told.runs, told.honest)
    for fault in outcome.faults:
        _tell(fault)
    print(table(outcome, told.runs, told.honest))
    return 0 if is_sound(outcome, told.runs) else 1


if __name__ == "__main__":
    sys.exit(main())
