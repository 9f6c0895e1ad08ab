"""Frames as the warehouse gives them, made by hand from the trial that the demo recipe comes from, and larger grids like it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars

from uniscale_assets.partition_keys import GridKey, ModelKey

if TYPE_CHECKING:
    from uniscale_assets.figures.report import ReportInputs
    from uniscale_assets.statistics.study_statistics import StudyStatistics

LANGUAGES = (
    "arb_Arab", "cmn_Hani", "deu_Latn", "eng_Latn", "fas_Arab", "fra_Latn",
    "ind_Latn", "jpn_Jpan", "kor_Hang", "rus_Cyrl", "spa_Latn", "ukr_Cyrl",
)  # fmt: skip
TRIAL = {
    "bpe_1k": (4.391, 2.646, 2.540, 2.486),
    "unigram_1k": (4.171, 2.618, 2.517, 2.479),
    "bpe_2k": (3.906, 2.513, 2.435, 2.384),
    "unigram_2k": (3.744, 2.491, 2.426, 2.379),
    "bpe_4k": (3.475, 2.434, 2.359, 2.315),
    "unigram_4k": (3.388, 2.388, 2.338, 2.309),
}
SIZES = ("0.06M", "0.2M", "0.8M")
PARAMETERS = {"0.06M": 56_000, "0.2M": 227_000, "0.8M": 779_000}
WIDTHS = {"0.06M": 48, "0.2M": 80, "0.8M": 128}
SECONDS = {"0.06M": 9.0, "0.2M": 17.0, "0.8M": 38.0}
BUDGET = 340_000
SEED_SPREAD = 0.006


@dataclass(frozen=True)
class Grid:
    """What a made-up study holds: values at the final size for each tokenizer, by size."""

    values: dict[str, dict[str, float]]
    sizes: tuple[str, ...]
    seeds: tuple[int, ...]
    missing: frozenset[tuple[str, str, int]] = frozenset()
    languages: tuple[str, ...] = LANGUAGES[:4]

    @property
    def cells(self) -> list[tuple[str, str, int]]:
        """Tokenizer, size and seed of every model that is there."""
        every = [(name, size, seed) for name in self.values for size in self.sizes for seed in self.seeds]
        return [cell for cell in every if cell not in self.missing]

    @property
    def families(self) -> dict[str, str]:
        """Family of each tokenizer, in the order of the study."""
        return {name: name.split("_")[0] for name in self.values}


def trial_grid(missing: frozenset[tuple[str, str, int]] = frozenset()) -> Grid:
    """Six tokenizers, three sizes, two seeds."""
    return Grid({name: dict(zip(SIZES, row[1:], strict=True)) for name, row in TRIAL.items()}, SIZES, (1, 2), missing)


def wide_grid(count: int = 14) -> Grid:
    """Many tokenizers that lie close together, at three sizes with three seeds; names of three families, long ones among them."""
    draw = random.Random(7)
    families = ("bpe", "unigram", "superbpe")
    names = [f"{families[index % 3]}_{80 + 16 * index}k" + ("_apertus_pretokenizer" if index == 5 else "") for index in range(count)]
    bases = [2.3 + 0.3 * draw.random() for _ in names]
    values = {
        name: {size: base + shift + draw.gauss(0, 0.012) for size, shift in zip(SIZES, (0.2, 0.08, 0.0), strict=True)}
        for name, base in zip(names, bases, strict=True)
    }
    return Grid(values, SIZES, (1, 2, 3))


def tiny_grid() -> Grid:
    """Two tokenizers, one size, one seed."""
    return Grid({name: {"0.06M": TRIAL[name][1]} for name in ("bpe_1k", "unigram_1k")}, ("0.06M",), (1,))


def seed_noise(name: str, size: str, seed: int) -> float:
    """The same small deviation each time for one model."""
    return random.Random(f"{name} {size} {seed}").gauss(0, SEED_SPREAD)


def vocab_size(name: str) -> int:
    """From the name: 1k is 1024."""
    return int(name.split("_")[1].removesuffix("k")) * 1024


def rate(name: str) -> float:
    """Bytes per token, growing with the vocabulary."""
    return 1.1 + 0.45 * math.log2(vocab_size(name) / 512) * (1.06 if name.startswith("unigram") else 1)


def model_columns(cell: tuple[str, str, int]) -> dict[str, object]:
    """The columns that name a model."""
    name, size, seed = cell
    return {"study": "demo", "tokenizer": name, "size": size, "budget": "", "seed": seed, "fingerprint": "f" * 64}


def flops_per_token(name: str, size: str) -> tuple[float, float, float]:
    """Body, attention and head, after DESIGN.md."""
    context = 320 / rate(name)
    return 6.0 * PARAMETERS[size], 6.0 * 3 * WIDTHS[size] * context, 6.0 * vocab_size(name) * WIDTHS[size]


def training_curves(grid: Grid, points: int = 40) -> polars.DataFrame:
    """A falling power law that ends near the model's bits per byte."""
    rows: list[dict[str, object]] = []
    for cell in grid.cells:
        name, size, _ = cell
        end = grid.values[name][size] + seed_noise(*cell)
        draw = random.Random(f"curve {cell}")
        for point in range(1, points + 1):
            share = point / points
            value = end + 1.9 * (1 - share) ** 3 * share**-0.25 + draw.gauss(0, 0.02)
            tokens = int(BUDGET * share / rate(name))
            rows.append(
                {
                    **model_columns(cell),
                    "step": point * 5,
                    "bytes": int(BUDGET * share),
                    "tokens": tokens,
                    "flops": sum(flops_per_token(name, size)) * tokens,
                    "loss_nats": value * math.log(2) * rate(name),
                    "bits_per_byte": value,
                    "learning_rate": 0.01,
                }
            )
    return polars.DataFrame(rows)


def training_runs(grid: Grid) -> polars.DataFrame:
    """One row a model."""
    rows: list[dict[str, object]] = []
    for cell in grid.cells:
        name, size, seed = cell
        tokens = BUDGET / rate(name)
        body, attention, head = (part * tokens for part in flops_per_token(name, size))
        rows.append(
            {
                **model_columns(cell),
                "architecture": "apertus",
                "non_embedding_parameters": PARAMETERS[size],
                "embedding_parameters": vocab_size(name) * WIDTHS[size],
                "head_parameters": 0,
                "context_tokens": round(320 / rate(name)),
                "steps": 200,
                "bytes": BUDGET,
                "text_tokens": round(tokens),
                "separator_tokens": 300,
                "overshoot_bytes": 1,
                "bytes_per_token": rate(name),
                "training_flops": body + attention + head,
                "body_flops": body,
                "attention_flops": attention,
                "head_flops": head,
                "final_loss_nats": grid.values[name][size] * math.log(2) * rate(name),
                "seconds": SECONDS[size] * (1 + 0.1 * math.log2(vocab_size(name) / 1024)) + seed,
                "cpu_seconds": SECONDS[size] * (1 + 0.1 * math.log2(vocab_size(name) / 1024)),
                "tokens_per_second": tokens / SECONDS[size],
                "peak_memory_bytes": 659_000_000,
                "device": "cpu",
            }
        )
    return polars.DataFrame(rows)


def document_scores(grid: Grid, documents: int = 20) -> polars.DataFrame:
    """Scores of every document: some are hard for all, and a little for one model alone; translations share an id."""
    rows: list[dict[str, object]] = []
    for cell in grid.cells:
        name, size, _ = cell
        level = grid.values[name][size] + seed_noise(*cell)
        own = random.Random(f"documents {cell}")
        for number, language in enumerate(grid.languages):
            shared = random.Random(language)
            for document in range(documents):
                length = 200 + shared.randrange(400)
                value = level * (0.8 + 0.4 * number / (len(grid.languages) - 1)) * (1 + shared.gauss(0, 0.15)) + own.gauss(0, 0.02)
                rows.append(
                    {
                        **model_columns(cell),
                        "split": "test",
                        "language": language,
                        "document": f"document {document}",
                        "bytes": length,
                        "tokens": round(length / rate(name)),
                        "negative_log_likelihood_nats": value * math.log(2) * length,
                        "separator_negative_log_likelihood_nats": 5.0,
                    }
                )
    return polars.DataFrame(rows)


def bits_per_byte(scores: polars.DataFrame) -> polars.DataFrame:
    """Sums of the documents, by language and over all."""
    keys = ["study", "tokenizer", "size", "budget", "seed", "fingerprint", "split"]
    sums = (polars.col("bytes", "tokens", "negative_log_likelihood_nats").sum(), polars.len().alias("documents"))
    by_language = scores.group_by([*keys, "language"], maintain_order=True).agg(*sums)
    whole = scores.group_by(keys, maintain_order=True).agg(*sums).with_columns(polars.lit("all").alias("language"))
    rows = polars.concat([by_language, whole.select(by_language.columns)])
    value = polars.col("negative_log_likelihood_nats") / math.log(2) / polars.col("bytes")
    return rows.with_columns(value.alias("bits_per_byte"))


def tokenizers(grid: Grid) -> polars.DataFrame:
    """One row a tokenizer."""
    return polars.DataFrame(
        [
            {
                "study": "demo",
                "tokenizer": name,
                "family": family,
                "vocab_size": vocab_size(name),
                "pretokenizer": "gpt4",
                "bytes_per_token": rate(name),
                "unigram_bits_per_byte": TRIAL.get(name, (3.6,))[0],
                "training_seconds": 2.5,
                "peak_memory_bytes": 210_000_000,
                "fingerprint": "e" * 64,
            }
            for name, family in grid.families.items()
        ]
    )


def tokenizer_metrics(grid: Grid) -> polars.DataFrame:
    """Bytes per token by language, and one metric more."""
    rows: list[dict[str, object]] = []
    for name in grid.values:
        for number, language in enumerate(("all", *grid.languages)):
            common = {"study": "demo", "tokenizer": name, "language": language, "fingerprint": "e" * 64}
            rows.append({**common, "metric": "bytes_per_token", "value": rate(name) * (0.8 + 0.05 * number), "unit": "bytes per token"})
            rows.append({**common, "metric": "tokens", "value": 1000.0, "unit": "tokens"})
    return polars.DataFrame(rows)


def corpus_ledger(languages: tuple[str, ...] = LANGUAGES) -> polars.DataFrame:
    """Four splits of twelve languages."""
    shares = {"tokenizer": 0.25, "train": 0.5, "validation": 0.1, "test": 0.15}
    rows: list[dict[str, object]] = []
    for number, language in enumerate(languages):
        there = 90_000 + 17_000 * number
        for split, share in shares.items():
            rows.append(
                {
                    "study": "demo",
                    "language": language,
                    "split": split,
                    "documents": int(40 * share * (number + 3)),
                    "bytes": int(there * share),
                    "characters": int(there * share / 1.5),
                    "duplicates": number,
                    "mixture_documents": int(30 * share * (number + 2)),
                    "mixture_bytes": int((60_000 + 3_000 * number) * share),
                    "fingerprint": "d" * 64,
                }
            )
    return polars.DataFrame(rows)


def asked(grid: Grid) -> list[GridKey]:
    """Every model that the study asks for, whether it is there or not."""
    return [GridKey(name, ModelKey(size, seed)) for name in grid.values for size in grid.sizes for seed in grid.seeds]


def statistics(grid: Grid) -> StudyStatistics:
    """What the room of statistics says of the grid, with fewer draws than a study takes."""
    from uniscale_assets.statistics.study_statistics import study_statistics

    scores = document_scores(grid)
    frames = (bits_per_byte(scores), scores, training_runs(grid), training_curves(grid), tokenizers(grid))
    return study_statistics(*frames, asked(grid), tokenizer_metrics=tokenizer_metrics(grid), draws=200)


def report_inputs(grid: Grid, numbers: StudyStatistics) -> ReportInputs:
    """All that a report reads."""
    from uniscale_assets.figures.report import ReportInputs, StudyFacts

    facts = StudyFacts(
        name="demo",
        description="Six tokenizers, three sizes and two seeds.",
        text="name: demo\nseeds: [1, 2]\n",
        fingerprint="a" * 64,
        families=grid.families,
        grid=asked(grid),
        versions={"torch": "2.13.0", "transformers": "5.23.0"},
    )
    frames = (tokenizers(grid), tokenizer_metrics(grid), training_runs(grid), training_curves(grid), corpus_ledger())
    return ReportInputs(facts, numbers, *frames)
