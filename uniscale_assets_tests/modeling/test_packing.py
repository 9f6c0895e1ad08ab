"""The stream is every document in a seeded order; budgets are exact; windows cover it once."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from uniscale_assets.errors import BudgetError
from uniscale_assets.modeling.batches import Batches, BatchLayout
from uniscale_assets.modeling.budget import ResolvedBudget, take_prefix
from uniscale_assets.modeling.packing import IGNORED, PackedText, PackedWindows, hashed
from uniscale_assets.tokenization.shards import open_shard

SEPARATOR = 0


def make_shard(lengths, seed=0):
    """Documents of random tokens, some of which account for no byte; one document may be empty."""
    draw = np.random.default_rng(seed)
    byte_ends = [np.cumsum(draw.integers(0, 4, length)) for length in lengths]
    for ends in byte_ends:
        if len(ends):
            ends[-1] = max(ends[-1], 1)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return SimpleNamespace(
        ids=draw.integers(1, 50, offsets[-1]).astype(np.uint16),
        byte_ends=np.concatenate(byte_ends).astype(np.uint32),
        offsets=offsets,
        document_bytes=np.array([int(ends[-1]) if len(ends) else 0 for ends in byte_ends], dtype=np.int64),
    )


def written_out(text, epochs):
    """The stream token by token: ids and bytes."""
    ids, counts = [], []
    for epoch in range(epochs):
        for document in text.epoch(epoch).order:
            first, last = text.offsets[document], text.offsets[document + 1]
            ids += [SEPARATOR, *text.ids[first:last].tolist()]
            counts += [0, *np.diff(text.byte_ends[first:last].astype(int), prepend=0).tolist()]
    return np.array(ids), np.array(counts)


@pytest.fixture
def text():
    return PackedText(make_shard([5, 1, 0, 9, 30, 2, 7, 7, 1, 12]), SEPARATOR, seed=3)


def test_every_position_is_the_written_out_stream_over_several_epochs(text):
    ids, counts = written_out(text, 3)
    positions = np.random.default_rng(1).integers(0, len(ids), (40, 6))
    located = text.locate(positions)
    assert np.array_equal(located.ids, ids[positions])
    assert np.array_equal(located.bytes, counts[positions])
    assert np.array_equal(located.is_separator, ids[positions] == SEPARATOR)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99, 1.0, 1.7, 2.0, 2.5])
def test_a_budget_in_bytes_is_the_shortest_prefix_that_reaches_it(text, share):
    ids, counts = written_out(text, 3)
    budget = max(1, round(share * text.bytes))
    prefix = text.prefix_of_bytes(budget)
    assert prefix.labels == np.searchsorted(np.cumsum(counts), budget)
    assert prefix.bytes == counts[: prefix.labels + 1].sum() == budget + prefix.overshoot_bytes
    assert 0 <= prefix.overshoot_bytes < counts[prefix.labels]
    labels = ids[1 : prefix.labels + 1]
    assert prefix.separator_tokens == np.count_nonzero(labels == SEPARATOR)
    assert prefix.text_tokens == np.count_nonzero(labels != SEPARATOR)


@pytest.mark.parametrize("labels", [1, 2, 40, 83, 84, 100, 170])
def test_a_budget_in_tokens_is_that_many_labels(text, labels):
    ids, counts = written_out(text, 3)
    prefix = text.prefix_of_labels(labels)
    assert (prefix.labels, prefix.overshoot_bytes) == (labels, 0)
    assert prefix.bytes == counts[1 : labels + 1].sum()
    assert prefix.separator_tokens == np.count_nonzero(ids[1 : labels + 1] == SEPARATOR)
    assert prefix.text_tokens == labels - prefix.separator_tokens


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("context", [1, 7, 16, 400])
def test_windows_label_every_token_of_the_prefix_once_and_none_beyond(text, context, shuffle):
    ids, _ = written_out(text, 2)
    prefix = text.prefix_of_bytes(round(1.4 * text.bytes))
    windows = PackedWindows(text, prefix, context, shuffle)
    batch = windows.batch(windows.order)
    assert sorted(windows.order.tolist()) == list(range(len(windows)))
    placed = np.full((len(windows), context), IGNORED)
    placed[windows.order] = batch.labels
    assert np.array_equal(placed.ravel()[: prefix.labels], ids[1 : prefix.labels + 1])
    assert (placed.ravel()[prefix.labels :] == IGNORED).all()
    known = batch.labels != IGNORED
    assert np.array_equal(batch.inputs[:, 1:][known[:, 1:]], batch.labels[:, :-1][known[:, 1:]])
    assert (batch.text_tokens, batch.bytes) == (prefix.text_tokens, prefix.bytes)
    assert windows.window_labels(windows.order).sum() == prefix.labels


def test_windows_of_a_later_epoch_come_after_those_of_an_earlier_one(text):
    windows = PackedWindows(text, text.prefix_of_bytes(3 * text.bytes), 5, shuffle=True)
    epochs = windows.order * 5 // text.length
    assert np.array_equal(epochs, np.sort(epochs))
    assert not np.array_equal(windows.order, np.sort(windows.order))


def test_the_order_of_documents_is_the_seeds_and_the_same_for_every_tokenizer(shards):
    def orders(seed):
        return [PackedText(open_shard(directory, "train"), 0, seed).epoch(0).order.tolist() for directory in shards.values()]

    small, large = orders(1)
    assert small == large
    assert orders(1) == [small, large]
    assert orders(2)[0] != small
    assert PackedText(open_shard(shards[300], "train"), 0, 1).epoch(1).order.tolist() != small


def test_adding_documents_moves_no_other():
    few, many = np.argsort(hashed(np.arange(50), 9, 0)), np.argsort(hashed(np.arange(80), 9, 0))
    assert [index for index in many if index < 50] == few.tolist()


def test_keys_are_uniform():
    keys = hashed(np.arange(100_000), 1, 0).astype(np.float64) / 2**64
    assert keys.mean() == pytest.approx(0.5, abs=0.01)
    assert np.histogram(keys, 10)[0] == pytest.approx(10_000, rel=0.05)


def test_two_seeds_give_other_windows_of_other_documents(text):
    other = PackedText(make_shard([5, 1, 0, 9, 30, 2, 7, 7, 1, 12]), SEPARATOR, seed=4)
    assert written_out(text, 1)[0].tolist() != written_out(other, 1)[0].tolist()


def test_a_batch_copies_nothing_but_itself(tmp_path):
    tokens, documents = 4_000_000, 2000
    shard = make_shard([tokens // documents] * documents)
    for name in ("ids", "byte_ends"):
        np.save(tmp_path / f"{name}.npy", getattr(shard, name))
        setattr(shard, name, np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    text = PackedText(shard, SEPARATOR, seed=1)
    windows = PackedWindows(text, text.prefix_of_bytes(text.bytes), 64, shuffle=True)
    chosen = windows.order[1000:1008]
    tracemalloc.start()
    windows.batch(chosen)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000  # the corpus has 24 MB, the batch 512 positions


def test_a_budget_larger_than_the_text_says_how_many_epochs_it_takes(text):
    with pytest.raises(BudgetError, match=r"2\.50 epochs.*training\.repeat"):
        take_prefix(text, ResolvedBudget(bytes=round(2.5 * text.bytes), labels=None), repeat=False)
    with pytest.raises(BudgetError, match=r"3\.00 epochs"):
        take_prefix(text, ResolvedBudget(bytes=None, labels=3 * text.length - 1), repeat=False)
    assert take_prefix(text, ResolvedBudget(bytes=2 * text.bytes, labels=None), repeat=True).bytes == 2 * text.bytes
    assert take_prefix(text, ResolvedBudget(bytes=text.bytes, labels=None), repeat=False).bytes == text.bytes
    assert take_prefix(text, ResolvedBudget(bytes=None, labels=text.length - 1), repeat=False).bytes == text.bytes


def test_text_without_documents_is_an_error():
    empty = SimpleNamespace(
        ids=np.zeros(0, np.uint16), byte_ends=np.zeros(0, np.uint32), offsets=np.zeros(1, np.int64), document_bytes=np.zeros(0, np.int64)
    )
    with pytest.raises(BudgetError, match="the train split has no text"):
        take_prefix(PackedText(empty, SEPARATOR, 1), ResolvedBudget(bytes=10, labels=None), repeat=True)


@pytest.mark.parametrize(
    ("contexts", "micro", "processes"), [(4, None, 1), (4, 1, 1), (5, 2, 1), (4, None, 2), (6, 2, 3), (5, 1, 2), (1, None, 2)]
)
def test_any_split_of_a_batch_holds_the_same_windows(text, contexts, micro, processes):
    windows = PackedWindows(text, text.prefix_of_bytes(text.bytes), 8, shuffle=True)
    layout = BatchLayout.of(contexts, micro, processes)
    dealt = [list(Batches(windows, layout, process)) for process in range(processes)]
    steps = -(-len(windows) // contexts)
    for parts in dealt:
        assert len(parts) == steps * layout.accumulation
        assert all(part["input_ids"].shape == (layout.micro, 8) for part in parts)
    for step in range(steps):
        chosen = windows.order[step * contexts : (step + 1) * contexts]
        part_of = [part for parts in dealt for part in parts[step * layout.accumulation : (step + 1) * layout.accumulation]]
        rows = sorted(row.tolist() for part in part_of for row in part["labels"] if (row != IGNORED).any())
        assert rows == sorted(windows.batch(chosen).labels.tolist())
        assert {part["step_labels"] for part in part_of} == {int((windows.batch(chosen).labels != IGNORED).sum())}
        assert sum(part["bytes"] for part in part_of) == windows.batch(chosen).bytes
