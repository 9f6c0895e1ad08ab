"""Can a transformer learn a coder: it is trained to decompress and to compress, and asked token by token (arXiv 2404.03626, Table 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from uniscale_assets.modeling.spec import BatchSpec, BudgetSpec, ContextSpec, OptimizerSpec, ScheduleSpec, TrainingSpec
from uniscale_assets.neural_compression.coder_pairs import CoderTask, PairLayout, pieces, write_pairs
from uniscale_assets.specification import Specification

if TYPE_CHECKING:
    import numpy as np

    from uniscale_assets.corpus.spec import SplitName
    from uniscale_assets.modeling.records import TrainingProgress, TrainingTask
    from uniscale_assets.modeling.spec import ExecutionSpec
    from uniscale_assets.tokenization.protocol import Tokenizer
    from uniscale_assets.tokenization.shards import TokenShard

TASKS: tuple[CoderTask, ...] = ("decompress", "compress", "bytes alone")
ASKED_AT_ONCE = 64


class CoderTasksSpec(Specification):
    """Which coders a transformer is asked to learn, and how it is trained.

    The loss is the trainer's, over every token of a pair; accuracy and cross-entropy are over target tokens alone. The paper
    trains on target tokens alone.
    """

    tokenizers: tuple[str, ...] = Field(min_length=1, description="of a compressing family; tokens of 8 bits keep the models small")
    size: str = Field(default="0.2M", description="a shape of `llama`; the paper's is 113M")
    text_bytes: int = Field(default=64, ge=8, le=1024, description="bytes of each text; the paper's 1,024")
    train_texts: int = Field(default=20_000, gt=0, description="different texts at most, from the train split")
    held_out_texts: int = Field(default=500, gt=0, description="texts that are asked, from the validation split")
    pairs: int = Field(default=20_000, gt=0, description="trained on, texts repeated")
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    batch_pairs: int = Field(default=32, gt=0)
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = ScheduleSpec()

    def check(self, coders: Sequence[str]) -> None:
        """Raise ``ValueError`` where a study has no such coder, or there is no such size.

        Args:
            coders: tokenizers of the study that compress.
        """
        from uniscale_assets.errors import BadInputError
        from uniscale_assets.modeling.sizes import shape_of

        for name in self.tokenizers:
            if name not in coders:
                raise ValueError(
                    f"coder_tasks.tokenizers: {name!r} is no tokenizer that compresses; there are {', '.join(coders) or 'none'}"
                )
        try:
            shape_of("llama", self.size)
        except BadInputError as error:
            raise ValueError(f"coder_tasks.size: {error}") from error

    def training(self, layout: PairLayout) -> TrainingSpec:
        """As the trainer takes it: a window is one pair with its separator, and a token counts as a byte."""
        return TrainingSpec(
            budget=BudgetSpec(rule="bytes", value=float(self.pairs * layout.length)),
            context=ContextSpec(bytes=layout.length + 1),
            batch=BatchSpec(contexts=self.batch_pairs),
            optimizer=self.optimizer,
            schedule=self.schedule,
            repeat=True,
            precision="fp32",
        )


@dataclass(frozen=True)
class CoderTaskRow:
    """One model on one task."""

    task: str
    """`decompress`, `compress`; `bytes alone`: the control, which sees no code"""
    seed: int
    texts: int
    tokens: int
    """target tokens asked"""
    accuracy: float
    """of them that the model gives the highest probability, given the true ones before"""
    whole_texts: int
    """texts whose target tokens are all right"""
    cross_entropy_nats: float
    """mean over target tokens"""
    uniform_nats: float
    """of a uniform guess among the ids of a target"""
    length: int
    """tokens of a pair, padding among them"""
    training_flops: float


@dataclass(frozen=True)
class Asked:
    """Target tokens asked, how many were right, in how many texts all, and their -ln p."""

    tokens: int
    right: int
    whole_texts: int
    nats: float


@dataclass(frozen=True)
class Texts:
    """Texts to learn from and texts to be asked, all of one size."""

    train: Sequence[bytes]
    held_out: Sequence[bytes]


def texts_of(spec: CoderTasksSpec, mixture: Path) -> Texts:
    """The first texts of the train and the validation split."""
    return Texts(first_pieces(mixture, "train", spec.text_bytes, spec.train_texts), held_out_pieces(spec, mixture))


def held_out_pieces(spec: CoderTasksSpec, mixture: Path) -> list[bytes]:
    """Texts of the validation split."""
    return first_pieces(mixture, "validation", spec.text_bytes, spec.held_out_texts)


def first_pieces(mixture: Path, split: SplitName, size: int, count: int) -> list[bytes]:
    """Pieces of documents in the mixture's order, at most ``count``."""
    from uniscale_assets.corpus.mixing import iterate_documents

    found: list[bytes] = []
    for document in iterate_documents(mixture, split):
        if len(found) >= count:
            break
        found += pieces([document.text.encode()], size)
    return found[:count]


def learn_task(
    spec: CoderTasksSpec,
    task: CoderTask,
    tokenizer: Tokenizer,
    texts: Texts,
    seed: int,
    work: Path,
    execution: ExecutionSpec,
    progress: Callable[[TrainingProgress], None] | None = None,
) -> CoderTaskRow:
    """Train one model on one task and ask it.

    Args:
        spec: how it is trained.
        task: what is read and what is to be written.
        tokenizer: the coder; of a compressing family.
        texts: of ``spec.text_bytes`` each.
        seed: of initialization and order.
        work: a directory for pairs and checkpoint; an interrupted training goes on from there.
        execution: how to run; changes no result.
        progress: called on the way.

    Raises:
        BadInputError: no texts, or a tokenizer without a code.
    """
    import shutil

    from uniscale_assets.files import hash_of
    from uniscale_assets.modeling.training import train_model

    pairs, checkpoint = work / "pairs", work / "checkpoint"
    for directory in (pairs, checkpoint):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    layout = write_pairs(task, tokenizer, texts.train, texts.held_out, pairs)
    fingerprint = hash_of([spec.model_dump(mode="json"), task, seed, layout.length, pairs_hash(pairs)])
    outcome = train_model(training_task(spec, layout, seed, pairs, work, fingerprint), checkpoint, work / "training", execution, progress)
    return row_of(layout, seed, ask(checkpoint, pairs, layout), len(texts.held_out), outcome.record.training_flops)


def pairs_hash(directory: Path) -> str:
    """SHA-256 of what is trained on."""
    from uniscale_assets.files import hash_file

    return hash_file(directory / "train.ids.npy")


def training_task(spec: CoderTasksSpec, layout: PairLayout, seed: int, pairs: Path, work: Path, fingerprint: str) -> TrainingTask:
    """The training; the tokenizer beside the weights is the family `bytes`, which the trainer wants to copy."""
    from uniscale_assets.modeling.records import TrainingTask
    from uniscale_assets.neural_compression.families import Bytes
    from uniscale_assets.tokenization.spec import TokenizerSpec

    tokenizer, training = work / "tokenizer", spec.training(layout)
    tokenizer.mkdir(exist_ok=True)
    Bytes().cut(tokenizer, TokenizerSpec(name="bytes", family="bytes"), tokenizer)
    return TrainingTask(
        architecture="llama",
        size=spec.size,
        tie_embeddings=True,
        training=training,
        budget_value=training.budget.values[0],
        seed=seed,
        shards=pairs,
        tokenizer=tokenizer,
        fingerprint=fingerprint,
    )


def row_of(layout: PairLayout, seed: int, asked: Asked, texts: int, flops: float) -> CoderTaskRow:
    """What the answers come to."""
    import math

    return CoderTaskRow(
        task=layout.task,
        seed=seed,
        texts=texts,
        tokens=asked.tokens,
        accuracy=asked.right / asked.tokens,
        whole_texts=asked.whole_texts,
        cross_entropy_nats=asked.nats / asked.tokens,
        uniform_nats=math.log(layout.target_ids),
        length=layout.length,
        training_flops=flops,
    )


def ask(checkpoint: Path, pairs: Path, layout: PairLayout) -> Asked:
    """Teacher-forced answers to the validation pairs; padding and input are not asked."""
    import torch

    from uniscale_assets.evaluation.models import as_language_model, exact_arithmetic, load_checkpoint
    from uniscale_assets.tokenization.shards import open_shard

    model = as_language_model(load_checkpoint(checkpoint))
    whole, right, texts, nats = 0, 0, 0, 0.0
    streams = streams_of(open_shard(pairs, "validation"), layout)
    for first in range(0, len(streams), ASKED_AT_ONCE):
        stream = torch.from_numpy(streams[first : first + ASKED_AT_ONCE]).to(model.device)
        labels = stream[:, 1:]
        asked = (labels >= layout.first_target) & (labels < layout.padding_id)
        with exact_arithmetic():
            logits = model.head(model.hidden(stream[:, :-1])).double()
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
        hits = (logits.argmax(dim=-1) == labels) & asked
        whole, right = whole + int(asked.sum()), right + int(hits.sum())
        texts, nats = texts + int((hits == asked).all(dim=1).sum()), nats + float(losses[asked].sum())
    return Asked(whole, right, texts, nats)


def streams_of(shard: TokenShard, layout: PairLayout) -> np.ndarray:
    """Separator and pair of each document: int64 [documents, length + 1]."""
    import numpy as np

    found = np.asarray(shard.ids).astype(np.int64).reshape(-1, layout.length)
    return np.concatenate([np.zeros((len(found), 1), np.int64), found], axis=1)
