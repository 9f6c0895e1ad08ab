"""CPU seconds of all intrinsic metrics on the demo (at most 60 over its tokenizers and languages), and what encoding costs.

    python -m uniscale_assets_tests.benchmarks.metrics_cost

The demo's text and tokenizers are made first and are no part of the figure. Beside it stands encoding by our tokenizers,
byte ends and all, against calling the library's `encode_batch_fast` on the same text (at least 0.9 of its speed).
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from uniscale_assets.resources.platform import Platform
    from uniscale_assets.study import Study

MOST_SECONDS, LEAST_SPEED, REPEATS = 60, 0.9, 7


def make_inputs(platform: Platform, study: Study) -> None:
    """The demo's text, tokenizers and tokens."""
    from uniscale_assets.corpus.build import build_documents
    from uniscale_assets.corpus.mixing import build_mixture
    from uniscale_assets.resources import tokenizer_steps

    for language in study.corpus.languages:
        build = partial(build_documents, study.corpus, language)
        platform.make_one(platform.lineage(study).documents(language), lambda draft, build=build: build(draft.path))  # type: ignore[misc]
    lineage = platform.lineage(study)
    paths = {language: lineage.require(lineage.documents(language)).path for language in study.corpus.languages}
    platform.make_one(lineage.mixture(), lambda draft: build_mixture(study.corpus, paths, draft.path))  # type: ignore[arg-type, return-value]
    steps = {"vocabulary": "train_vocabulary", "tokenizer": "cut_and_verify", "token_shards": "encode_text"}
    for stage, name in steps.items():
        lineage = platform.lineage(study)
        for key, target in lineage.targets(stage).items():
            platform.make_one(target, partial(getattr(tokenizer_steps, name), platform, lineage, key))


def metrics_seconds(platform: Platform, study: Study) -> dict[str, float]:
    """CPU seconds of each tokenizer's metrics, reading and throughput included."""
    from uniscale_assets.resources import tokenizer_steps

    lineage, seconds = platform.lineage(study), {}
    for key, target in lineage.targets("tokenizer_metrics").items():
        start = time.process_time()
        platform.make_one(target, partial(tokenizer_steps.measure, platform, lineage, key))
        seconds[key] = time.process_time() - start
    return seconds


def speeds(tokenizer: Any, texts: list[str]) -> tuple[float, float]:
    """Bytes per CPU second of our encoding and of the library's alone, the median of alternating passes."""
    size = sum(len(text.encode()) for text in texts)
    ours = partial(tokenizer.encode_batch, texts)
    direct = partial(library_ids, tokenizer.backend, texts)
    times: dict[Callable[[], Any], list[float]] = {ours: [], direct: []}
    for _ in range(REPEATS):
        for work, taken in times.items():
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
    middle = [sorted(taken)[REPEATS // 2] for taken in times.values()]
    return size / middle[0], size / middle[1]


def library_ids(backend: Any, texts: list[str]) -> list[list[int]]:
    """What a caller of the library does: encode, and take the ids."""
    return [encoding.ids for encoding in backend.encode_batch_fast(texts, add_special_tokens=False)]


def main() -> None:
    """Print the seconds and the ratios."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from uniscale_assets.corpus.mixing import iterate_documents
    from uniscale_assets.home import Home
    from uniscale_assets.resources.platform import Platform
    from uniscale_assets.study import load_study
    from uniscale_assets.tokenization.loading import load_tokenizer

    study = load_study("demo")
    with tempfile.TemporaryDirectory() as scratch:
        platform = Platform(Home(Path(scratch)))
        make_inputs(platform, study)
        seconds = metrics_seconds(platform, study)
        for name, value in seconds.items():
            print(f"metrics of {name}: {value:.2f} CPU s")
        whole = f"{len(seconds)} tokenizers x {len(study.corpus.languages)} languages"
        print(f"metrics of {whole}: {sum(seconds.values()):.1f} CPU s (at most {MOST_SECONDS})")
        lineage = platform.lineage(study)
        mixture = lineage.require(lineage.mixture()).path
        texts = [document.text for split in ("test", "train", "tokenizer") for document in iterate_documents(mixture, split)]  # type: ignore[arg-type]
        for name in study.tokenizer_names:
            ours, direct = speeds(load_tokenizer(lineage.require(lineage.tokenizer(name)).path), texts)
            print(f"encoding with {name}: {ours / 1e6:.2f} MB/CPU s, over the library alone {ours / direct:.2f} (at least {LEAST_SPEED})")


if __name__ == "__main__":
    main()
