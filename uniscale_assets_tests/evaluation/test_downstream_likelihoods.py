"""Likelihoods of continuations: windows, tokens that cross the context's end, and lm-eval's own model beside ours."""

from __future__ import annotations

import random
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.evaluation.bits_per_byte import evaluate_checkpoint
from uniscale_assets.evaluation.downstream.harness_model import harness_model
from uniscale_assets.evaluation.downstream.likelihoods import Continuation, TextScorer, given_tokens, plan_continuations
from uniscale_assets.evaluation.models import as_language_model, load_checkpoint
from uniscale_assets.evaluation.spec import EvaluationSpec
from uniscale_assets.tokenization.loading import load_tokenizer

WINDOW = 24


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(scope="module")
def scorer(checkpoint, tokenizer_directory):
    """A model that sees 24 tokens."""
    return TextScorer(as_language_model(load_checkpoint(checkpoint)), load_tokenizer(tokenizer_directory), WINDOW, 512)


@pytest.fixture(scope="module")
def wide(scorer):
    """The same with a window that no text here fills."""
    return TextScorer(scorer.model, scorer.tokenizer, 400, 2048)


def splits(texts, count=40, seed=3):
    """Texts cut at random places into contexts and continuations."""
    source = random.Random(seed)
    long = [text for _, _, text in texts if len(text) > 60]
    for _ in range(count):
        text = source.choice(long)
        start = source.randrange(len(text) - 50)
        cut, end = start + source.randrange(5, 25), start + source.randrange(28, 50)
        yield text[start:cut], text[cut:end]


@given(st.data())
def test_every_token_after_the_given_ones_is_scored_once_in_windows_that_fit(data):
    counts = np.array(data.draw(st.lists(st.integers(1, 60), min_size=1, max_size=6)))
    first = np.array([data.draw(st.integers(0, int(count))) for count in counts])
    window = data.draw(st.integers(1, 20))
    plan = plan_continuations(counts, first, window)
    scored = [np.zeros(count, int) for count in counts]
    for row in range(len(plan)):
        start, length, skipped = plan.start[row], plan.length[row], plan.first_scored[row]
        assert 0 < length <= window
        # Input position p predicts token p + 1, which is the text's token p counted from 0.
        scored[plan.document[row]][start + skipped : start + length] += 1
    for found, given_here in zip(scored, first, strict=True):
        assert not found[:given_here].any()
        assert (found[given_here:] == 1).all()


def test_whole_texts_have_the_likelihood_that_bits_per_byte_sums_up(texts, shards, checkpoint, tokenizer_directory, tmp_path):
    summary = evaluate_checkpoint(checkpoint, shards, EvaluationSpec(), 90, tmp_path)
    scorer = TextScorer(
        as_language_model(load_checkpoint(checkpoint)), load_tokenizer(tokenizer_directory), summary.windows.context_tokens, 2048
    )
    found = scorer.texts([text for _, _, text in texts])
    nats = summary.all_languages.negative_log_likelihood_nats
    assert -sum(one.log_likelihood for one in found) == pytest.approx(nats, rel=1e-5)


def test_choices_of_a_context_differ_by_as_much_as_the_whole_texts_do(texts, wide):
    """Also where tokens cross the context's end: what is left out is the same for all of them."""
    contexts = list(splits(texts))
    others = [continuation for _, continuation in contexts]
    asked, crossing = [], 0
    for number, (context, right) in enumerate(contexts):
        choices = [right, *others[number + 1 : number + 3], context[-2:] + right]
        asked += [Continuation(context, choice, number) for choice in choices]
    encodings = wide.tokenizer.encode_batch([item.context + item.continuation for item in asked])
    given_here = given_tokens(asked, encodings)
    for item, encoding, tokens in zip(asked, encodings, given_here, strict=True):
        crossing += int(tokens > 0 and encoding.byte_ends[tokens - 1] < len(item.context.encode()))
    assert crossing > 20
    scores = wide.continuations(asked)
    whole = wide.texts([item.context + item.continuation for item in asked])
    for number in range(len(contexts)):
        places = [place for place, item in enumerate(asked) if item.group == number]
        assert len({int(given_here[place]) for place in places}) == 1
        first = places[0]
        for place in places[1:]:
            difference = scores[place].log_likelihood - scores[first].log_likelihood
            assert difference == pytest.approx(whole[place].log_likelihood - whole[first].log_likelihood, abs=2e-4)


def test_neither_order_nor_batch_nor_company_changes_a_score(texts, scorer):
    asked = [Continuation(context, right, number) for number, (context, right) in enumerate(splits(texts))]
    found = scorer.continuations(asked)
    alone = TextScorer(scorer.model, scorer.tokenizer, WINDOW, 1).continuations(asked[::-1])[::-1]
    assert [one.log_likelihood for one in found] == pytest.approx([one.log_likelihood for one in alone], rel=1e-5, abs=1e-4)
    assert [one.greedy for one in found] == [one.greedy for one in alone]


def test_a_text_is_greedy_where_the_model_would_have_written_it(scorer):
    """Write four tokens by taking the likeliest each time; they are greedy, and no longer are with another token at the end."""
    import torch

    ids = [scorer.tokenizer.separator_id, *scorer.tokenizer.encode_batch(["The"])[0].ids.tolist()]
    given_here = len(ids)
    with torch.inference_mode():
        for _ in range(4):
            logits = scorer.model.head(scorer.model.hidden(torch.tensor([ids])))[0, -1]
            ids.append(int(logits.argmax()))
    other = [*ids[:-1], (ids[-1] + 1) % scorer.model.vocabulary or 1]
    for written, expected in ((ids, True), (other, False)):
        encoding = SimpleNamespace(ids=np.array(written[1:], np.int32), byte_ends=np.arange(1, len(written)))
        told = scorer._score([encoding], np.array([given_here - 1]), None)[0]
        assert told.greedy is expected


def test_nothing_after_a_context_is_certain(scorer):
    found = scorer.continuations([Continuation("the end", "")])[0]
    assert (found.log_likelihood, found.greedy) == (0.0, True)


def harness_of_lm_eval(directory):
    """lm-eval's own model of a checkpoint, told that the separator comes before every text."""
    from lm_eval.models.huggingface import HFLM

    class WithSeparator(HFLM):
        """`HFLM` puts its prefix only before a text without context."""

        def _encode_pair(self, context, continuation):
            before, after = super()._encode_pair(context, continuation)
            return [self.prefix_token_id, *before], after

    return WithSeparator(pretrained=str(directory), device="cpu", max_length=WINDOW, prefix_token_id=0, batch_size=4, dtype="float32")


def instances(kind, arguments):
    """Requests as lm-eval makes them, each of another document."""
    from lm_eval.api.instance import Instance

    return [Instance(kind, {}, pair, 0, metadata=("a task", number, 1)) for number, pair in enumerate(arguments)]


def test_ours_is_what_lm_eval_says_of_the_same_checkpoint(texts, scorer, checkpoint, tokenizer_directory, tmp_path):
    """With and without a context, longer than the window and shorter, where no token crosses the context's end."""
    directory = tmp_path / "checkpoint"
    shutil.copytree(checkpoint, directory)
    shutil.copytree(tokenizer_directory, directory, dirs_exist_ok=True)
    theirs, ours = harness_of_lm_eval(directory), harness_model(scorer)
    pairs = [pair for pair in cut_at_spaces(texts) if comparable(scorer.tokenizer, *pair)]
    pairs += [("", text[:7]) for _, _, text in texts if text[:7].strip()]
    assert len(pairs) > 40
    assert max(len(scorer.tokenizer.encode_batch(["".join(pair)])[0].ids) for pair in pairs) > 2 * WINDOW
    expected = theirs.loglikelihood(instances("loglikelihood", pairs), disable_tqdm=True)
    found = ours.loglikelihood(instances("loglikelihood", pairs))
    assert [score for score, _ in found] == pytest.approx([score for score, _ in expected], rel=2e-4, abs=2e-4)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]
    whole = [(text,) for _, _, text in texts]
    rolling = theirs.loglikelihood_rolling(instances("loglikelihood_rolling", whole), disable_tqdm=True)
    assert ours.loglikelihood_rolling(instances("loglikelihood_rolling", whole)) == pytest.approx(rolling, rel=2e-4)


def cut_at_spaces(texts):
    """Contexts and continuations, each continuation with the space before it, as tasks have them."""
    for _, _, text in texts:
        words = text.split(" ")
        for start in range(0, len(words) - 14, 14):
            yield " ".join(words[start : start + 10]), " " + " ".join(words[start + 10 : start + 13])


def comparable(tokenizer, context, continuation):
    """Whether no token stands over the context's end, where lm-eval counts tokens, and the continuation is no longer than it takes."""
    both, alone = tokenizer.encode_batch([context + continuation, context])
    same = both.ids[: len(alone.ids)].tolist() == alone.ids.tolist() and context == context.rstrip()
    return same and len(both.ids) - len(alone.ids) <= WINDOW
