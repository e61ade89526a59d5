"""Plots as plotly JSON; colours say what an arm is, not which family it has."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from g2u.arms import BLIND

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
    is_blind = pl.col("feedback") == BLIND
    shown = rows.filter(pl.col("gain").is_not_null() & ~is_blind).reverse()
    figure = go.Figure()
    figure.add_trace(_points(shown, "gain", "gain_low", "gain_high"))
    figure.add_vline(x=0, line_color="#888", line_width=1)
    _style(figure, len(shown), "gain over direct, points")
    return str(figure.to_json())


def forest_figure(rows: pl.DataFrame) -> str:
    """Gain over direct of the main arm of every family of own thoughts, over the whole grid."""
    kept = (pl.col("role") == "own thought") & pl.col("gain").is_not_null()
    shown = rows.filter(kept).reverse()
    name = pl.concat_str("benchmark", "arm", separator=", ")
    if rows["model"].n_unique() > 1:
        name = pl.concat_str("benchmark", "model", "arm", separator=", ")
    figure = go.Figure()
    figure.add_trace(_points(shown.with_columns(arm=name), "gain", "gain_low", "gain_high"))
    figure.add_vline(x=0, line_color="#888", line_width=1)
    _style(figure, len(shown), "gain over direct, points")
    figure.update_layout(height=90 + 20 * len(shown), margin={"l": 170})
    return str(figure.to_json())


def transfer_figure(rows: pl.DataFrame, alpha: float) -> str:
    """Gain over direct by family and benchmark of one model: own thoughts, oracle, controls."""
    order = ("own thought", "oracle", "control")
    kept = rows.filter(pl.col("is_main") & pl.col("gain").is_not_null())
    found = {(row["family"], row["benchmark"]): row for row in kept.iter_rows(named=True)}
    benchmarks = kept["benchmark"].unique(maintain_order=True).to_list()
    roles = {row["family"]: order.index(row["role"]) for row in found.values()}
    families = sorted(roles, key=lambda family: roles[family])
    grid = [[found.get((f, benchmark)) for benchmark in benchmarks] for f in families]
    figure = go.Figure(
        go.Heatmap(
            x=benchmarks,
            y=families,
            z=[[None if row is None else 100 * row["gain"] for row in line] for line in grid],
            text=[[_told(row, alpha) for row in line] for line in grid],
            texttemplate="%{text}",
            colorscale=[[0, "#b8434e"], [0.5, "#f4f5f6"], [1, "#2b8a8a"]],
            zmid=0,
            xgap=2,
            ygap=2,
            colorbar={"title": "points", "thickness": 12},
            hovertemplate="%{y} on %{x}: %{text}<extra></extra>",
        )
    )
    _style(figure, len(families), "")
    figure.update_layout(height=90 + 26 * len(families), margin={"l": 150})
    figure.update_yaxes(autorange="reversed")
    return str(figure.to_json())


def _told(row: dict[str, Any] | None, alpha: float) -> str:
    """A gain in points, marked where it survives Holm's correction."""
    if row is None:
        return ""
    is_sure = row["holm"] is not None and row["holm"] <= alpha and row["verdict"] != "at chance"
    return f"{100 * row['gain']:+.1f}" + ("*" if is_sure else "")


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
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Inter, Helvetica, Arial, sans-serif", "size": 13, "color": "#222"},
    )
