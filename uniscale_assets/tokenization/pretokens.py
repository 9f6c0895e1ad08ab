"""Counts of pretokens, exactly those that BPE training sees, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from uniscale_assets.tokenization.batching import batches
from uniscale_assets.tokenization.pretokenizers import build_pretokenizer, segments

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import PretokenizerName

BATCH_CHARACTERS = 2**20


@dataclass
class PretokenCounter:
    """Counts of pretokens, of at most ``capacity`` distinct ones.

    When there are more, the rarest are forgotten until at most half the capacity remains: all those counted at most t
    times, for the least t that is enough. One that is seen again starts from nothing, so a count is too low by at
    most ``undercount``, the sum of those t; it is never too high. The result depends on the order of the text
    only where something was forgotten.

    Attributes:
        capacity: most distinct pretokens held; some 200 bytes each.
        counts: by pretoken, as raw text.
        undercount: largest error of any count.
    """

    capacity: int
    counts: Counter[str] = field(default_factory=Counter[str])
    undercount: int = 0

    def add(self, pretokens: Iterable[str]) -> None:
        """Count some more."""
        self.counts.update(pretokens)
        if len(self.counts) > self.capacity:
            self.forget_rarest()

    def forget_rarest(self) -> None:
        """Forget until at most half the capacity remains."""
        remaining = self.capacity // 2
        threshold = sorted(self.counts.values(), reverse=True)[remaining]
        self.counts = Counter({pretoken: count for pretoken, count in self.counts.items() if count > threshold})
        self.undercount += threshold

    def ordered(self) -> list[tuple[str, int]]:
        """Most frequent first, equal ones by code point: the same for any order of the text."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))


def count_pretokens(texts: Iterable[str], pretokenizer: PretokenizerName, capacity: int) -> PretokenCounter:
    """Count the pretokens of documents, one batch of text in memory at a time."""
    counter = PretokenCounter(capacity)
    parts = chain.from_iterable(segments(text) for text in texts)
    for batch in batches(parts, len, BATCH_CHARACTERS):
        counter.add(cut_batch(batch, pretokenizer))
    return counter


def cut_batch(texts: list[str], pretokenizer: PretokenizerName) -> Iterator[str]:
    """The pretokens of some documents, in order, as raw text.

    A tokenizer that knows no word gives one token for each pretoken, with its place in the text; unlike
    ``pre_tokenize_str`` it works on all cores.
    """
    from tokenizers import Tokenizer, models

    backend = Tokenizer(models.WordLevel({"unknown": 0}, unk_token="unknown"))  # noqa: S106 - no password
    backend.pre_tokenizer = build_pretokenizer(pretokenizer)
    for text, encoded in zip(texts, backend.encode_batch(texts, add_special_tokens=False), strict=True):
        for start, end in encoded.offsets:
            yield text[start:end]
