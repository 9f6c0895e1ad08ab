"""Make the tokenizer that ships with the package as an example of one that was trained elsewhere.

    python -m uniscale_assets_tests.tokenization.build_pretrained

A byte-level BPE of 2,048 ids, cut as GPT-2 cuts, on the English part of the embedded corpus alone, in the form in which
tokenizers are released: bytes and pieces in the library's own order, `<|endoftext|>` as a special token.
"""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from uniscale_assets.corpus.sources import embedded_directory, read_source
from uniscale_assets.corpus.spec import CorpusSpec

VOCAB_SIZE = 2048
DIRECTORY = embedded_directory() / "tokenizers" / "english_2k"


def build() -> str:
    """The content of ``tokenizer.json``."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    spec = CorpusSpec(source="embedded", languages=("eng_Latn",))
    backend.train_from_iterator((document.text for document in read_source(spec, "eng_Latn", Path())), trainer=trainer)
    return json.dumps(json.loads(backend.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / "tokenizer.json").write_text(build(), encoding="utf-8")
