"""Scores of documents: against numbers worked out by hand, and against the model asked one window at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import ApertusConfig, AutoModelForCausalLM, GraniteConfig, LlamaConfig

from uniscale_assets.evaluation import scoring
from uniscale_assets.evaluation.models import as_language_model
from uniscale_assets.evaluation.scoring import score_shard
from uniscale_assets.evaluation.windows import plan_windows

VOCABULARY, SEPARATOR, CONTEXT = 300, 0, 16
COUNTS = [1, 2, 15, 16, 17, 31, 32, 33, 50, 5]


class Table(torch.nn.Module):
    """A bigram model: the probabilities of the next token are the row of the last one."""

    def __init__(self, probabilities):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(probabilities, dtype=torch.float32).log())

    def forward(self, ids):
        return self.logits[ids]


def shard_of(documents):
    offsets = np.concatenate([[0], np.cumsum([len(document) for document in documents])])
    return np.concatenate(documents).astype(np.uint16), offsets


def score(model, documents, context=CONTEXT, stride=CONTEXT, batch_tokens=64):
    """Text and separator scores, float64 [documents] each."""
    ids, offsets = shard_of(documents)
    plan = plan_windows(np.diff(offsets), context, stride)
    scores = score_shard(as_language_model(model), plan, ids, offsets, SEPARATOR, batch_tokens=batch_tokens)
    return np.stack([scores.negative_log_likelihood_nats, scores.separator_negative_log_likelihood_nats])


@pytest.fixture(scope="module")
def documents():
    generator = np.random.default_rng(7)
    return [generator.integers(1, VOCABULARY, count) for count in COUNTS]


def build(configuration, **settings):
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 64, "pad_token_id": None}
    rotary = {"rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0}}
    # A wide initialization: logits of several nats, so that a wrong context shows.
    torch.manual_seed(3)
    return AutoModelForCausalLM.from_config(configuration(**sizes, **heads, **rotary, initializer_range=0.3, **settings)).eval()


@pytest.fixture(scope="module", params=["llama", "apertus", "granite"])
def model(request):
    """Granite divides its logits by a number, so its head alone does not give them."""
    return {
        "llama": lambda: build(LlamaConfig, tie_word_embeddings=True),
        "apertus": lambda: build(ApertusConfig, tie_word_embeddings=False),
        "granite": lambda: build(GraniteConfig, logits_scaling=3.0),
    }[request.param]()


def test_a_bigram_model_gives_the_products_worked_out_by_hand():
    #                 next:  separator  a     b
    model = Table([[0.25, 0.5, 0.25], [0.125, 0.125, 0.75], [0.5, 0.25, 0.25]])
    documents = [[1, 2, 2, 1], [2], [1] * 40]
    expected = [
        # separator a: 1/2, a b: 3/4, b b: 1/4, b a: 1/4; then a separator: 1/8.
        [-math.log(0.5 * 0.75 * 0.25 * 0.25), -math.log(0.25), -math.log(0.5) - 39 * math.log(0.125)],
        [-math.log(0.125), -math.log(0.5), -math.log(0.125)],
    ]
    for context, stride in [(1, 1), (3, 1), (3, 3), (16, 5), (64, 64)]:
        np.testing.assert_allclose(score(model, documents, context, stride), expected, rtol=1e-6)


def test_scores_are_those_of_the_model_asked_one_window_at_a_time(model, documents):
    """Also that the position which scores the closing separator changes no text token: here it is left out."""
    for stride in (CONTEXT, 5):
        text, separators = score(model, documents, stride=stride)
        for index, document in enumerate(documents):
            stream = [SEPARATOR, *document]
            windows = one_document(len(document), stride)
            alone = sum(ask(model, stream[start:end], document[start:end], scored) for start, end, scored in windows)
            assert text[index] == pytest.approx(alone, rel=1e-6)
            start, end, _ = windows[-1]
            assert separators[index] == pytest.approx(ask(model, stream[start : end + 1], [*document[start:end], SEPARATOR], 1), rel=1e-5)


def one_document(tokens, stride):
    """First and end input of each window, and how many of its last labels are new: written apart from the library's."""
    windows, done = [], 0
    while done < tokens:
        end = min(tokens, CONTEXT if done == 0 else done + stride)
        windows.append((max(0, end - CONTEXT), end, end - done))
        done = end
    return windows


def ask(model, inputs, labels, scored):
    with torch.no_grad():
        logits = model(torch.tensor(np.asarray(inputs, np.int64))[None]).logits[0].double()
    losses = torch.nn.functional.cross_entropy(logits, torch.tensor(np.asarray(labels, np.int64)), reduction="none")
    return losses[-scored:].sum().item()


def test_padding_on_the_left_gives_the_same(model, documents):
    short = [document for document in documents if len(document) < CONTEXT]
    text, separators = score(model, short, batch_tokens=10_000)
    width = max(len(document) for document in short) + 1
    inputs, mask = torch.full((len(short), width), 9), torch.zeros(len(short), width, dtype=torch.long)
    for row, document in enumerate(short):
        inputs[row, width - len(document) - 1 :] = torch.tensor([SEPARATOR, *document])
        mask[row, width - len(document) - 1 :] = 1
    with torch.no_grad():
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        logits = model(inputs, attention_mask=mask, position_ids=positions).logits.double().log_softmax(-1)
    for row, document in enumerate(short):
        labels = torch.tensor([*document, SEPARATOR])
        losses = -logits[row, width - len(labels) :].gather(1, labels[:, None])[:, 0]
        assert text[row] == pytest.approx(losses[:-1].sum().item(), rel=1e-6)
        assert separators[row] == pytest.approx(losses[-1].item(), rel=1e-5)


def test_batch_size_changes_nothing(model, documents):
    expected = score(model, documents, stride=7, batch_tokens=1)
    for batch_tokens in (17, 100, 100_000):
        np.testing.assert_allclose(score(model, documents, stride=7, batch_tokens=batch_tokens), expected, rtol=1e-6)


def test_order_of_documents_changes_nothing(model, documents):
    order = np.random.default_rng(1).permutation(len(documents))
    shuffled = score(model, [documents[index] for index in order])
    np.testing.assert_allclose(shuffled, score(model, documents)[:, order], rtol=1e-6)


def test_how_many_logits_exist_at_once_changes_nothing(model, documents, monkeypatch):
    expected = score(model, documents, batch_tokens=100_000)
    monkeypatch.setattr(scoring, "SMALLEST_CHUNK", 3)
    monkeypatch.setattr(scoring, "CHUNK_LOGITS", {"cpu": 1})
    np.testing.assert_allclose(score(model, documents, batch_tokens=100_000), expected, rtol=1e-6)


def test_only_scored_positions_get_logits(documents):
    model, counted = build(LlamaConfig), []
    language_model = as_language_model(model)
    model.lm_head.register_forward_hook(lambda _, inputs, __: counted.append(inputs[0].numel() // inputs[0].shape[-1]))
    ids, offsets = shard_of(documents)
    score_shard(language_model, plan_windows(np.diff(offsets), CONTEXT, 2), ids, offsets, SEPARATOR, batch_tokens=256)
    assert sum(counted) == sum(COUNTS) + len(COUNTS)


def test_progress_ends_at_all_there_is(documents):
    ids, offsets = shard_of(documents)
    plan, seen = plan_windows(np.diff(offsets), CONTEXT, 4), []
    model = as_language_model(Table(np.full((VOCABULARY, VOCABULARY), 1 / VOCABULARY)))
    score_shard(model, plan, ids, offsets, SEPARATOR, batch_tokens=64, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (plan.input_tokens, plan.input_tokens)


def test_scoring_leaves_the_precision_of_the_process_as_it_was(documents):
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        score(build(LlamaConfig), documents)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)
