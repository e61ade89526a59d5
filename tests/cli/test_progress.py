"""What is told of a run: counts in, lines out."""

from typing import Any

import pytest

from g2u.report.headline import headlines
from g2u.terminal.closing import rows_of, table
from g2u.terminal.progress import Counts, Progress

FAMILIES = ("direct", "duplicate", "detail")
GRID = [(f"benchmark_{n:02}", model) for model in ("first", "second") for n in range(30)]


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(clock)


def begun(progress: Progress, parts: int = 4, guess: float = 400) -> tuple[str, str, str]:
    """A share of `ladder` and tiny, its first part under way."""
    which = ("ladder", "tiny", "own")
    progress.share(which, FAMILIES, parts, guess)
    progress.part_begun(which, 0)
    return which


def test_what_is_to_do_is_guessed_until_a_part_has_ended_and_then_known_better(
    progress: Progress, clock: Clock
) -> None:
    which = begun(progress)
    clock.now = 10.0
    progress.calls(which, 0, Counts(made=50))
    assert "50 of about 400 calls  0:01:10 left  5.0/s" in progress.on_terminal(100, 24)[0]
    clock.now = 12.0
    progress.calls(which, 0, Counts(made=10))
    progress.part_ended(which, 0)
    assert "60 of about 240 calls  0:00:36 left  5.0/s" in progress.on_terminal(100, 24)[0]
    for number in (1, 2, 3):
        progress.part_begun(which, number)
        progress.calls(which, number, Counts(made=60))
        progress.part_ended(which, number)
    assert progress.on_terminal(100, 24)[0].endswith("  240 calls  20/s")


def test_the_time_left_is_that_of_calls_that_are_made(progress: Progress, clock: Clock) -> None:
    which = begun(progress, parts=1, guess=1000)
    clock.now = 1.0
    progress.calls(which, 0, Counts(reused=800))
    (line, *_) = progress.on_terminal(100, 24)
    assert "left" not in line, "nothing was made, nothing is known"
    clock.now = 11.0
    progress.calls(which, 0, Counts(made=22))
    (line, *_) = progress.on_terminal(100, 24)
    assert "822 of about 1,000 calls  0:01:29 left  2.0/s  800 reused" in line


def test_calls_per_second_are_those_of_the_last_minute(progress: Progress, clock: Clock) -> None:
    which = begun(progress, parts=1, guess=100_000)
    for second in range(200):
        clock.now = float(second)
        progress.calls(which, 0, Counts(made=1000 if second < 100 else 10))
    assert "  10/s" in progress.on_terminal(100, 24)[0]


def test_a_part_that_is_begun_again_is_counted_once(progress: Progress) -> None:
    which = begun(progress)
    progress.calls(which, 0, Counts(made=50, failed=1))
    progress.part_begun(which, 0)
    progress.calls(which, 0, Counts(made=2, reused=50))
    assert progress.total() == Counts(2, 50, 0)


def full(progress: Progress, clock: Clock) -> None:
    """30 benchmarks of two models, every benchmark of the first under way, 30 stages too."""
    for place in GRID:
        progress.share((*place, "own"), FAMILIES, 40, 9000)
        progress.share((*place, "others"), FAMILIES, 40, 3000)
    for number, place in enumerate(GRID[:30]):
        progress.part_begun((*place, "own"), number)
        clock.now += 1.0
        progress.calls((*place, "own"), number, Counts(made=100, reused=1000, failed=3))
    progress.walk(1205)
    for number in range(30):
        progress.stage_begun(f"generate benchmark_{number:02} first detail")


@pytest.mark.parametrize("width", [20, 60, 80, 200])
@pytest.mark.parametrize("height", [3, 24])
def test_a_grid_fits_on_one_screen(
    progress: Progress, clock: Clock, width: int, height: int
) -> None:
    full(progress, clock)
    lines = progress.on_terminal(width, height)
    assert len(lines) <= min(height, 8)
    assert all(len(line) <= width for line in lines)
    assert progress.on_terminal(width, height, is_ascii=True)[0].encode("ascii", "ignore")


def test_what_matters_most_is_there_on_a_narrow_terminal(progress: Progress, clock: Clock) -> None:
    full(progress, clock)
    first, second, *rest = progress.on_terminal(60, 24)
    assert first.startswith("first   ")
    assert first.endswith("33,090 of ~386,340 calls  90 failed  0:58:52 left")
    assert second.endswith("~360,000 calls, waiting")
    assert rest[0] == "  benchmark_00 first, 3 cells, 0 %: direct duplicate detail"
    assert rest[4] == "  and 26 more under way"
    assert rest[5].startswith("stages 0 of 1205, 0 made: generate benchmark_00 first detai")


def test_failures_are_named_on_any_terminal_and_in_the_log(progress: Progress) -> None:
    which = begun(progress)
    progress.calls(which, 0, Counts(made=5, failed=2))
    assert "2 failed" in progress.on_terminal(60, 24)[0]
    assert "2 failed" in progress.in_log()
    assert progress.summary()[0] == "tiny: 5 calls made, 0 reused, 2 failed"


def test_a_log_has_the_same_in_one_line_however_many_models(
    progress: Progress, clock: Clock
) -> None:
    full(progress, clock)
    line = progress.in_log()
    assert line.startswith("first: 33,090 of about 386,340 calls, 90 failed, 0:58:52 left, 100/s")
    assert "; and 1 more models; under way: benchmark_00 first, 3 cells, 0 %" in line
    assert " and 26 more; stages 0 of 1205, 0 made: " in line
    assert line.endswith(" and 26 more")
    assert "\n" not in line
    many = Progress(clock)
    for number in range(50):
        many.share(("ladder", f"model_{number}", "own"), FAMILIES, 1, 10)
    assert many.on_terminal(80, 24)[-1] == "and 44 more models"
    assert many.in_log() == "and 50 more models"
    assert len(many.summary()) == 8


def test_a_run_that_did_nothing_has_no_summary(progress: Progress) -> None:
    progress.walk(3)
    progress.stage_unchanged()
    assert progress.summary() == []
    assert progress.on_terminal(80, 24) == []


def line(benchmark: str, family: str, accuracy: float, verdict: str = "", **more: Any) -> Any:
    """A row of the report's table, of a family's main arm where nothing else is said."""
    place = {"benchmark": benchmark, "model": "tiny", "family": family, "arm": family}
    numbers = {"accuracy": accuracy, "gain": accuracy - 0.5, "gain_low": 0.0, "gain_high": 0.5}
    return {**place, **numbers, "is_main": True, "verdict": verdict, "unchecked": "", **more}


def test_the_closing_table_has_the_report_s_best_own_thought_and_verdict() -> None:
    rows = [
        *(line(benchmark, "direct", 0.5) for benchmark in ("ladder", "signs")),
        line("ladder", "direct", 0.2, arm="blind", is_main=False),
        line("ladder", "oracle", 0.9),
        line("ladder", "detail", 0.6, "no effect shown"),
        line("ladder", "context", 0.8, "thought-mediated"),
        line("ladder", "context", 0.85, arm="context, shuffled", is_main=False),
    ]
    found = rows_of(headlines(rows))
    assert [list(row.values()) for row in found] == [
        ["ladder", "tiny", "50.0", "context", "+30.0 [+0.0, +50.0]", "thought-mediated"],
        ["signs", "tiny", "50.0", "", "", "no own thoughts"],
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_is_cut_in_its_words_and_not_in_its_numbers(width: int) -> None:
    head = ["benchmark", "model", "direct", "best own thought", "gain [interval]", "verdict"]
    name, number = "a_benchmark_of_a_long_name", "+100.0 [-100.0, +100.0]"
    row = [name, "one", "100.0", "a_family_of_a_long_name", number, "gain, cause not shown"]
    lines = table([head, row], width, without={"model"})
    assert all(len(line) <= width for line in lines)
    assert number in lines[1]
    assert lines[0].index("gain") + len("gain [interval]") == lines[1].index(number) + len(number)
