"""Text that a model writes after a prompt: the likeliest token each time, until a string that ends it.

As lm-evaluation-harness' ``generate_until`` with ``do_sample: false``. A prompt is encoded as the text that it is, with the separator
before it, as in training. The most tokens of an answer are counted in tokens, as tasks say them, so a tokenizer of longer tokens
may write more bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import BadInputError, TaskError
from uniscale_assets.evaluation.models import exact_arithmetic
from uniscale_assets.evaluation.scoring import batch_size
from uniscale_assets.tokenization.pieces import piece_of
from uniscale_assets.tokenization.protocol import spells_by_token

if TYPE_CHECKING:
    import torch

    from uniscale_assets.evaluation.downstream.likelihoods import TextScorer
    from uniscale_assets.evaluation.models import LanguageModel
    from uniscale_assets.tokenization.protocol import Tokenizer

MOST_TOKENS = 256
"""of an answer where a task says nothing: lm-eval's own default"""
NAMES_OF_MOST_TOKENS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""as lm-eval takes them, the first that is there"""
WITHOUT_EFFECT = frozenset({"temperature", "top_p", "top_k", "min_p", "typical_p"})
"""on the likeliest token"""
NEUTRAL = {"num_beams": 1, "repetition_penalty": 1, "length_penalty": 1, "no_repeat_ngram_size": 0, "min_new_tokens": 0}
"""values of other options that leave the likeliest token the likeliest"""


@dataclass(frozen=True)
class Ending:
    """Where an answer ends: before any of some strings, or after so many tokens."""

    until: tuple[str, ...]
    most_tokens: int


@dataclass(frozen=True)
class Prompt:
    """A text, and where the answer to it ends."""

    text: str
    ending: Ending


def ending_of(arguments: Mapping[str, Any], task: str) -> Ending:
    """What a task's ``generation_kwargs`` ask for.

    Raises:
        BadInputError: for something else than the likeliest token each time, such as sampling or beams, or for no token at all.
    """
    left = {name: value for name, value in arguments.items() if value is not None}
    until = left.pop("until", ())
    limits = [left.pop(name) for name in NAMES_OF_MOST_TOKENS if name in left]
    refuse_sampling(left, task)
    wrong = {name: value for name, value in left.items() if name not in WITHOUT_EFFECT and NEUTRAL.get(name) != value}
    if wrong:
        raise BadInputError(f"downstream.tasks: {task}: generation_kwargs: {wrong} is not known here; {own_task(task)}")
    most = int(limits[0]) if limits else MOST_TOKENS
    if most < 1:
        raise BadInputError(f"downstream.tasks: {task}: generation_kwargs: max_gen_toks is {most}; it takes 1 or more")
    return Ending(tuple(str(stop) for stop in ([until] if isinstance(until, str) else until) if stop), most)


def refuse_sampling(options: dict[str, Any], task: str) -> None:
    """Raise ``BadInputError`` where text is drawn by chance; lm-eval takes a temperature alone to mean so."""
    sampled = options.pop("do_sample", float(options.get("temperature", 0)) > 0)
    if sampled:
        raise BadInputError(
            f"downstream.tasks: {task}: asks for text drawn by chance (do_sample: true, or a temperature above 0); here the likeliest "
            f"token is taken each time; {own_task(task)}"
        )


def own_task(task: str) -> str:
    """The way out where a task asks for another way of writing."""
    return f"write a YAML task that includes {task}'s, with generation_kwargs: {{do_sample: false, until: [...], max_gen_toks: ...}}"


def require_spelling(tokenizer: Tokenizer, task: str) -> None:
    """Raise ``BadInputError`` where the tokens of an unfinished text stand for no bytes, so that nobody can tell where it ends."""
    if not spells_by_token(tokenizer):
        raise BadInputError(
            f"downstream.tasks: {task}: is scored by text that a model writes, and the tokens of this tokenizer have a meaning only all "
            "together; take tasks that are scored by likelihoods (multiple_choice, loglikelihood) in a study that has such tokenizers"
        )


def write_answers(scorer: TextScorer, prompts: Sequence[Prompt], told: Callable[[int, int], None] | None = None) -> list[str]:
    """The answer of a model to each prompt, without the string that ended it; bytes that are no UTF-8 become U+FFFD.

    It ends too where the model says that its document does. Where prompt and answer do not both fit into the window, the beginning
    of the prompt is left out, but it keeps half of the window; an answer that is longer than what is left then is written on with
    the separator and the last half of the window in sight.

    Args:
        scorer: the model, its tokenizer and its window.
        prompts: equal ones are answered once.
        told: called with the tokens that are done, and all there are at most.

    Raises:
        BadInputError: the tokenizer's tokens mean nothing one by one.
        TaskError: the model gives no numbers.
    """
    require_spelling(scorer.tokenizer, "a task")
    asked = list(dict.fromkeys(prompts))
    opened = dict(zip(asked, openings(scorer, asked), strict=True))
    whole, done, answers = sum(len(opened[prompt]) + prompt.ending.most_tokens for prompt in asked), 0, dict[Prompt, str]()
    for batch in batches(scorer, opened):
        answers |= zip(batch, write_batch(scorer, [opened[prompt] for prompt in batch], [prompt.ending for prompt in batch]), strict=True)
        done += sum(len(opened[prompt]) + prompt.ending.most_tokens for prompt in batch)
        if told is not None:
            told(done, whole)
    return [answers[prompt] for prompt in prompts]


def openings(scorer: TextScorer, prompts: Sequence[Prompt]) -> list[list[int]]:
    """The separator and the last tokens of each prompt that leave room for an answer, and at least half the window."""
    window, found = scorer.context_tokens, list[list[int]]()
    for prompt, encoding in zip(prompts, scorer.tokenizer.encode_batch([prompt.text for prompt in prompts]), strict=True):
        room = max(window - prompt.ending.most_tokens, window // 2, 2)
        found.append([scorer.tokenizer.separator_id, *encoding.ids[-(room - 1) :].tolist()])
    return found


def batches(scorer: TextScorer, opened: Mapping[Prompt, list[int]]) -> Iterator[list[Prompt]]:
    """Prompts of equally many tokens, so that none is padded; the longest first."""
    most = max(1, batch_size(scorer.model.device.type, scorer.batch_tokens) // scorer.context_tokens)
    lengths = sorted({len(ids) for ids in opened.values()}, reverse=True)
    for length in lengths:
        equal = [prompt for prompt, ids in opened.items() if len(ids) == length]
        yield from (equal[start : start + most] for start in range(0, len(equal), most))


def write_batch(scorer: TextScorer, opened: Sequence[list[int]], endings: Sequence[Ending]) -> list[str]:
    """The answers to equally long openings."""
    import torch

    answers = [Answer(scorer.tokenizer, ending) for ending in endings]
    read = scorer.model.read or reading_again(scorer.model)
    with exact_arithmetic():
        seen = torch.tensor(opened, device=scorer.model.device)
        unread, memory = seen, None
        while True:
            hidden, memory = read(unread, memory)
            chosen = likeliest(scorer.model, hidden[:, -1])
            going_on = [answer.add(token) for answer, token in zip(answers, chosen.tolist(), strict=True)]
            if not any(going_on):
                return [answer.text for answer in answers]
            unread = chosen[:, None]
            seen = torch.cat([seen, unread], dim=1)
            if seen.shape[1] > scorer.context_tokens:
                seen = torch.cat([seen[:, :1], seen[:, -max(1, scorer.context_tokens // 2 - 1) :]], dim=1)
                unread, memory = seen, None


def reading_again(model: LanguageModel) -> Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]]:
    """As ``LanguageModel.read`` for a model that remembers nothing: it reads everything each time."""
    import torch

    def read(ids: torch.Tensor, memory: Any) -> tuple[torch.Tensor, Any]:
        seen = ids if memory is None else torch.cat([memory, ids], dim=1)
        return model.hidden(seen), seen

    return read


def likeliest(model: LanguageModel, hidden: torch.Tensor) -> torch.Tensor:
    """The id with the largest logit after each hidden state, int64 [rows]; of equal ones the first.

    Raises:
        TaskError: a logit is no number.
    """
    logits = model.head(hidden).float()
    if bool(logits.isnan().any()):
        raise TaskError("downstream.tasks: the model's logits are no numbers; the checkpoint is broken: train it again")
    return logits.argmax(dim=-1)


class Answer:
    """What a model has written after one prompt."""

    def __init__(self, tokenizer: Tokenizer, ending: Ending) -> None:
        self._tokenizer, self._ending = tokenizer, ending
        self._written, self._tokens, self._ended = bytearray(), 0, False

    def add(self, token: int) -> bool:
        """Take the next token, if the answer has not ended; whether it goes on."""
        if self._ended:
            return False
        if token == self._tokenizer.separator_id:
            self._ended = True
            return False
        self._written += piece_of(self._tokenizer, token)
        self._tokens += 1
        whole = self._decoded
        self._ended = self._tokens == self._ending.most_tokens or any(stop in whole for stop in self._ending.until)
        return not self._ended

    @property
    def _decoded(self) -> str:
        return self._written.decode("utf-8", errors="replace")

    @property
    def text(self) -> str:
        """Up to the first string that ends it, one string after another, as lm-eval cuts."""
        found = self._decoded
        for stop in self._ending.until:
            found = found.partition(stop)[0]
        return found
