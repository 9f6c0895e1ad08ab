"""Token shards give back every byte of the mixture, and are read without anything but numpy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from uniscale_assets.corpus.mixing import MixtureDocument, iterate_documents
from uniscale_assets.corpus.storage import DocumentWriter
from uniscale_assets.errors import ArtifactError, DiskFullError, TokenizerError
from uniscale_assets.files import hash_directory
from uniscale_assets.tokenization import shards
from uniscale_assets.tokenization.arrays import GrowingArray
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.protocol import Encoding
from uniscale_assets.tokenization.shards import SHARD_SPLITS, ShardWriter, open_shard, read_summary, write_token_shards

if TYPE_CHECKING:
    from uniscale_assets_tests.tokenization.conftest import Train


@pytest.fixture(scope="module")
def directory(train: Train, mixture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shards of a BPE tokenizer."""
    output = tmp_path_factory.mktemp("shards")
    write_token_shards(load_tokenizer(train("bpe")), mixture, output)
    return output


@pytest.mark.parametrize("split", SHARD_SPLITS)
def test_every_byte_of_the_mixture_is_given_back(split: str, directory: Path, mixture: Path, train: Train) -> None:
    tokenizer, shard = load_tokenizer(train("bpe")), open_shard(directory, split)
    documents = list(iterate_documents(mixture, split))
    assert shard.documents() == [(document.language, document.id) for document in documents]
    assert len(shard.offsets) == len(documents) + 1
    assert (shard.offsets[0], shard.offsets[-1]) == (0, len(shard.ids))
    for index, document in enumerate(documents):
        tokens = slice(shard.offsets[index], shard.offsets[index + 1])
        assert tokenizer.decode(shard.ids[tokens]) == document.text.encode()
        assert np.array_equal(shard.byte_ends[tokens], np.cumsum([len(tokenizer.decode([index])) for index in shard.ids[tokens]]))
        assert shard.byte_ends[tokens][-1] == shard.document_bytes[index] == document.bytes
    assert 0 not in shard.ids


def test_arrays_are_memory_maps_of_the_narrowest_type(directory: Path) -> None:
    shard = open_shard(directory, "train")
    for array, dtype in ((shard.ids, "uint16"), (shard.byte_ends, "uint32"), (shard.offsets, "int64"), (shard.document_bytes, "int64")):
        assert isinstance(array, np.memmap)
        assert array.dtype == dtype


@pytest.mark.parametrize(("vocab_size", "dtype"), [(65_536, "uint16"), (65_537, "uint32")])
def test_ids_are_as_wide_as_the_vocabulary_needs(vocab_size: int, dtype: str, tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "test", vocab_size) as writer:
        document = MixtureDocument(language="eng_Latn", id="a", text="ab", bytes=2)
        writer.append([document], [Encoding(np.array([vocab_size - 1], np.int32), np.array([2], np.int64))])
    ids = np.load(tmp_path / "test.ids.npy")
    assert (ids.dtype, ids.tolist()) == (dtype, [vocab_size - 1])


def test_the_summary_counts_what_is_there(directory: Path, mixture: Path) -> None:
    summary = read_summary(directory)
    assert (summary.vocab_size, summary.separator_id) == (1000, 0)
    for split in SHARD_SPLITS:
        sizes = [document.bytes for document in iterate_documents(mixture, split)]
        counts = summary.splits[split]
        assert (counts.documents, counts.bytes, counts.tokens) == (len(sizes), sum(sizes), len(open_shard(directory, split).ids))
        rows = pq.read_table(directory / f"{split}.documents.parquet").to_pydict()
        assert rows["bytes"] == sizes
        assert rows["tokens"] == np.diff(open_shard(directory, split).offsets).tolist()
    assert summary.bytes_per_token == summary.splits["validation"].bytes / summary.splits["validation"].tokens


def test_the_same_text_gives_the_same_files_whatever_the_batch(
    directory: Path, mixture: Path, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "BATCH_BYTES", 10_000)
    write_token_shards(load_tokenizer(train("bpe")), mixture, tmp_path)
    # Row groups of the list of documents follow the batches; its rows do not.
    tables = frozenset(f"{split}.documents.parquet" for split in SHARD_SPLITS)
    assert hash_directory(tmp_path, leave_out=tables) == hash_directory(directory, leave_out=tables)
    for name in tables:
        assert pq.read_table(tmp_path / name).equals(pq.read_table(directory / name))
    monkeypatch.undo()
    (tmp_path / "again").mkdir()
    write_token_shards(load_tokenizer(train("bpe")), mixture, tmp_path / "again")
    assert hash_directory(tmp_path / "again") == hash_directory(directory)


def test_reading_needs_nothing_but_numpy(directory: Path) -> None:
    script = (
        "import sys, json\nfrom pathlib import Path\nfrom uniscale_assets.tokenization.shards import open_shard\n"
        "shard = open_shard(Path(sys.argv[1]), 'train')\n"
        "print(json.dumps([len(shard.ids), int(shard.byte_ends[0]), len(shard.offsets), len(shard.document_bytes), list(sys.modules)]))"
    )
    found = subprocess.run([sys.executable, "-c", script, str(directory)], check=True, capture_output=True, text=True)
    *_, modules = json.loads(found.stdout)
    assert "numpy" in modules
    assert not {"tokenizers", "sentencepiece", "pyarrow", "polars", "torch", "transformers"} & set(modules)


def test_byte_ends_that_miss_a_byte_are_refused_with_the_document(tmp_path: Path) -> None:
    document = MixtureDocument(language="fra_Latn", id="café", text="é", bytes=2)
    wrong = Encoding(np.array([5], np.int32), np.array([1], np.int64))
    message = r"document 'café' \(fra_Latn\): tokens account for 1 of 2 bytes"
    with pytest.raises(TokenizerError, match=message), ShardWriter(tmp_path, "test", 300) as writer:
        writer.append([document], [wrong])
    # What was broken off does not pass for a short shard.
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(tmp_path / "test.ids.npy")


def write_mixture(directory: Path, texts: dict[str, list[str]]) -> Path:
    for split, of_split in texts.items():
        with DocumentWriter(directory / f"{split}.parquet", with_language=True) as writer:
            for index, text in enumerate(of_split):
                writer.add(("eng_Latn", f"{split}{index}", text, len(text.encode()), len(text)), len(text.encode()))
    return directory


def test_a_split_without_documents_is_empty_not_wrong(train: Train, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    mixture = write_mixture(tmp_path, {"train": ["some text"], "validation": ["other text"], "test": []})
    write_token_shards(load_tokenizer(train("bpe")), mixture, tmp_path / "shards")
    shard = open_shard(tmp_path / "shards", "test")
    assert [len(shard.ids), len(shard.byte_ends), shard.offsets.tolist(), len(shard.document_bytes)] == [0, 0, [0], 0]
    assert shard.documents() == []


def test_no_validation_text_is_an_error_with_a_way_out(train: Train, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    mixture = write_mixture(tmp_path, {"train": ["some text"], "validation": [], "test": []})
    with pytest.raises(TokenizerError, match=r"no validation text .* raise corpus.splits.validation"):
        write_token_shards(load_tokenizer(train("bpe")), mixture, tmp_path / "shards")


def test_a_mixture_that_is_not_there_is_named(train: Train, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"train.parquet"):
        write_token_shards(load_tokenizer(train("bpe")), tmp_path, tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("name", ["train.ids.npy", "test.documents.parquet"])
def test_a_full_disk_says_what_to_do(name: str, train: Train, mixture: Path, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match=r"no space left on the disk; free some"):
        write_token_shards(load_tokenizer(train("bpe")), mixture, tmp_path)


def test_what_is_no_shard_is_named(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"shards.json: not readable as token shards"):
        open_shard(tmp_path, "train")
    with pytest.raises(TokenizerError, match=r"holds no split 'tokenizer'; it holds train, validation, test"):
        open_shard(directory, "tokenizer")
    (tmp_path / "shards.json").write_bytes((directory / "shards.json").read_bytes())
    (tmp_path / "train.ids.npy").write_bytes((directory / "train.ids.npy").read_bytes()[:1000])
    with pytest.raises(TokenizerError, match=r"train.ids.npy: not readable as a token shard .* materialize token_shards again"):
        _ = open_shard(tmp_path, "train").ids


def test_a_growing_array_is_a_file_that_numpy_reads(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    with GrowingArray(path, "uint32") as array:
        for start in range(0, 10_000, 1000):
            array.append(np.arange(start, start + 1000))
        array.append(np.zeros(0, dtype=np.int64))
    assert np.array_equal(np.load(path), np.arange(10_000))
    assert np.load(path, mmap_mode="r").dtype == np.uint32
