"""The study's curves: accuracy over serial depth, accuracy and fidelity over flow steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

Numbers = Mapping[str, float]
"""Of one arm, as in gains.json."""
COLOURS = {
    "baseline": "#5b6472",
    "control": "#a9b0ba",
    "own thought": "#0b6e6e",
    "oracle": "#c77d0a",
}
"""By an arm's role."""
COLUMNS = 3
SHOWN = ("direct", "duplicate", "own", "oracle")
STYLE = {
    "direct": (COLOURS["baseline"], "solid"),
    "duplicate": (COLOURS["control"], "dash"),
    "own": (COLOURS["own thought"], "solid"),
    "oracle": (COLOURS["oracle"], "solid"),
    "path agreement": (COLOURS["own thought"], "dot"),
}

LEARNT = {"reward": ("reward", "control"), "fidelity": ("fidelity", "own thought")}
"""What a training's curve holds: column, and the role whose colour it has."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One panel: points along x, each with its arms."""

    title: str
    family: str
    """The own thought that is shown."""
    points: Sequence[tuple[float, Mapping[str, Numbers]]]
    """Depth or steps, and the numbers by arm."""


def depth_figure(curves: Sequence[Curve]) -> str:
    """Accuracy (%) of direct, duplicate, own thought and oracle over serial depth, as JSON."""
    figure = _panels(curves)
    for place, curve in enumerate(curves):
        for name in SHOWN:
            arm = curve.family if name == "own" else name
            _line(figure, place, name, [(x, arms[arm]) for x, arms in curve.points])
    return _finished(figure, curves, "serial depth", "accuracy, %")


def steps_figure(curves: Sequence[Curve]) -> str:
    """Accuracy (%) and path agreement (%) of own thoughts over flow steps, as JSON."""
    figure = _panels(curves)
    for place, curve in enumerate(curves):
        for name in SHOWN:
            arm = curve.family if name == "own" else name
            _line(figure, place, name, [(x, arms[arm]) for x, arms in curve.points])
        drawn = [
            (x, {"accuracy": arms[curve.family]["path_agreement"]}) for x, arms in curve.points
        ]
        _line(figure, place, "path agreement", drawn)
    figure.update_xaxes(type="log", tickvals=[1, 2, 4, 8])
    return _finished(figure, curves, "flow steps per edit", "accuracy; path agreement, %")


def learning_figure(trained: Mapping[str, pl.DataFrame]) -> str:
    """Reward and fidelity of held-out drawings over the turns of training, a panel per model.

    Each is drawn as its change since the first look, in units of 0.01.
    """
    figure = _titled(list(trained))
    for place, curve in enumerate(trained.values()):
        for name, (column, role) in LEARNT.items():
            change = 100 * (curve[column] - curve[column][0])
            figure.add_trace(
                go.Scatter(
                    x=curve["turn"].to_list(), y=change.to_list(), name=name, legendgroup=name,
                    showlegend=place == 0, mode="lines+markers",
                    line={"color": COLOURS[role], "width": 2},
                ),
                place // COLUMNS + 1, place % COLUMNS + 1,
            )  # fmt: skip
    rows = -(-len(trained) // COLUMNS)
    figure.update_xaxes(title_text="turns of training", row=rows)
    figure.update_yaxes(title_text="change, in 0.01", col=1)
    return _laid_out(figure, rows)


def _titled(titles: list[str]) -> Any:
    rows = -(-len(titles) // COLUMNS)
    return make_subplots(rows, COLUMNS, subplot_titles=titles, shared_yaxes=True)


def _panels(curves: Sequence[Curve]) -> Any:
    return _titled([f"{curve.title} ({curve.family})" for curve in curves])


def _line(figure: Any, place: int, name: str, points: Sequence[tuple[float, Numbers]]) -> None:
    colour, dash = STYLE[name]
    middle = [100 * numbers["accuracy"] for _, numbers in points]
    error = None
    if all("low" in numbers for _, numbers in points):
        error = {
            "type": "data",
            "symmetric": False,
            "array": [100 * (n["high"] - n["accuracy"]) for _, n in points],
            "arrayminus": [100 * (n["accuracy"] - n["low"]) for _, n in points],
            "thickness": 1,
            "width": 3,
        }
    trace = go.Scatter(
        x=[x for x, _ in points],
        y=middle,
        name=name,
        legendgroup=name,
        showlegend=place == 0,
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2},
        error_y=error,
    )
    figure.add_trace(trace, place // COLUMNS + 1, place % COLUMNS + 1)


def _finished(figure: Any, curves: Sequence[Curve], along: str, up: str) -> str:
    rows = -(-len(curves) // COLUMNS)
    figure.update_xaxes(title_text=along, row=rows)
    figure.update_yaxes(range=[0, 104])
    figure.update_yaxes(title_text=up, col=1)
    return _laid_out(figure, rows)


def _laid_out(figure: Any, rows: int) -> str:
    figure.update_layout(
        template="plotly_white",
        height=90 + 250 * rows,
        width=1100,
        margin={"l": 64, "r": 16, "t": 60, "b": 48},
        legend={"orientation": "h", "y": 1.13},
        font={"family": "Inter, Helvetica, Arial, sans-serif", "size": 13, "color": "#222"},
    )
    return str(figure.to_json())
