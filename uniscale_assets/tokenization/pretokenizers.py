"""How text is cut before a family sees it: the same presets for every family, in training and encoding alike.

The patterns are those of the released tokenizers. Each cut is then bounded in characters: runs of letters in scripts
without spaces, minified lines and the like would otherwise make the time of BPE training grow with the square of a run
and its memory with every distinct run. The bound is a part of the preset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uniscale_assets.tokenization.spec import PretokenizerName

LONGEST_WORD = 128
LONGEST_LINE = 512

# Every preset ends a pretoken between a line feed and what follows it here, whatever stands further on: no pattern
# crosses a line feed except into white space or, in `apertus`, a slash; and none looks ahead from a single one.
SAFE_CUT = re.compile(r"(?<=\S\n)(?=[^\s/])")
SEGMENT_CHARACTERS = 2**18


@dataclass(frozen=True)
class Preset:
    """One way to cut text.

    Attributes:
        pattern: regular expression (Oniguruma) whose matches are the pretokens; what lies between two matches is
            one too.
        longest: characters after which a pretoken is cut, and cut again.
    """

    pattern: str
    longest: int


PRESETS: dict[PretokenizerName, Preset] = {
    # Radford et al. 2019, encoder.py.
    "gpt2": Preset(r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", LONGEST_WORD),
    # tiktoken, cl100k_base.
    "gpt4": Preset(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        LONGEST_WORD,
    ),
    # swiss-ai/Apertus: words by letter case, digits one by one.
    "apertus": Preset(
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        LONGEST_WORD,
    ),
    # Whole lines with their line feed: tokens may cross words.
    "none": Preset(r"[^\n]*\n|[^\n]+", LONGEST_LINE),
}


def build_pretokenizer(name: PretokenizerName) -> Any:
    """The preset as a ``tokenizers.pre_tokenizers.PreTokenizer`` that ends in byte-level characters."""
    return pretokenizer_of(PRESETS[name])


def pretokenizer_of(preset: Preset) -> Any:
    """The cuts of a preset as a ``tokenizers.pre_tokenizers.PreTokenizer`` that ends in byte-level characters."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(preset.pattern), behavior="isolated"),
            pre_tokenizers.FixedLength(preset.longest),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def segments(text: str, characters: int = SEGMENT_CHARACTERS) -> Iterator[str]:
    """A long document in parts of about so many characters, cut only where every preset cuts.

    The pretokens of the parts are those of the document, so a document of any length is handled in bounded memory, as
    long as it has lines.
    """
    start = 0
    while len(text) - start > characters:
        match = SAFE_CUT.search(text, start + characters)
        if match is None:
            break
        yield text[start : match.start()]
        start = match.start()
    yield text[start:] if start else text
