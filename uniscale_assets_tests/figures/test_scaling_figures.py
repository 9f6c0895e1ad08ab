"""The figures of compute-optimal tokenization show the runs, optima and laws that they were given, with units, in one colour a rate."""

from __future__ import annotations

import itertools
import json
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import polars
import pytest

from uniscale_assets.figures.scaling_cloud import loss_cloud
from uniscale_assets.figures.scaling_curves import isoflop_curves
from uniscale_assets.figures.scaling_figure_set import TURNING, scaling_figures
from uniscale_assets.figures.scaling_languages import multilingual_figure
from uniscale_assets.figures.scaling_maps import loss_map
from uniscale_assets.figures.scaling_optima import PANELS, Laws, optima_panels
from uniscale_assets.figures.scaling_profile import best_rate, loss_profile
from uniscale_assets.figures.scaling_rows import paraboloid_of, run_value
from uniscale_assets.figures.scaling_scenes import optima_scenes, optimum_scene
from uniscale_assets.figures.scaling_style import AXES, RATE_RANGE, log_axis, rate_colour, rate_name
from uniscale_assets.figures.scaling_tasks import end_task
from uniscale_assets.scaling_laws.end_task import pareto_frontier

from . import scaling_frames as frames

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DEMO = frames.demo()
LAWS = Laws(DEMO.allocation, DEMO.losses[0])
LARGEST = frames.BUDGETS[-1]


def traces(figure: Figure, **wanted: Any) -> list[Any]:
    """Traces with these attributes."""
    return [trace for trace in figure.data if all(trace[name] == value for name, value in wanted.items())]


def drawn(figure: Figure, *axes: str) -> set[tuple[float, ...]]:
    """The points of all markers that stand for something."""
    found: set[tuple[float, ...]] = set()
    for trace in figure.data:
        if trace.type != "surface" and "markers" in (trace.mode or "") and trace.x[0] is not None:
            found |= set(zip(*(trace[axis] for axis in axes), strict=True))
    return found


def said(figure: Figure) -> str:
    """All text that stands in a figure."""
    return " ".join(str(note.text) for note in figure.layout.annotations)


def runs_at(axis: str, laws: Any = DEMO) -> set[tuple[float, float]]:
    """Where the runs have to be."""
    return {(run_value(row, axis), row["bits_per_byte"]) for row in laws.points.iter_rows(named=True)}


KINDS = {"demo": frames.demo, "flagged": frames.flagged, "tiny": frames.tiny}


@cache
def all_figures(kind: str = "demo") -> dict[str, Figure]:
    """Every figure of a report with all its parts."""
    return scaling_figures(frames.inputs(KINDS[kind](), multilingual=frames.languages(), end_tasks=frames.end_tasks()))


def luminance(colour: str) -> float:
    """Relative luminance of a hexadecimal colour (Web Content Accessibility Guidelines 2.1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_rates_colour_grows_lighter_with_the_rate_so_that_any_eye_tells_them_apart() -> None:
    rates = [RATE_RANGE[0] * (RATE_RANGE[1] / RATE_RANGE[0]) ** (step / 40) for step in range(41)]
    lights = [luminance(rate_colour(rate)) for rate in rates]
    assert all(low < high for low, high in itertools.pairwise(lights))
    assert 1.05 / (lights[-1] + 0.05) > 1.7, "the lightest still stands off white"
    assert [rate_colour(0.5), rate_colour(50.0)] == [rate_colour(1.0), rate_colour(16.0)]


def test_a_rate_has_one_colour_in_every_figure() -> None:
    figures = all_figures()
    names = {rate_name(rate): rate_colour(rate) for rate in frames.RATES}
    seen: dict[str, int] = dict.fromkeys(names, 0)
    for figure in figures.values():
        for trace in figure.data:
            if trace.name in names:
                colour = trace.marker.color if "markers" in trace.mode else trace.line.color
                assert colour == names[trace.name]
                seen[trace.name] += 1
    assert min(seen.values()) > 20


def test_every_axis_says_what_it_shows_in_which_unit() -> None:
    units = ("FLOPs", "bytes", "parameters", "bits per byte", "accuracy (share)")
    for name, figure in all_figures().items():
        flat = [axis for axis in (*figure.select_xaxes(), *figure.select_yaxes()) if axis.visible is not False]
        scenes = [scene for scene in figure.select_scenes() if scene.aspectmode]
        solid = [scene[axis] for scene in scenes for axis in ("xaxis", "yaxis", "zaxis")]
        flat = [] if solid else flat
        titles = [axis.title.text or "" for axis in (*flat, *solid)]
        # Panels beside each other share the title of the first's loss axis.
        lacking = [title for title in titles if not any(unit in title for unit in units)]
        assert all(title == "" for title in lacking), (name, lacking)
        assert len(lacking) < len(titles) / 2, name


def test_ticks_of_a_logarithmic_axis_are_round_and_in_natural_units() -> None:
    from uniscale_assets.figures.quantities import format_flops

    axis = log_axis([1e19, 2e19, 5e19, 1e20], "C (FLOPs)", format_flops)
    assert axis["type"] == "log"
    assert axis["ticktext"] == ["10¹⁹", "2 × 10¹⁹", "5 × 10¹⁹", "10²⁰"]
    assert [10 ** math.log10(value) for value in axis["tickvals"]] == pytest.approx([1e19, 2e19, 5e19, 1e20])


@pytest.mark.parametrize("axis", ["B", "N", "rho"])
def test_curves_show_every_run_and_the_optimum_of_every_rate(axis: Any) -> None:
    figure = isoflop_curves(DEMO.points, DEMO.optima, axis)
    stars = {(row[AXES[axis].optimum], row["optimal_bits_per_byte"]) for row in DEMO.optima.iter_rows(named=True)}
    assert drawn(figure, "x", "y") == runs_at(axis) | stars
    assert len(traces(figure, mode="lines")) == len(frames.BUDGETS) * len(frames.RATES)
    assert len([trace for trace in figure.data if trace.showlegend is not False]) == len(frames.RATES)
    assert [note.text for note in figure.layout.annotations] == ["10¹⁵ FLOPs", "3 × 10¹⁵ FLOPs", "10¹⁶ FLOPs"]


def test_a_run_under_the_pointer_tells_all_of_it() -> None:
    figure = isoflop_curves(DEMO.points.head(4), DEMO.optima.head(0), "B")
    texts = [text for trace in figure.data if trace.text for text in trace.text]
    assert len(texts) == 4
    for row, text in zip(sorted(DEMO.points.head(4).iter_rows(named=True), key=lambda row: row["bytes"]), texts, strict=True):
        assert f"<b>{row['bits_per_byte']:.4f}</b>" in text
        assert all(part in text for part in ("T = 1", "10¹⁵ FLOPs", "B ", "N ", "bytes per parameter"))


def test_separate_curves_go_through_their_lowest_point_and_joint_ones_are_the_paraboloid() -> None:
    alone = isoflop_curves(DEMO.points, DEMO.optima, "B")
    for row in DEMO.optima.iter_rows(named=True):
        curves = list(traces(alone, mode="lines", name=rate_name(row["bytes_per_token"])))
        assert min(abs(min(trace.y) - row["optimal_bits_per_byte"]) for trace in curves) < 1e-4
    joint = isoflop_curves(DEMO.points, DEMO.optima, "N", fit="joint", paraboloids=DEMO.paraboloids)
    found = list(traces(joint, mode="lines", name=rate_name(frames.RATES[1])))
    assert len(found) == len(frames.BUDGETS)
    for budget, trace in zip(frames.BUDGETS, found, strict=True):
        surface = paraboloid_of(DEMO.paraboloids, budget, "N")
        assert surface is not None
        assert list(trace.y) == pytest.approx(surface.loss_at(frames.RATES[1], list(trace.x)).tolist())


def test_a_flagged_cell_is_dotted_and_has_no_star() -> None:
    laws = frames.flagged()
    figure = isoflop_curves(laws.points, laws.optima, "B")
    assert len([trace for trace in figure.data if trace.line.dash == "dot"]) == 1
    assert len(traces(figure, meta="optimum")) == laws.optima.height - 1


@pytest.mark.parametrize("look", ["both", "heatmap", "contour"])
def test_a_map_is_the_paraboloid_with_its_lowest_point_and_every_run(look: Any) -> None:
    figure = loss_map(DEMO.points, LARGEST, DEMO.paraboloids, optima=DEMO.optima, look=look)
    surfaces = [trace for trace in figure.data if trace.type in ("contour", "heatmap")]
    assert [trace.type for trace in surfaces] == ["heatmap" if look == "heatmap" else "contour"] * 3
    for axis, surface in zip(("rho", "B", "N"), surfaces, strict=True):
        paraboloid = paraboloid_of(DEMO.paraboloids, LARGEST, axis)
        assert paraboloid is not None
        assert surface.z[7][11] == pytest.approx(float(paraboloid.loss_at(surface.x[11], surface.y[7])))
        here = [trace for trace in figure.data if trace.xaxis == surface.xaxis]
        lowest = [trace for trace in here if trace.name == "minimum"]
        assert [(trace.x[0], trace.y[0]) for trace in lowest] == [(paraboloid.t_star, paraboloid.x_star)]
        assert f"{paraboloid.minimum:.4f}" in lowest[0].text[0]
        runs = next(trace for trace in here if trace.name == "runs")
        rows = [row for row in DEMO.points.iter_rows(named=True) if row["compute_flops"] == LARGEST]
        assert set(zip(runs.x, runs.y, runs.marker.color, strict=True)) == {
            (row["bytes_per_token"], run_value(row, axis), row["bits_per_byte"]) for row in rows
        }
        assert sum(trace.meta == "optimum" for trace in here) == len(frames.RATES)
    losses = DEMO.points.filter(compute_flops=LARGEST)["bits_per_byte"]
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (losses.min(), losses.max())


def test_a_map_says_how_far_its_lines_are_apart() -> None:
    figure = loss_map(DEMO.points, LARGEST, DEMO.paraboloids, ("rho",))
    contours = figure.data[0].contours
    assert f"a line every {contours.size:g} bits per byte" in figure.layout.title.subtitle.text
    assert contours.start / contours.size == pytest.approx(round(contours.start / contours.size))


def test_white_hides_the_paraboloid_where_no_run_is_near() -> None:
    figure = loss_map(DEMO.points, LARGEST, DEMO.paraboloids, ("B",))
    below, above = traces(figure, name="no runs")
    for row in DEMO.points.filter(compute_flops=LARGEST).iter_rows(named=True):
        nearest = min(range(60), key=lambda index: abs(below.x[index] - row["bytes_per_token"]))
        assert below.y[nearest] < row["bytes"] * 1.03
        assert above.y[nearest] > row["bytes"] / 1.03


def test_a_map_without_a_paraboloid_shows_the_runs() -> None:
    figure = loss_map(DEMO.points, LARGEST, ())
    assert {trace.name for trace in figure.data} == {"runs"}
    assert "paraboloid" not in figure.layout.title.subtitle.text


def test_the_cloud_holds_every_run_optimum_and_paraboloid() -> None:
    figure = loss_cloud(DEMO.points, DEMO.optima, "rho", paraboloids=DEMO.paraboloids)
    stars = {
        (row["bytes_per_token"], row["bytes_per_parameter"], row["optimal_bits_per_byte"]) for row in DEMO.optima.iter_rows(named=True)
    }
    runs = {(row["bytes_per_token"], run_value(row, "rho"), row["bits_per_byte"]) for row in DEMO.points.iter_rows(named=True)}
    assert drawn(figure, "x", "y", "z") == runs | stars
    assert {symbol.marker.symbol for symbol in traces(figure, meta="optimum")} == {"diamond"}
    sheets = traces(figure, type="surface")
    assert len(sheets) == len(frames.BUDGETS)
    surface = paraboloid_of(DEMO.paraboloids, frames.BUDGETS[0], "rho")
    assert surface is not None
    assert sheets[0].z[3][4] == pytest.approx(float(surface.loss_at(sheets[0].x[3][4], sheets[0].y[3][4])))
    one = loss_cloud(DEMO.points, DEMO.optima, "B", budgets=[LARGEST])
    assert len(drawn(one, "x", "y", "z")) == len(frames.RATES) * (len(frames.OFFSETS) + 1)


def test_four_panels_show_optima_intervals_and_laws() -> None:
    figure = optima_panels(DEMO.optima, LAWS)
    columns = {"x": "optimal_bytes", "x2": "optimal_parameters", "x3": "bytes_per_parameter", "x4": "optimal_bits_per_byte"}
    for panel, (axis, column) in zip(PANELS, columns.items(), strict=True):
        here = traces(figure, xaxis=axis)
        shown = sorted(point for trace in here if "markers" in trace.mode and trace.text for point in zip(trace.x, trace.y, strict=True))
        wanted = sorted((row["compute_flops"], row[column]) for row in DEMO.optima.iter_rows(named=True))
        assert shown == [pytest.approx(pair) for pair in wanted]
        lines = [trace for trace in here if trace.meta == "law"]
        assert len(lines) == len(frames.RATES)
        for rate, line in zip(frames.RATES, lines, strict=True):
            assert list(line.y) == pytest.approx(LAWS.at(panel, list(line.x), rate).tolist())
    row = DEMO.optima.row(0, named=True)
    bars = next(trace for trace in traces(figure, xaxis="x", name=rate_name(row["bytes_per_token"])) if trace.text)
    assert bars.y[0] + bars.error_y.array[0] == pytest.approx(row["optimal_bytes_high"])
    assert bars.y[0] - bars.error_y.arrayminus[0] == pytest.approx(row["optimal_bytes_low"])


def test_a_law_over_the_global_modules_compute_is_drawn_over_it() -> None:
    laws = frames.demo("approximated")
    figure = optima_panels(laws.optima, Laws(laws.allocation, laws.losses[0]))
    assert "6NB/T" in figure.layout.xaxis.title.text
    assert "6NB/T" not in figure.layout.xaxis4.title.text
    shown = {x for trace in traces(figure, xaxis="x") if trace.text for x in trace.x}
    assert shown == set(laws.optima["global_compute_flops"].to_list())


def test_a_law_of_all_parameters_is_drawn_against_all_parameters() -> None:
    laws = frames.laws_of(frames.points(), parameters="total")
    figure = optima_panels(laws.optima, Laws(laws.allocation, None))
    assert "all parameters" in figure.layout.yaxis2.title.text
    shown = sorted(y for trace in traces(figure, xaxis="x2") if trace.text for y in trace.y)
    assert shown == pytest.approx(sorted(laws.optima["optimal_total_parameters"].to_list()))


def test_scenes_hold_the_optima_and_turn_once_round() -> None:
    figure = optima_scenes(DEMO.optima, LAWS, turning=True)
    assert len(traces(figure, type="surface")) == len(PANELS)
    for scene, column in zip(("scene", "scene3", "scene4"), ("optimal_bytes", "bytes_per_parameter", "optimal_bits_per_byte"), strict=True):
        shown = sorted(z for trace in traces(figure, scene=scene, type="scatter3d") for z in trace.z)
        assert shown == pytest.approx(sorted(DEMO.optima[column].to_list()))
    angles = [math.atan2(frame.layout.scene2.camera.eye.y, frame.layout.scene2.camera.eye.x) for frame in figure.frames]
    steps = [(after - before) % math.tau for before, after in zip(angles, [*angles[1:], angles[0]], strict=True)]
    assert sum(steps) == pytest.approx(math.tau)
    assert max(steps) == pytest.approx(min(steps), abs=1e-3)
    buttons = figure.layout.updatemenus[0].buttons
    assert [button.method for button in buttons] == ["animate", "animate"]
    assert not optima_scenes(DEMO.optima, LAWS).frames
    sheet = traces(optimum_scene(DEMO.optima, "N", LAWS), type="surface")[0]
    assert DEMO.allocation is not None
    assert sheet.z[2][5] == pytest.approx(float(DEMO.allocation.parameters_at(sheet.x[5], sheet.y[2])))


def test_the_profile_shows_optima_law_and_best_rate_of_every_budget() -> None:
    law, figure = DEMO.losses[0], loss_profile(DEMO.optima, DEMO.losses[0])
    optima = {(row["bytes_per_token"], row["optimal_bits_per_byte"]) for row in DEMO.optima.iter_rows(named=True)}
    shown = {point for trace in traces(figure, name="optima") for point in zip(trace.x, trace.y, strict=True)}
    assert shown == optima
    assert all(
        colour == rate_colour(x) for trace in traces(figure, name="optima") for x, colour in zip(trace.x, trace.marker.color, strict=True)
    )
    for budget, line in zip(frames.BUDGETS, traces(figure, meta="law"), strict=True):
        assert list(line.y) == pytest.approx(law.loss_at(budget, list(line.x)).tolist())
    best = next(trace for trace in traces(figure, name="T*(C)") if trace.mode == "markers")
    assert list(best.x) == pytest.approx([float(law.optimal_compression_rate(budget)) for budget in frames.BUDGETS])
    assert best.x[0] + best.error_x.array[0] == pytest.approx(law.optimal_compression_rate_estimate(frames.BUDGETS[0]).high)
    notes = [note for note in figure.layout.annotations if "FLOPs" in note.text]
    assert len(notes) == len(frames.BUDGETS)
    heights = sorted(note.y * 504 for note in notes)
    assert all(after - before > 16 for before, after in itertools.pairwise(heights))


def test_a_profile_without_a_law_joins_the_optima() -> None:
    figure = loss_profile(DEMO.optima)
    lines = traces(figure, meta="law")
    assert [list(line.x) for line in lines] == [sorted(frames.RATES)] * len(frames.BUDGETS)
    assert "no law is fitted yet" in figure.layout.title.subtitle.text
    flat = loss_profile(DEMO.optima, DEMO.loss("intercept"))
    assert not traces(flat, name="T*(C)")


def test_a_best_rate_far_beyond_the_runs_is_not_drawn() -> None:
    rows = DEMO.optima.with_columns(DEMO.optima["bytes_per_token"] * 0.1)
    profile, best = loss_profile(rows, DEMO.losses[0]), best_rate(rows, DEMO.losses[0])
    assert not traces(profile, name="T*(C)")
    assert not traces(best, name="T*(C)")
    assert not traces(best, name="interval")
    assert "far beyond" in profile.layout.title.subtitle.text
    assert "far beyond" in best.layout.title.subtitle.text


def test_the_best_rate_stands_on_grey_beyond_the_fit() -> None:
    law, figure = DEMO.losses[0], best_rate(DEMO.optima, DEMO.losses[0])
    line = traces(figure, name="T*(C)")[0]
    assert list(line.y) == pytest.approx(law.optimal_compression_rate(list(line.x)).tolist())
    shapes = figure.layout.shapes
    assert (shapes[0].x0, shapes[0].x1) == (LARGEST, pytest.approx(max(line.x)))
    assert line.x[-1] > LARGEST * 10
    band = traces(figure, name="interval")[0]
    assert max(band.y) == pytest.approx(max(law.optimal_compression_rate_estimate(budget).high for budget in line.x))
    circles = traces(figure, mode="markers")[0]
    wanted = [DEMO.optima.filter(compute_flops=budget).sort("optimal_bits_per_byte")["bytes_per_token"][0] for budget in frames.BUDGETS]
    assert list(circles.y) == wanted


def test_languages_stand_at_their_parity_in_their_scripts_colour() -> None:
    figure = multilingual_figure(frames.languages())
    latin = [trace for trace in figure.data if trace.name == "Latn"]
    assert len({trace.marker.color for trace in figure.data}) == len({trace.name for trace in figure.data}) == 3
    assert [list(trace.x) for trace in latin] == [[1.0, 1.15]] * 3
    assert [list(trace.y) for trace in latin] == [[60.0, 69.0], [3.5, 3.5 * 1.15], [1.1, 1.1 / 1.15]]
    assert latin[1].error_y.array[0] == pytest.approx(0.4)
    assert "hin_Deva" not in said(figure)
    assert said(figure).count("rus_Cyrl") == 3
    assert "10¹⁶ FLOPs" in figure.layout.title.text


def test_end_tasks_show_scores_and_the_frontier_of_each() -> None:
    frame = frames.end_tasks()
    figure = end_task(frame)
    assert drawn(figure, "x", "y") == {(row["inference_flops_per_byte"], row["score"]) for row in frame.iter_rows(named=True)}
    edges = [trace for trace in figure.data if trace.name == "Pareto frontier"]
    for (task, better), edge in zip((("choice", True), ("text", False)), edges, strict=True):
        front = pareto_frontier(frame.filter(task=task), larger_is_better=better)
        assert list(edge.x) == front["inference_flops_per_byte"].to_list()
        assert list(edge.y) == front["score"].to_list()
        steps = list(zip(edge.y, edge.y[1:], strict=False))
        assert all(after > before if better else after < before for before, after in steps)
    assert [axis.title.text for axis in figure.select_yaxes()] == ["accuracy (share)", "loss (bits per byte)"]


def test_models_of_several_budgets_are_not_joined() -> None:
    frame = frames.end_tasks().filter(task="choice")
    dearer = frame.with_columns(polars.col("inference_flops_per_byte") * 1.5)
    modes = {trace.mode for trace in end_task(polars.concat([frame, dearer])).data if trace.text}
    assert modes == {"markers"}
    assert {trace.mode for trace in end_task(frame).data if trace.text} == {"markers+lines"}


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_figure_of_little_data_builds_or_says_why_not(kind: str) -> None:
    figures = all_figures(kind)
    assert {name.removeprefix("bpe_") for name in figures} >= {
        "loss_profile",
        "best_rate",
        "optima",
        TURNING,
        "curves_B_joint",
        "end_tasks",
    }
    for figure in figures.values():
        assert json.loads(figure.to_json(validate=True))["layout"]["title"]["text"]
        assert figure.data or "Not known" in said(figure)


def test_figures_of_nothing_say_so() -> None:
    none = DEMO.optima.head(0)
    runs = DEMO.points.head(0)
    empty = [loss_profile(none), best_rate(none), optima_panels(none), optima_scenes(none, turning=True), optimum_scene(none, "rho")]
    empty += [isoflop_curves(runs, none), loss_map(runs, 1e15, ()), loss_cloud(runs, none)]
    empty += [multilingual_figure(frames.languages().head(0)), end_task(frames.end_tasks().head(0))]
    for figure in empty:
        assert not figure.data
        assert "Not known" in said(figure)


def test_rows_in_another_order_give_the_same_figures() -> None:
    shuffled = DEMO.points.sample(fraction=1.0, shuffle=True, seed=5)
    assert shuffled.rows() != DEMO.points.rows()
    for draw in (
        lambda runs: isoflop_curves(runs, DEMO.optima, "rho"),
        lambda runs: loss_map(runs, LARGEST, DEMO.paraboloids),
        lambda runs: loss_cloud(runs, DEMO.optima, paraboloids=DEMO.paraboloids),
    ):
        assert draw(shuffled).to_json() == draw(DEMO.points).to_json()


def test_names_from_outside_stay_text() -> None:
    hostile = "<a href='x'>bpe</a>"
    laws = frames.laws_of(frames.points(frames.BUDGETS[:1], frames.RATES[:2], method=hostile))
    tasks = frames.end_tasks().with_columns(polars.lit(hostile).alias("task"))
    languages = frames.languages().with_columns(polars.lit(hostile).alias("language"), polars.lit(hostile).alias("method"))
    figures = scaling_figures(frames.inputs(laws, multilingual=languages, end_tasks=tasks))
    assert all("<a" not in figure.to_json() for figure in figures.values())
    assert all("/" not in name and "<" not in name for name in figures)
