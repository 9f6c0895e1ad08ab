"""CPU seconds of an evaluation against bare forward passes over the same batches; the bound is 1.25.

The evaluation is the whole of it: reading shards and weights, windows, scores, sums and files; imports apart. The
bare passes take the same padded batches ready made and compute logits for all positions.
Both run on one thread, turn by turn, in this process.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint, windows_in_tokens
from uniscale_assets.evaluation.models import exact_arithmetic, load_checkpoint
from uniscale_assets.evaluation.scoring import batch_size
from uniscale_assets.evaluation.spec import EvaluationSpec
from uniscale_assets.evaluation.windows import cut_batches, plan_windows, read_batch
from uniscale_assets.modeling.architectures import build_config, build_model
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.shards import SHARD_SPLITS, ShardSummary, ShardWriter, open_shard, read_summary
from uniscale_assets.tokenization.spec import TokenizerSpec

MINI = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "mini"
LANGUAGES = ("eng_Latn", "deu_Latn", "fra_Latn", "rus_Cyrl", "arb_Arab", "jpn_Jpan", "cmn_Hani", "kor_Hang")
VOCAB_SIZE, CONTEXT_BYTES, BOUND = 4096, 320, 1.25
PIECE_CHARACTERS, PIECES, TEST_PIECES = 1000, 60, 8


class Piece:
    """A document as the shard writer takes it."""

    def __init__(self, language: str, name: str, text: str) -> None:
        self.language, self.id, self.text, self.bytes = language, name, text, len(text.encode())


def read_pieces() -> list[list[Piece]]:
    """Pieces of text for each language."""
    return [[piece for _, piece in zip(range(PIECES), pieces_of(language), strict=False)] for language in LANGUAGES]


def pieces_of(language: str) -> Iterator[Piece]:
    """The documents of a language, cut into pieces."""
    with gzip.open(MINI / f"{language}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            for first in range(0, len(row["text"]), PIECE_CHARACTERS):
                yield Piece(language, f"{row['id']}/{first}", row["text"][first : first + PIECE_CHARACTERS])


def prepare(directory: Path, architecture: str) -> tuple[Path, Path]:
    """A checkpoint of the demo's largest size and shards of the demo's largest vocabulary."""
    spec = TokenizerSpec(name="bpe_4k", family="bpe", vocab_size=VOCAB_SIZE, pretokenizer="gpt4")
    vocabulary, tokenizer_directory, shards, checkpoint = (directory / name for name in ("vocabulary", "tokenizer", "shards", "checkpoint"))
    for path in (vocabulary, tokenizer_directory, shards):
        path.mkdir()
    pieces = read_pieces()
    family_of("bpe").train_vocabulary(spec, [piece.text for language in pieces for piece in language], vocabulary)
    family_of("bpe").cut(vocabulary, spec, tokenizer_directory)
    tokenizer, counts = load_tokenizer(tokenizer_directory), {}
    chosen = [piece for language in pieces for piece in language[:TEST_PIECES]]
    for split in SHARD_SPLITS:
        with ShardWriter(shards, split, VOCAB_SIZE) as writer:
            writer.append(chosen, tokenizer.encode_batch([piece.text for piece in chosen]))
            counts[split] = writer.counts
    ratio = counts["validation"].bytes / counts["validation"].tokens
    summary = ShardSummary(vocab_size=VOCAB_SIZE, separator_id=tokenizer.separator_id, splits=counts, bytes_per_token=ratio)
    (shards / "shards.json").write_text(summary.model_dump_json())
    settings = {"vocab_size": VOCAB_SIZE, "separator_id": tokenizer.separator_id, "context_tokens": 128, "tie_embeddings": True}
    build_model(build_config(architecture, "0.8M", **settings), seed=1).save_pretrained(checkpoint)
    return checkpoint, shards


def padded_batches(shards: Path, spec: EvaluationSpec) -> list[np.ndarray]:
    """The inputs of every forward pass of the evaluation."""
    shard, summary = open_shard(shards, spec.split), read_summary(shards)
    windows = windows_in_tokens(CONTEXT_BYTES, spec.stride_bytes, summary.bytes_per_token)
    plan = plan_windows(np.diff(shard.offsets), windows.context_tokens, windows.stride_tokens)
    rows = cut_batches(plan, batch_size("cpu", spec.batch_tokens))
    return [read_batch(plan, chosen, shard.ids, shard.offsets, summary.separator_id).inputs for chosen in rows]


def cpu_seconds(work) -> float:
    """Process time of a call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(architecture: str, spec: EvaluationSpec, rounds: int) -> None:
    """Print the ratio for one architecture."""
    import torch

    with tempfile.TemporaryDirectory() as name:
        checkpoint, shards = prepare(Path(name), architecture)
        output = Path(name) / "output"
        output.mkdir()
        model = load_checkpoint(checkpoint, "cpu")
        batches = [torch.from_numpy(inputs) for inputs in padded_batches(shards, spec)]

        def bare() -> None:
            with exact_arithmetic():
                for inputs in batches:
                    model(inputs, use_cache=False)

        def whole() -> None:
            evaluate_checkpoint(checkpoint, shards, spec, CONTEXT_BYTES, output)

        whole(), bare()
        seconds = [(cpu_seconds(whole), cpu_seconds(bare)) for _ in range(rounds)]
        ratio = statistics.median(evaluation / passes for evaluation, passes in seconds)
        tokens = sum(inputs.numel() for inputs in batches)
        typical = [statistics.median(column) for column in zip(*seconds, strict=True)]
    stride = spec.stride_bytes or CONTEXT_BYTES
    print(
        f"evaluation overhead, {architecture}, stride {stride} bytes, {tokens:,} inputs in {len(batches)} batches: "
        f"{typical[0]:.2f} s against {typical[1]:.2f} s bare, ratio {ratio:.2f} (bound {BOUND}) {'ok' if ratio <= BOUND else 'ABOVE'}"
    )


def main() -> None:
    """Print the ratios."""
    import torch
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-tokens", type=int, default=EvaluationSpec().batch_tokens)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for architecture in ("apertus", "llama"):
        measure(architecture, EvaluationSpec(batch_tokens=arguments.batch_tokens), arguments.rounds)
    measure("apertus", EvaluationSpec(batch_tokens=arguments.batch_tokens, stride_bytes=CONTEXT_BYTES // 2), arguments.rounds)


if __name__ == "__main__":
    main()
