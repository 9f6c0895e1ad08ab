"""Text that models write: where it ends, what a model sees of a prompt, and what it remembers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from uniscale_assets.errors import BadInputError, TaskError
from uniscale_assets.evaluation.downstream.generation import Ending, Prompt, ending_of, write_answers
from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
from uniscale_assets.evaluation.models import LanguageModel, as_language_model, exact_arithmetic, load_checkpoint
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets_tests.evaluation.conftest import save_checkpoint

WINDOW = 40


@pytest.fixture(scope="module")
def scorer(checkpoint, tokenizer_directory):
    """An untrained model that sees 40 tokens."""
    return TextScorer(as_language_model(load_checkpoint(checkpoint)), load_tokenizer(tokenizer_directory), WINDOW, 2048)


def says(following, window=WINDOW):
    """A model whose next byte the last one decides: a table of bytes, the separator where there is none. Bytes are ids 1 to 256."""
    table = torch.zeros(257, dtype=torch.long)
    for before, after in following.items():
        table[before + 1] = after + 1
    one_hot = torch.eye(257)
    model = LanguageModel(lambda ids: one_hot[table[ids]], lambda hidden: hidden, 257, torch.device("cpu"))
    return TextScorer(model, Bytes(), window, 256)


class Bytes:
    """A byte for a token."""

    vocab_size, separator_id = 257, 0

    def encode_batch(self, texts):
        from uniscale_assets.tokenization.protocol import Encoding

        ids = [np.frombuffer(text.encode(), np.uint8).astype(np.int32) + 1 for text in texts]
        return [Encoding(one, np.arange(1, len(one) + 1)) for one in ids]

    def decode(self, ids):
        return bytes(int(token) - 1 for token in ids if token)


def answer(scorer, text, until=(), most=10):
    return write_answers(scorer, [Prompt(text, Ending(until, most))])[0]


def chain(text):
    """Each byte of a text after the one before it."""
    encoded = text.encode()
    return dict(pairwise(encoded))


def test_an_answer_ends_at_a_string_at_the_separator_or_after_so_many_tokens():
    alphabet = says(chain("abcdefgh"))
    assert answer(alphabet, "a") == "bcdefgh"
    assert answer(alphabet, "a", most=3) == "bcd"
    assert answer(alphabet, "a", ("ef", "zz")) == "bcd"
    assert answer(alphabet, "a", ("fg", "de")) == "bc"
    assert answer(alphabet, "a", ("b",)) == ""
    # After "h" its documents end.
    assert answer(alphabet, "h") == ""


def test_bytes_that_are_no_text_are_replaced_and_strings_are_found_between_them():
    scorer = says({ord("a"): 0xE2, 0xE2: 0xC3, 0xC3: 0xA9, 0xA9: ord("z"), ord("z"): ord("a")})
    assert answer(scorer, "a", ("é",)) == "\ufffd"
    assert answer(scorer, "a", most=2) == "\ufffd\ufffd"
    assert answer(scorer, "a", ("za",)) == "\ufffdé"


def test_equal_prompts_with_other_endings_have_answers_of_their_own():
    alphabet = says(chain("abcdefgh"))
    prompts = [Prompt(text, Ending(until, most)) for text, until, most in (("a", ("d",), 9), ("b", (), 2), ("a", (), 9), ("a", ("d",), 9))]
    told = []
    assert write_answers(alphabet, prompts, lambda done, whole: told.append((done, whole))) == ["bc", "cd", "bcdefgh", "bc"]
    assert told[-1] == (2 + 9 + 2 + 2 + 2 + 9,) * 2


def seen_by(window, prompt, most):
    """What a model that writes "b" forever was given, a text for each token; "|" for the separator."""
    seen = []

    def hidden(ids):
        seen.append("".join("|" if token == 0 else chr(token - 1) for token in ids[0].tolist()))
        return torch.eye(257)[torch.full_like(ids, ord("b") + 1)]

    model = LanguageModel(hidden, lambda states: states, 257, torch.device("cpu"))
    assert answer(TextScorer(model, Bytes(), window, 256), prompt, most=most) == "b" * most
    return seen


def test_a_long_prompt_loses_its_beginning_and_the_separator_stays_first():
    assert seen_by(8, "0123456789", 3) == ["|6789", "|6789b", "|6789bb"]
    assert seen_by(8, "01", 3) == ["|01", "|01b", "|01bb"]
    # Half of the window is the prompt's; then the last half of what there is goes on.
    assert seen_by(8, "0123456789", 7) == ["|789", "|789b", "|789bb", "|789bbb", "|789bbbb", "|bbb", "|bbbb"]


@pytest.mark.parametrize("architecture", ["apertus", "llama"])
def test_what_a_model_remembers_changes_nothing(architecture, texts, tokenizer_directory, tmp_path):
    """Beside reading everything again for each token, one prompt at a time; also past the window."""
    save_checkpoint(tmp_path / architecture, architecture=architecture)
    model, tokenizer = as_language_model(load_checkpoint(tmp_path / architecture)), load_tokenizer(tokenizer_directory)
    assert model.read is not None
    scorer = TextScorer(model, tokenizer, WINDOW, 256)
    prompts = [Prompt(text[:size], Ending((), most)) for _, _, text in texts[:3] for size in (20, 400) for most in (12, 50)]
    found = write_answers(scorer, prompts)
    assert found == [written_again(scorer, prompt) for prompt in prompts]
    assert len(set(found)) > 5


def written_again(scorer, prompt):
    """The plainest way to write."""
    window, most = scorer.context_tokens, prompt.ending.most_tokens
    ids = scorer.tokenizer.encode_batch([prompt.text])[0].ids.tolist()[-(max(window - most, window // 2) - 1) :]
    sight, written = [0, *ids], []
    while len(written) < most:
        with exact_arithmetic():
            token = int(scorer.model.head(scorer.model.hidden(torch.tensor([sight]))[:, -1]).argmax())
        if token == 0:
            break
        written.append(token)
        sight = [*sight, token] if len(sight) < window else [0, *[*sight, token][-(window // 2 - 1) :]]
    return scorer.tokenizer.decode(written).decode(errors="replace")


def test_other_ways_to_write_are_refused_and_those_that_change_nothing_taken():
    assert ending_of({"until": "x", "max_new_tokens": 7, "do_sample": False, "temperature": 1.0, "top_p": 1}, "t") == Ending(("x",), 7)
    assert ending_of({"until": ["", "x"], "num_beams": 1}, "t") == Ending(("x",), 256)
    assert ending_of({"max_gen_toks": 3, "max_tokens": 9, "until": None}, "t") == Ending((), 3)
    for wrong in ({"num_beams": 4}, {"repetition_penalty": 1.2}, {"max_length": 20}):
        with pytest.raises(BadInputError, match=rf"t: generation_kwargs: {{'{next(iter(wrong))}'"):
            ending_of(wrong, "t")
    with pytest.raises(BadInputError, match="max_gen_toks is 0"):
        ending_of({"max_gen_toks": 0}, "t")


class OnlyTogether(Bytes):
    """Tokens that mean nothing one by one."""

    spells_by_token = False


def test_tokens_that_mean_nothing_alone_are_refused(scorer):
    with pytest.raises(BadInputError, match="the tokens of this tokenizer have a meaning only all together"):
        answer(TextScorer(scorer.model, OnlyTogether(), WINDOW, 256), "a")


def test_a_broken_model_is_told():
    broken = LanguageModel(lambda ids: torch.full((*ids.shape, 257), torch.nan), lambda hidden: hidden, 257, torch.device("cpu"))
    with pytest.raises(TaskError, match="the checkpoint is broken"):
        answer(TextScorer(broken, Bytes(), WINDOW, 256), "a")
