"""Plots as plotly JSON; colours say what an arm is, not which family it has."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

COLOURS = {
    "baseline": "#5b6472",
    "control": "#a9b0ba",
    "own thought": "#0b6e6e",
    "oracle": "#c77d0a",
}


def accuracy_figure(rows: pl.DataFrame) -> str:
    """Accuracy of every arm of one model and benchmark, with intervals, chance and majority."""
    shown = rows.filter(pl.col("accuracy").is_not_null()).reverse()
    figure = go.Figure()
    figure.add_trace(_points(shown, "accuracy", "low", "high"))
    for name, dash, side in (("chance", "dot", "left"), ("majority", "dash", "right")):
        level = shown[name][0] if len(shown) else 0
        if level:
            figure.add_vline(
                x=100 * level, line_dash=dash, line_color="#888", annotation_text=name,
                annotation_position=f"top {side}", annotation_font_size=11,
            )  # fmt: skip
    _style(figure, len(shown), "accuracy, %")
    return str(figure.to_json())


def gains_figure(rows: pl.DataFrame) -> str:
    """Gain of every arm over direct, in points."""
    shown = rows.filter(pl.col("gain").is_not_null() & (pl.col("arm") != "blind")).reverse()
    figure = go.Figure()
    figure.add_trace(_points(shown, "gain", "gain_low", "gain_high"))
    figure.add_vline(x=0, line_color="#888", line_width=1)
    _style(figure, len(shown), "gain over direct, points")
    return str(figure.to_json())


def _points(shown: pl.DataFrame, value: str, low: str, high: str) -> Any:
    middle = (100 * shown[value]).to_list()
    return go.Scatter(
        x=middle,
        y=shown["arm"].to_list(),
        mode="markers",
        marker={"size": 10, "color": [COLOURS[role] for role in shown["role"]]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (100 * (shown[high] - shown[value])).to_list(),
            "arrayminus": (100 * (shown[value] - shown[low])).to_list(),
            "color": "#8a929c",
            "thickness": 1.5,
            "width": 4,
        },
        hovertemplate="%{y}: %{x:.1f}<extra></extra>",
    )


def _style(figure: Any, arms: int, title: str) -> None:
    figure.update_layout(
        template="plotly_white",
        height=90 + 30 * arms,
        margin={"l": 84, "r": 16, "t": 26, "b": 44},
        xaxis_title=title,
        showlegend=False,
        font={"family": "Inter, Helvetica, Arial, sans-serif", "size": 13, "color": "#222"},
    )
