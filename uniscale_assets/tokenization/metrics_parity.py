"""What the same content costs in each language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.tokenization.metric_rows import Row, rows_of
from uniscale_assets.tokenization.metrics import ALL_LANGUAGES
from uniscale_assets.tokenization.parity import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl

    from uniscale_assets.tokenization.protocol import Tokenizer


def parity_rows(tokenizer: Tokenizer, texts: Mapping[str, pl.DataFrame], languages: Sequence[str]) -> list[Row]:
    """Every metric of the parallel texts, of the languages of the study.

    Args:
        tokenizer: encodes them.
        texts: of `parity.read_parity_texts`.
        languages: of the study; English is encoded in any case, to compare with.
    """
    rows: list[Row] = []
    for name, frame in texts.items():
        tokens = tokens_by_language(tokenizer, frame)
        there = [language for language in tokens if language in languages]
        costs = [float(tokens[language]) for language in there]
        premiums = [token_premium(cost, tokens[ENGLISH]) for cost in costs]
        mean = sum(premiums) / len(premiums) if premiums else float("nan")
        rows += rows_of(f"{name}_tokens", there, costs)
        rows += rows_of(f"{name}_premium", [*there, ALL_LANGUAGES], [*premiums, mean])
        rows += rows_of(f"{name}_worst_to_best", [ALL_LANGUAGES], [worst_to_best(costs)])
        rows += rows_of(f"{name}_gini", [ALL_LANGUAGES], [gini(costs)])
    return rows


def tokens_by_language(tokenizer: Tokenizer, frame: pl.DataFrame) -> dict[str, int]:
    """Text tokens of a parallel text in each language, tokens; its segments are encoded one by one."""
    counts: dict[str, int] = {}
    for (language,), rows in frame.group_by("language", maintain_order=True):
        counts[str(language)] = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(rows["text"].to_list()))
    return counts


def token_premium(tokens: float, english: float) -> float:
    """Tokens of a text over those of its English text, a ratio to English: 2 where a language takes twice as many.

    Over the whole text, not a mean of ratios by sentence. Source: Petrov et al. (2023), "Language Model Tokenizers Introduce
    Unfairness Between Languages".
    """
    return tokens / english


def worst_to_best(costs: Sequence[float]) -> float:
    """Most over fewest, a ratio: what the worst-off language pays for what the best-off one gets for 1; NaN below two languages.

    Source: Ahia et al. (2023), "Do All Languages Cost the Same?".
    """
    return max(costs) / min(costs) if len(costs) > 1 else float("nan")


def gini(costs: Sequence[float] | np.ndarray) -> float:
    """Gini coefficient of costs over languages, a share: sum over pairs of |a - b| / (2 n^2 mean); NaN below two languages.

    0 where all cost the same; (n - 1)/n where one language bears everything. Source: Gini (1912); over tokens per language,
    Foroutan et al. (2025), "Parity-aware byte-pair encoding".
    """
    import numpy as np

    values = np.asarray(costs, dtype=np.float64)
    if len(values) < 2:
        return float("nan")
    return float(np.abs(values[:, None] - values[None, :]).sum() / (2 * len(values) ** 2 * values.mean()))


def gini_over_languages(metrics: pl.DataFrame) -> list[Row]:
    """``gini_over_languages``: the Gini coefficient of tokens per byte of the test split, a share.

    The languages' texts say different things here, and scripts take different bytes for the same; the parallel texts have
    coefficients of their own.

    Args:
        metrics: rows that hold ``bytes_per_token`` by language.
    """
    import polars as pl

    rates = metrics.filter((pl.col("metric") == "bytes_per_token") & (pl.col("language") != ALL_LANGUAGES))["value"]
    return rows_of("gini_over_languages", [ALL_LANGUAGES], [gini((1 / rates).to_numpy())])
