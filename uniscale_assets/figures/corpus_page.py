"""The page on a study's text: what was dropped, what is left, and what it is like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniscale_assets.corpus.scripts import SCRIPT_NAMES
from uniscale_assets.figures.corpus_quality import (
    document_lengths,
    language_mix,
    repeated_lines,
    script_shares,
    shares_of_scripts,
    values_of,
)
from uniscale_assets.figures.quantities import format_bytes
from uniscale_assets.figures.report_sections import Picture, Pictures
from uniscale_assets.figures.report_tables import NOTHING, Cell, Table, percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from plotly.graph_objects import Figure
    from polars import DataFrame

TEMPLATE = "corpus_quality.html.jinja"
SPLITS = ("tokenizer", "train", "validation", "test")


@dataclass(frozen=True)
class CorpusPage:
    """All that the page reads."""

    name: str
    """of the study"""
    text: str
    """its corpus, as the study file has it"""
    rows: DataFrame
    """of `tables.CORPUS_QUALITY`"""


def corpus_page(page: CorpusPage) -> str:
    """The page: it embeds plotly.js (about 5 MB), loads nothing from anywhere, and gives the same bytes for the same rows."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    loader = PackageLoader("uniscale_assets.figures", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    # The library's own text holds no closing script tag; everything else on the page is escaped by the template.
    plotly = Markup(get_plotlyjs())  # noqa: S704
    return environment.get_template(TEMPLATE).render(page=sections(page), plotly_js=plotly)


def write_corpus_page(page: CorpusPage, output: Path) -> None:
    """Write the page whole or not at all."""
    from uniscale_assets.files import write_text

    write_text(output, corpus_page(page))


@dataclass(frozen=True)
class CorpusSections:
    """What the template is given."""

    study: CorpusPage
    sentences: Sequence[str]
    dropped: Table
    texts: Table
    mixes: Sequence[Picture]
    """the training split first"""
    lengths: Picture
    scripts: Picture
    repeated: Picture
    sampled: str


def sections(page: CorpusPage) -> CorpusSections:
    """Words, tables and figures."""
    draw, rows = Pictures(), page.rows
    return CorpusSections(
        study=page,
        sentences=summary(rows),
        dropped=dropped_table(rows),
        texts=text_table(rows),
        mixes=[draw(language_mix(rows, split)) for split in ("train", "tokenizer", "validation", "test")],
        lengths=draw(document_lengths(rows)),
        scripts=draw(script_shares(rows)),
        repeated=draw(repeated_lines(rows)),
        sampled=format_bytes(sum(values_of(rows, "sampled_bytes", "train").values())),
    )


def corpus_figures(rows: DataFrame) -> dict[str, Figure]:
    """The figures by file name, for picture files."""
    return {
        "language_mix": language_mix(rows),
        "document_lengths": document_lengths(rows),
        "script_shares": script_shares(rows),
        "repeated_lines": repeated_lines(rows),
    }


def whole(rows: DataFrame, metric: str, split: str = "all", part: str = "") -> float | None:
    """The value of a metric over all languages; None where it was not measured."""
    found = rows.filter(language="all", metric=metric, split=split, part=part)["value"].to_list()
    return found[0] if found else None


def summary(rows: DataFrame) -> list[str]:
    """What one should know before the tables, in sentences."""
    read, size = whole(rows, "read_documents"), whole(rows, "read_bytes")
    if read is None or size is None:
        return ["No text has been read yet."]
    languages = len(values_of(rows, "read_bytes", "all"))
    sentences = [f"{read:,.0f} documents ({format_bytes(size)}) of {languages} language{'s' if languages != 1 else ''} were read."]
    sentences += [dropped_sentence(rows, "duplicate", "exact duplicates"), dropped_sentence(rows, "near_duplicate", "near-duplicates")]
    found = whole(rows, "contaminated_documents", "train")
    if found is None:
        sentences.append("Overlap of the training text with evaluation text was not looked for.")
    else:
        share = percent(whole(rows, "contaminated_share", "train"))
        sentences.append(f"{found:,.0f} training documents ({share} of the bytes) share an n-gram with evaluation text.")
    return [*sentences, *mix_sentences(rows)]


def dropped_sentence(rows: DataFrame, kind: str, name: str) -> str:
    """How much of what was read was dropped as something."""
    documents = whole(rows, f"{kind}_documents")
    if documents is None:
        return f"{name.capitalize()} were not looked for."
    if not documents:
        return f"There were no {name}."
    return f"{documents:,.0f} documents ({percent(whole(rows, f'{kind}_share'))} of the bytes) were {name} and dropped."


def mix_sentences(rows: DataFrame) -> list[str]:
    """The language that got least of what was asked of the training split."""
    got, asked = values_of(rows, "got_share", "train"), values_of(rows, "asked_share", "train")
    if not asked:
        return []
    worst = min(asked, key=lambda language: (got[language] / asked[language] if asked[language] else 1.0, language))
    if got[worst] > 0.95 * asked[worst]:
        return ["Every language got what the mixing asks for, within 5 %."]
    return [
        f"{worst} got least of what the mixing asks for: {percent(got[worst])} of the training text in place of {percent(asked[worst])}."
    ]


def dropped_table(rows: DataFrame) -> Table:
    """What was read of each language and what of it was dropped or found contaminated."""
    read = {**values_of(rows, "read_documents", "all")}
    columns = ["language", "documents read", "bytes read", "exact duplicates", "near-duplicates"]
    columns += ["contaminated, tokenizer split", "contaminated, train split"]
    lines = [dropped_cells(rows, language) for language in ([*sorted(read), "all"] if read else [])]
    caption = "Documents; below, their share of the bytes (of a split, for contamination). A dash: not looked for."
    return Table(columns, lines, caption)


def dropped_cells(rows: DataFrame, language: str) -> list[Cell]:
    """One line of ``dropped_table``."""
    here = {(row["split"], row["metric"]): row["value"] for row in rows.filter(language=language, part="").iter_rows(named=True)}
    kinds = [("all", "duplicate"), ("all", "near_duplicate"), ("tokenizer", "contaminated"), ("train", "contaminated")]
    return [
        Cell(language),
        Cell(f"{here['all', 'read_documents']:,.0f}"),
        Cell(format_bytes(here["all", "read_bytes"])),
        *(counted(here.get((split, f"{kind}_documents")), here.get((split, f"{kind}_share"))) for split, kind in kinds),
    ]


def counted(documents: float | None, share: float | None) -> Cell:
    """Documents, and their share of the bytes below; a dash where they were not looked for."""
    return Cell(NOTHING) if documents is None else Cell(f"{documents:,.0f}", percent(share) if documents else "")


def text_table(rows: DataFrame) -> Table:
    """What the training text of each language is like."""
    metrics = {
        "got": values_of(rows, "got_share", "train"),
        "asked": values_of(rows, "asked_share", "train"),
        "size": values_of(rows, "mixture_bytes", "train"),
        "median": values_of(rows, "document_bytes", "train", "50 %"),
        "longest": values_of(rows, "document_bytes", "train", "longest"),
        "own": values_of(rows, "own_script_share", "train"),
        "repeated": values_of(rows, "repeated_line_share", "train", "in the language"),
    }
    scripts = shares_of_scripts(rows)
    columns = ["language", "bytes taken", "share got", "share asked for", "median document", "longest", "in its own script", "scripts"]
    order = sorted(metrics["got"], key=lambda language: (-metrics["got"][language], language))
    lines = [text_cells(language, metrics, scripts.get(language, {})) for language in order]
    return Table([*columns, "in repeated lines"], lines, text_columns=frozenset({0, 7}), if_empty="There is no mixture yet.")


def text_cells(language: str, metrics: Mapping[str, Mapping[str, float]], scripts: Mapping[str, float]) -> list[Cell]:
    """One line of ``text_table``."""
    median, longest = (metrics[name].get(language) for name in ("median", "longest"))
    named = ", ".join(f"{SCRIPT_NAMES.get(script, script)} {percent(share)}" for script, share in list(scripts.items())[:3])
    return [
        Cell(language),
        Cell(format_bytes(metrics["size"][language])),
        Cell(percent(metrics["got"][language])),
        Cell(percent(metrics["asked"].get(language))),
        Cell(NOTHING if median is None else format_bytes(median)),
        Cell(NOTHING if longest is None else format_bytes(longest)),
        Cell(percent(metrics["own"].get(language))),
        Cell(named or NOTHING),
        Cell(percent(metrics["repeated"].get(language))),
    ]
