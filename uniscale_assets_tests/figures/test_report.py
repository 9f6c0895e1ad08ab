"""The report: one page, verdict first, nothing loaded from anywhere, and built from whatever exists."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from uniscale_assets.figures.report import ReportInputs, study_report, write_report
from uniscale_assets.statistics.study_statistics import study_statistics

from . import frames

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """What a browser would find on the page outside scripts: elements, their addresses, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href", "action", "data", "poster", "srcset")]

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.inside):
            self.text.append(data)

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def html(trial: ReportInputs) -> str:
    """The page of the whole trial."""
    return study_report(trial)


def test_the_verdict_comes_first_and_in_full(html: str, trial: ReportInputs) -> None:
    words, verdict = Page(html).words, trial.statistics.verdict
    places = [words.index(sentence) for sentence in (verdict.headline, *verdict.sentences)]
    assert places == sorted(places)
    assert places[-1] < words.index("Below: difference to the best")


def test_every_value_of_the_ranking_stands_in_its_table(html: str, trial: ReportInputs) -> None:
    words = Page(html).words
    for row in trial.statistics.ranking.filter(language="all").iter_rows(named=True):
        assert f"{row['bits_per_byte']:.4f}" in words
        if row["tokenizer"] != row["best"]:
            assert f"({row['difference_low']:.4f} to {row['difference_high']:.4f})".replace("-", "−") in words


def test_the_best_is_bold_and_what_cannot_be_told_from_it_is_shaded(html: str, trial: ReportInputs) -> None:
    ranking = trial.statistics.ranking.filter(language="all")
    best = ranking.filter(size="0.8M").sort("rank").row(0, named=True)
    level = ranking.filter(size="0.8M", separated=False)["bits_per_byte"].to_list()
    assert len(level) > 1
    assert re.search(rf'<td class="[^"]*best[^"]*"[^>]*>{best["bits_per_byte"]:.4f}', html)
    assert all(re.search(rf'<td class="[^"]*level[^"]*"[^>]*>{value:.4f}', html) for value in level)


def test_agreement_shows_every_pair_of_sizes_with_interval_and_p_value(html: str, trial: ReportInputs) -> None:
    words = Page(html).words
    for row in trial.statistics.rank_correlations.filter(language="all", group_name="all", statistic="spearman").iter_rows(named=True):
        assert f"{row['small_size']} → {row['large_size']}" in words
        assert f"{row['low']:.2f} to {row['high']:.2f}; p {row['p_value']:.4f}" in words


def test_sections_say_coverage_definitions_and_provenance(html: str, trial: ReportInputs) -> None:
    words = Page(html).words
    for part in ("36 of 36", "How numbers are defined", trial.study.fingerprint, "torch 2.13.0", "seeds: [1, 2]", "decision accuracy"):
        assert part in words


def test_the_page_loads_nothing_and_forbids_itself_to(html: str) -> None:
    page = Page(html)
    assert all(address.startswith("#") for address in page.addresses)
    assert not {"link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert "default-src 'none'" in html
    outside_plotly = html.replace(plotly_js(), "")
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/[a-z0-9/]+", "", outside_plotly)
    assert html.count(plotly_js()) == 1


def plotly_js() -> str:
    """The library that the page embeds."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def test_no_button_sends_a_figure_to_a_server(html: str) -> None:
    buttons = '"modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]]'
    assert html.count("Plotly.newPlot(") == html.count(buttons) >= 14


def test_names_from_outside_stay_text(tiny: ReportInputs) -> None:
    study = replace(tiny.study, name=HOSTILE, description=HOSTILE, text=HOSTILE, versions={HOSTILE: HOSTILE})
    curves = tiny.training_curves.with_columns(tiny.training_curves["tokenizer"].replace("bpe_1k", HOSTILE))
    tokenizers = tiny.tokenizers.with_columns(tiny.tokenizers["tokenizer"].replace("bpe_1k", HOSTILE))
    page = study_report(replace(tiny, study=study, training_curves=curves, tokenizers=tokenizers))
    assert HOSTILE not in page
    assert "<img" not in page.replace(plotly_js(), "")
    assert HOSTILE in Page(page).words


def test_the_same_inputs_give_the_same_page(html: str, trial: ReportInputs, tmp_path: Path) -> None:
    write_report(trial, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html


def test_a_report_of_part_of_the_grid_says_which_part(partial: ReportInputs) -> None:
    words = Page(study_report(partial)).words
    assert "33 of 36 models of the study are trained and scored. The report is of those" in words


def test_a_report_of_two_tokenizers_and_one_size_prints_no_correlation(tiny: ReportInputs) -> None:
    words = Page(study_report(tiny)).words
    assert "It takes two sizes with models." in words
    assert "tokenizers like these 0" not in words


def test_a_report_of_nothing_builds(trial: ReportInputs) -> None:
    scores = frames.document_scores(frames.tiny_grid())
    tables = (frames.bits_per_byte(scores), scores, trial.training_runs, trial.training_curves, trial.tokenizers)
    numbers = study_statistics(*(table.head(0) for table in tables), list(trial.study.grid))
    others = (trial.tokenizers, trial.tokenizer_metrics, trial.training_runs, trial.training_curves, trial.corpus_ledger)
    words = Page(study_report(ReportInputs(trial.study, numbers, *(table.head(0) for table in others)))).words
    assert "0 of 36" in words
    assert numbers.verdict.headline in words


def test_a_study_with_two_budgets_has_a_part_for_each(tiny: ReportInputs) -> None:
    names = ("ranking", "rank_correlations", "comparisons", "separations")
    both = {name: doubled(getattr(tiny.statistics, name)) for name in names}
    words = Page(study_report(replace(tiny, statistics=replace(tiny.statistics, **both)))).words
    assert words.count("Budget 1e12flops") == words.count("Budget 2e12flops") == 3


def doubled(frame: frames.polars.DataFrame) -> frames.polars.DataFrame:
    """The same rows under two budgets."""
    return frames.polars.concat([frame.with_columns(frames.polars.lit(label).alias("budget")) for label in ("1e12flops", "2e12flops")])


@pytest.mark.browser
def test_a_browser_without_a_network_draws_every_figure(browser: Path, html: str, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(html.replace("</body>", f"{COUNTER}</body>"), encoding="utf-8")
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [str(browser), "--headless", "--no-sandbox", "--disable-gpu", *offline, "--virtual-time-budget=30000", "--dump-dom"]
    address = (tmp_path / "report.html").as_uri()
    process = subprocess.run([*command, address], capture_output=True, text=True, timeout=120)
    asked = html.count("Plotly.newPlot(")
    assert asked >= 14
    assert f'data-drawn="{asked}"' in process.stdout, re.findall(r'data-[a-z]+="[^"]*"', process.stdout[-5000:])
    assert 'data-errors=""' in process.stdout


COUNTER = """<div id="counter"></div><script>
const errors = [];
window.addEventListener("error", event => errors.push(event.message));
window.addEventListener("unhandledrejection", event => errors.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", event => errors.push("blocked " + event.blockedURI));
setTimeout(() => {
  const counter = document.getElementById("counter");
  counter.dataset.errors = errors.join("; ");
  counter.dataset.drawn = [...document.querySelectorAll(".js-plotly-plot")].filter(plot => plot.querySelector(".main-svg .gtitle")).length;
}, 10000);
</script>"""
