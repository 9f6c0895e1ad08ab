"""Windows: what is scored, and given what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from uniscale_assets.errors import BadInputError
from uniscale_assets.evaluation.windows import cut_batches, plan_windows, read_batch

SEPARATOR = 0

token_counts = st.lists(st.integers(1, 60), min_size=1, max_size=8)
context_and_stride = st.integers(1, 20).flatmap(lambda context: st.tuples(st.just(context), st.integers(1, context)))


def shard_of(counts):
    """Tokens 1, 2, 3, ... over all documents: an id names its token."""
    return np.arange(1, sum(counts) + 1).astype(np.uint32), np.concatenate([[0], np.cumsum(counts)])


def read_windows(counts, context, stride, batch_tokens=64):
    """Each window's document, inputs, labels, scored text labels and whether it scores the closing separator."""
    ids, offsets = shard_of(counts)
    plan = plan_windows(np.asarray(counts), context, stride)
    windows = []
    for rows in cut_batches(plan, batch_tokens):
        batch = read_batch(plan, rows, ids, offsets, SEPARATOR)
        for row, length in enumerate(plan.length[rows]):
            text = batch.scored[row] & ~batch.closing[row]
            assert not batch.scored[row, length:].any()
            windows.append(
                {
                    "document": int(batch.document[row]),
                    "inputs": batch.inputs[row, :length].tolist(),
                    "labels": batch.labels[row, :length].tolist(),
                    "scored": batch.labels[row, text].tolist(),
                    "first": int(plan.first_scored[rows][row]),
                    "closes": bool(batch.closing[row].any()),
                }
            )
    return windows


@given(token_counts, context_and_stride, st.integers(1, 200))
def test_every_text_token_and_every_closing_separator_is_scored_once(counts, window, batch_tokens):
    windows = read_windows(counts, *window, batch_tokens)
    scored = sorted(token for window in windows for token in window["scored"])
    assert scored == list(range(1, sum(counts) + 1))
    assert sorted(window["document"] for window in windows if window["closes"]) == list(range(len(counts)))


@given(token_counts, context_and_stride)
def test_a_window_is_a_stretch_of_its_document(counts, window):
    ids, offsets = shard_of(counts)
    for read in read_windows(counts, *window):
        document = ids[offsets[read["document"]] : offsets[read["document"] + 1]].tolist()
        stream = [SEPARATOR, *document, SEPARATOR]
        first = stream.index(read["inputs"][0])
        assert stream[first : first + len(read["inputs"]) + 1] == [*read["inputs"], read["labels"][-1]]
        assert read["labels"][:-1] == read["inputs"][1:]
        assert len(read["inputs"]) <= window[0] + read["closes"]
        assert read["closes"] == (read["labels"][-1] == SEPARATOR)


@given(token_counts, context_and_stride)
def test_a_token_sees_its_whole_document_or_at_least_context_minus_stride(counts, window):
    context, stride = window
    _, offsets = shard_of(counts)
    for read in read_windows(counts, context, stride):
        for place, label in enumerate(read["labels"]):
            if label in read["scored"]:
                inputs_before, tokens_before = place + 1, label - offsets[read["document"]]
                assert inputs_before >= min(tokens_before, context - stride + 1)


@given(st.integers(1, 200), st.integers(1, 40))
def test_at_stride_equal_to_context_windows_are_those_of_lm_eval(tokens, context):
    ids, _ = shard_of([tokens])
    expected = set()
    for pair in get_rolling_token_windows(ids.tolist(), SEPARATOR, context, 1):
        before, scored = make_disjoint_window(pair)
        expected.add((tuple((before + scored)[:-1]), tuple(scored)))
    # The last window reads one token more, for the separator that closes the document; lm-eval does not score that.
    ours = {
        (tuple(window["inputs"][: len(window["inputs"]) - window["closes"]]), tuple(window["scored"]))
        for window in read_windows([tokens], context, context)
    }
    assert ours == expected


@given(token_counts, context_and_stride, st.integers(1, 200))
def test_batches_keep_to_their_size_and_leave_no_window_out(counts, window, batch_tokens):
    plan = plan_windows(np.asarray(counts), *window)
    batches = list(cut_batches(plan, batch_tokens))
    assert [row for rows in batches for row in range(len(plan))[rows]] == list(range(len(plan)))
    for rows in batches:
        lengths = plan.length[rows]
        assert len(lengths) == 1 or len(lengths) * lengths.max() <= batch_tokens


@pytest.mark.parametrize("stride", [0, 9])
def test_a_stride_that_would_skip_text_is_refused(stride):
    with pytest.raises(BadInputError, match="stride"):
        plan_windows(np.asarray([20]), 8, stride)
