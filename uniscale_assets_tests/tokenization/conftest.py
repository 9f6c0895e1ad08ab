"""Real text in four scripts, and tokenizers trained on it once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.corpus.spec import CorpusSpec, SplitBytes
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.protocol import trained_as
from uniscale_assets.tokenization.spec import TokenizerSpec
from uniscale_assets.tokenization.training_text import TrainingText

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("arb_Arab", "eng_Latn", "jpn_Jpan", "rus_Cyrl")


class Train(Protocol):
    """Gives the tokenizer directory of a family, a size, a preset and options."""

    def __call__(self, family: str, vocab_size: int | None = 1000, pretokenizer: str = "gpt4", **options: Any) -> Path: ...


@pytest.fixture(scope="session")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mixture of the embedded corpus: 200 kB to train tokenizers on, 200 kB of other text."""
    home = tmp_path_factory.mktemp("corpus")
    sizes = SplitBytes(tokenizer=200_000, train=120_000, validation=30_000, test=50_000)
    spec = CorpusSpec(source="embedded", languages=LANGUAGES, bytes=sizes, bytes_per_language=900_000)
    for language in LANGUAGES:
        (home / language).mkdir()
        build_documents(spec, language, home / language)
    (home / "mixture").mkdir()
    build_mixture(spec, {language: home / language for language in LANGUAGES}, home / "mixture")
    return home / "mixture"


@pytest.fixture(scope="session")
def texts(mixture: Path) -> list[str]:
    """What tokenizers are trained on."""
    return [document.text for document in iterate_documents(mixture, "tokenizer")]


@pytest.fixture(scope="session")
def training_text(mixture: Path) -> TrainingText:
    """The same with the languages."""
    return TrainingText(lambda: ((document.language, document.text) for document in iterate_documents(mixture, "tokenizer")))


@pytest.fixture(scope="session")
def unseen(mixture: Path) -> list[tuple[str, str]]:
    """Language and text of what no tokenizer has seen."""
    return [(document.language, document.text) for document in iterate_documents(mixture, "test")]


@pytest.fixture(scope="session")
def train(training_text: TrainingText, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Trains and cuts a tokenizer, each once; the vocabulary lies beside it as ``vocabulary``."""
    made: dict[str, Path] = {}

    def trained(family: str, vocab_size: int | None = 1000, pretokenizer: str = "gpt4", **options: Any) -> Path:
        entry = {"name": "x", "family": family, "vocab_size": vocab_size, "pretokenizer": pretokenizer, "options": options}
        spec = TokenizerSpec.model_validate(entry)
        key = spec.model_dump_json()
        if key not in made:
            home = tmp_path_factory.mktemp(f"{family}_{vocab_size}_{pretokenizer}_")
            for name in ("vocabulary", "tokenizer"):
                (home / name).mkdir()
            learned = trained_as(spec)
            family_of(learned.family).train_vocabulary(learned, training_text, home / "vocabulary")
            family_of(family).cut(home / "vocabulary", spec, home / "tokenizer")
            made[key] = home / "tokenizer"
        return made[key]

    return trained
