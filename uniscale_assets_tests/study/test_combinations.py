"""Many tokenizers in one entry, each with a clear name; vocabularies shared where they can be; fingerprints as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from uniscale_assets.errors import StudyError
from uniscale_assets.files import hash_of
from uniscale_assets.study import Study, load_study, parse_study
from uniscale_assets.tokenization.combinations import expand, size_labels
from uniscale_assets.tokenization.protocol import hashed_keys

if TYPE_CHECKING:
    from pathlib import Path


def study_of(*tokenizers: dict[str, Any]) -> Study:
    content = load_study("demo").model_dump(mode="json", exclude={"tokenizers", "corpus"}, exclude_defaults=True)
    corpus = {"source": "embedded", "languages": ["eng_Latn", "rus_Cyrl"]}
    return parse_study({**content, "corpus": corpus, "tokenizers": list(tokenizers)}, "a.yaml")


def test_families_times_sizes_times_cuts() -> None:
    study = study_of({"families": ["bpe", "unigram"], "vocab_sizes": [1024, 80_000], "pretokenizers": ["gpt4", "apertus"]})
    assert study.tokenizer_names == [
        *("bpe_1k_gpt4", "bpe_1k_apertus", "bpe_80k_gpt4", "bpe_80k_apertus"),
        *("unigram_1k_gpt4", "unigram_1k_apertus", "unigram_80k_gpt4", "unigram_80k_apertus"),
    ]
    assert {(spec.family, spec.vocab_size, spec.pretokenizer) for spec in study.tokenizers} == {
        (family, size, cuts) for family in ("bpe", "unigram") for size in (1024, 80_000) for cuts in ("gpt4", "apertus")
    }


def test_a_combination_is_the_tokenizers_written_out() -> None:
    written = [
        {"name": "bpe_1k", "family": "bpe", "vocab_size": 1024},
        {"name": "bpe_4k", "family": "bpe", "vocab_size": 4096},
        {"name": "unigram_1k", "family": "unigram", "vocab_size": 1024, "options": {"longest_piece": 8}},
        {"name": "unigram_4k", "family": "unigram", "vocab_size": 4096, "options": {"longest_piece": 8}},
    ]
    families = ["bpe", {"family": "unigram", "options": {"longest_piece": 8}}]
    assert study_of({"families": families, "vocab_sizes": [1024, 4096]}) == study_of(*written)


def test_variants_of_a_family_are_told_apart_by_name() -> None:
    masked = [{"family": "masked_bpe", "name": f"masked_{share}", "options": {"masked": share / 100}} for share in (75, 90)]
    study = study_of({"families": ["bpe", *masked], "vocab_sizes": [1000, 2000]}, {"name": "last", "family": "characters"})
    assert study.tokenizer_names == ["bpe_1k", "bpe_2k", "masked_75_1k", "masked_75_2k", "masked_90_1k", "masked_90_2k", "last"]
    assert study.tokenizer("masked_90_2k").options == {"masked": 0.9}


def test_sizes_that_would_share_a_label_are_written_in_full() -> None:
    assert size_labels((1000, 2048)) == {1000: "1k", 2048: "2k"}
    assert size_labels((1000, 1024)) == {1000: "1000", 1024: "1024"}
    assert size_labels((257, 128_000, 131_072)) == {257: "257", 128_000: "128000", 131_072: "131072"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"families": ["bpe", "bpe"], "vocab_sizes": [500]}, "tokenizers: named twice: bpe_500"),
        ({"families": ["bpe"], "vocab_sizes": [500, 500]}, "tokenizers: named twice: bpe_500"),
        ({"families": ["morphemes"], "vocab_sizes": [500]}, "morphemes_500: family: 'morphemes' is not known; known are "),
        ({"families": ["bpe"], "vocab_sizes": [100]}, r"tokenizers.1.vocab_sizes.0: Input should be greater than or equal to 257$"),
        ({"families": ["bpe"]}, "tokenizers.1.vocab_sizes: Field required"),
        ({"families": [], "vocab_sizes": [500]}, "tokenizers.1.families: .*at least 1 item"),
        (
            {"families": ["bpe"], "vocab_sizes": [500], "options": {}},
            "tokenizers.1.options: unknown key; allowed here: families, vocab_sizes",
        ),
        (
            {"families": [{"family": "bpe", "option": {}}], "vocab_sizes": [500]},
            "tokenizers.1.families.0.option: unknown key; allowed here: family, name, options$",
        ),
        ({"families": ["bpe"], "vocab_sizes": [500], "pretokenizers": ["gpt9"]}, "tokenizers.1.pretokenizers.0: Input should be 'gpt2'"),
        ({"families": [{"family": "bpe", "options": {"x": 1}}], "vocab_sizes": [500]}, "bpe_500: options: x: the family bpe takes none"),
    ],
)
def test_a_mistake_names_the_place_in_the_file(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        study_of({"name": "first", "family": "bpe", "vocab_size": 300}, entry)


def test_a_mistake_after_a_combination_names_its_place_in_the_file() -> None:
    combination = {"families": ["bpe", "unigram"], "vocab_sizes": [500, 600]}
    with pytest.raises(StudyError, match=r"tokenizers.1.vocab_sizes: unknown key; allowed here: name, family, vocab_size"):
        study_of(combination, {"name": "x", "family": "bpe", "vocab_sizes": 3})
    with pytest.raises(StudyError, match="named twice: bpe_500"):
        study_of(combination, {"name": "bpe_500", "family": "bpe", "vocab_size": 500})


def test_entries_without_families_are_passed_on() -> None:
    assert expand([{"name": "x"}, 3]) == ([{"name": "x"}, 3], [0, 1])


def test_what_is_cut_from_bpe_shares_its_vocabulary() -> None:
    families = ["bpe", "wordpiece", {"family": "masked_bpe", "options": {"masked": 0.9}}, "parity_bpe", "superbpe"]
    study = study_of({"families": families, "vocab_sizes": [500, 600]})
    shared = ["bpe_500", "bpe_600", "wordpiece_500", "wordpiece_600", "masked_bpe_500", "masked_bpe_600"]
    named = {name: [spec.name for spec in group] for name, group in study.vocabularies.items()}
    assert named == {
        "bpe_600": shared,
        "parity_bpe_600": ["parity_bpe_500", "parity_bpe_600"],
        "superbpe_500": ["superbpe_500"],
        "superbpe_600": ["superbpe_600"],
    }
    assert study.vocabulary_spec("bpe_600") == study.tokenizer("bpe_600")


def test_without_a_plain_bpe_its_vocabulary_is_trained_all_the_same() -> None:
    study = study_of({"families": ["masked_bpe"], "vocab_sizes": [500, 600]})
    spec = study.vocabulary_spec("masked_bpe_600")
    assert (spec.family, spec.vocab_size, spec.options) == ("bpe", 600, {})
    assert hashed_keys(spec) == hashed_keys(study_of({"name": "b", "family": "bpe", "vocab_size": 600}).tokenizers[0])


def test_all_character_tokenizers_share_one_count() -> None:
    study = study_of(
        {"name": "all", "family": "characters"},
        {"name": "few", "family": "characters", "vocab_size": 300},
        {"name": "often", "family": "characters", "options": {"least_count": 50}},
    )
    assert list(study.vocabularies) == ["all"]


def test_the_keys_of_a_tokenizer_written_out_are_hashed_as_ever() -> None:
    # The fingerprint of every bpe and unigram artifact made so far rests on these.
    spec = load_study("demo").tokenizer("bpe_1k")
    keys = {"family": "bpe", "vocab_size": 1024, "pretokenizer": "gpt4", "options": {}}
    assert hashed_keys(spec) == keys
    assert hash_of(hashed_keys(spec)) == "16d3f989719b58d45ad71d29482098f1fc13ca79e2c01b9d3e3b9956ce2a2a86"


def test_the_path_of_a_pretrained_tokenizer_is_relative_to_the_study(tmp_path: Path) -> None:
    text = (
        "name: mine\ncorpus: {source: embedded, languages: [eng_Latn]}\nmodels: {sizes: [0.06M]}\nseeds: [1]\n"
        "training: {budget: {rule: bytes, value: 1000}, context: {bytes: 128}, batch: {contexts: 4}}\n"
        "tokenizers:\n  - {name: a, family: pretrained, options: {path: tokenizers/a.json}}\n"
    )
    (tmp_path / "mine.yaml").write_text(text)
    assert load_study(str(tmp_path / "mine.yaml")).tokenizer("a").options["path"] == str(tmp_path / "tokenizers" / "a.json")


def test_the_families_demo_has_every_family_that_ships() -> None:
    study = load_study("families_demo")
    families = {spec.family for spec in study.tokenizers}
    assert families >= {"bpe", "unigram", "wordpiece", "characters", "masked_bpe", "superbpe", "parity_bpe", "pretrained"}
    assert len(study.tokenizers) >= 9
