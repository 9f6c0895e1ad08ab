"""Token shards and checkpoints for the tests of evaluation."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from uniscale_assets.corpus.sources import read_source
from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets.modeling.architectures import build_config, build_model
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.shards import SHARD_SPLITS, ShardSummary, SplitCounts
from uniscale_assets.tokenization.spec import TokenizerSpec

VOCAB_SIZE = 600
LANGUAGES = ("eng_Latn", "rus_Cyrl", "jpn_Jpan")


def read_texts(language, documents, characters, cache):
    """The first documents of a language of the embedded corpus, each cut to some characters."""
    spec = CorpusSpec(source="embedded", languages=LANGUAGES)
    rows = zip(range(documents), read_source(spec, language, cache), strict=False)
    return [(language, row.id, row.text[:characters]) for _, row in rows]


def write_shards(directory, documents, vocab_size):
    """Hand-made token shards with the same documents in every split.

    Args:
        directory: where to.
        documents: (language, id, token ids, byte ends, bytes) each.
        vocab_size: of the tokenizer.
    """
    directory.mkdir(parents=True)
    languages, names, ids, ends, sizes = zip(*documents, strict=True)
    counts = [len(tokens) for tokens in ids]
    for split in SHARD_SPLITS:
        np.save(directory / f"{split}.ids.npy", np.concatenate(ids).astype(np.uint16))
        np.save(directory / f"{split}.byte_ends.npy", np.concatenate(ends).astype(np.uint32))
        np.save(directory / f"{split}.offsets.npy", np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
        np.save(directory / f"{split}.document_bytes.npy", np.asarray(sizes, np.int64))
        table = pa.table({"language": languages, "id": names, "bytes": sizes, "tokens": counts})
        pq.write_table(table, directory / f"{split}.documents.parquet")
    total = SplitCounts(documents=len(documents), bytes=sum(sizes), tokens=sum(counts))
    summary = ShardSummary(
        vocab_size=vocab_size, separator_id=0, splits=dict.fromkeys(SHARD_SPLITS, total), bytes_per_token=sum(sizes) / sum(counts)
    )
    (directory / "shards.json").write_text(summary.model_dump_json())
    return directory


def encode(tokenizer, documents):
    """Documents (language, id, text) as ``write_shards`` takes them."""
    encodings = tokenizer.encode_batch([text for _, _, text in documents])
    return [
        (language, name, encoding.ids, encoding.byte_ends, len(text.encode()))
        for (language, name, text), encoding in zip(documents, encodings, strict=True)
    ]


def save_checkpoint(directory, vocab_size=VOCAB_SIZE, architecture="llama", initializer_range=0.3):
    """An untrained checkpoint of the smallest size; a wide initialization makes it sure of itself, so that mistakes show."""
    configuration = build_config(
        architecture,
        "0.06M",
        vocab_size=vocab_size,
        separator_id=0,
        context_tokens=64,
        tie_embeddings=True,
        initializer_range=initializer_range,
    )
    build_model(configuration, seed=1).save_pretrained(directory)
    return directory


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """As in a worker process; and tests that run side by side do not wait for each other's threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def texts(tmp_path_factory):
    """A few documents in three scripts, from one character to some windows long."""
    cache = tmp_path_factory.mktemp("cache")
    long = [row for language in LANGUAGES for row in read_texts(language, 6, 700, cache)]
    short = [(language, f"{name}/short", text[: 1 + 7 * index]) for index, (language, name, text) in enumerate(long[::2])]
    return [*long, *short]


@pytest.fixture(scope="session")
def tokenizer_directory(texts, tmp_path_factory):
    """A byte-level BPE tokenizer trained on the texts."""
    spec = TokenizerSpec(name="bpe", family="bpe", vocab_size=VOCAB_SIZE, pretokenizer="gpt4")
    vocabulary, directory = tmp_path_factory.mktemp("vocabulary"), tmp_path_factory.mktemp("tokenizer")
    family_of("bpe").train_vocabulary(spec, [text for _, _, text in texts], vocabulary)
    family_of("bpe").cut(vocabulary, spec, directory)
    return directory


@pytest.fixture(scope="session")
def shards(texts, tokenizer_directory, tmp_path_factory):
    """Token shards of the texts."""
    return write_shards(tmp_path_factory.mktemp("shards") / "bpe", encode(load_tokenizer(tokenizer_directory), texts), VOCAB_SIZE)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """An untrained Apertus."""
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"), architecture="apertus")
