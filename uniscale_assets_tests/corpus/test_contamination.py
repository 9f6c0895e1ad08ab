"""Training text that shares words in a row with evaluation text is found, counted, listed and kept out; nothing else is."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from uniscale_assets.corpus import contamination, overlap
from uniscale_assets.corpus.contamination import CONTAMINATION_FILE
from uniscale_assets.corpus.ledger import Counts, EvaluationCounts, MixtureLedger, read_mixture_ledger
from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.corpus.spec import CorpusSpec, DecontaminationSpec, SplitBytes, SplitFractions
from uniscale_assets.corpus.splits import split_of
from uniscale_assets.errors import CorpusError
from uniscale_assets.files import hash_directory
from uniscale_assets_tests.corpus.texts import build_all, files_spec, write_bytes, write_rows

FRACTIONS = SplitFractions(tokenizer=0.3, train=0.3, validation=0.2, test=0.2)
WORDS = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("a", "eel", "ilk", "ond", "urs", "oat")]
LETTERS = [chr(0x4E00 + number * 37 % 2000) for number in range(500)]


def text_of(seed: int, words: int = 100) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def chinese(seed: int, characters: int = 100) -> str:
    return "".join(random.Random(seed).choices(LETTERS, k=characters))


def ids_in(split: str, count: int, prefix: str = "d") -> list[str]:
    """Ids of documents that fall into a split."""
    return [name for name in (f"{prefix}{number}" for number in range(1000)) if split_of(name, FRACTIONS) == split][:count]


@dataclass
class Mixed:
    """A mixture, its ledger and its listing."""

    directory: Path
    ledger: MixtureLedger
    listing: list[dict[str, Any]]

    def ids(self, split: str) -> set[str]:
        return {document.id for document in iterate_documents(self.directory, split)}  # type: ignore[arg-type]


def mix(base: Path, rows: dict[str, dict[str, str]], name: str = "mixture", **more: Any) -> Mixed:
    """Build documents and mixture of some texts, by language and id."""
    from pyarrow.parquet import read_table

    files = {
        language: write_rows(base / f"{language}.jsonl", [{"id": key, "text": text} for key, text in texts.items()])
        for language, texts in rows.items()
    }
    spec = files_spec(files, **{"splits": FRACTIONS, "decontamination": DecontaminationSpec(), **more})
    output = base / name
    output.mkdir()
    ledger = build_mixture(spec, build_all(spec, base / f"documents of {name}"), output)
    path = output / CONTAMINATION_FILE
    return Mixed(output, ledger, read_table(path).to_pylist() if path.exists() else [])


def english(count: int = 60) -> dict[str, str]:
    return {f"d{number}": text_of(number) for number in range(count)}


def spoil(texts: dict[str, str], document: str, source: str, words: int = 13) -> str:
    """Put words of one document into the middle of another, in other letters; the words."""
    taken = " ".join(texts[source].split()[20 : 20 + words])
    texts[document] = f"{text_of(900, 30)} {taken.upper().replace(' ', ', ')} {text_of(901, 30)}"
    return taken


def test_thirteen_words_in_a_row_are_found_and_twelve_are_not(tmp_path: Path) -> None:
    texts = english()
    (train, nearly), (tokenizer,), (test,), (validation,) = (
        ids_in(split, count) for split, count in (("train", 2), ("tokenizer", 1), ("test", 1), ("validation", 1))
    )
    shared = spoil(texts, train, test)
    spoil(texts, tokenizer, validation, 15)
    spoil(texts, nearly, test, 12)
    mixed = mix(tmp_path, {"eng_Latn": texts})
    assert train not in mixed.ids("train")
    assert tokenizer not in mixed.ids("tokenizer")
    assert nearly in mixed.ids("train")
    everything = set().union(*(mixed.ids(split) for split in ("tokenizer", "train", "validation", "test")))
    assert everything == set(texts) - {train, tokenizer}
    found = mixed.ledger.decontamination
    assert found is not None
    size = len(texts[train])
    assert found.found["train"] == {"eng_Latn": Counts(documents=1, bytes=size, characters=size)}
    assert found.against["test"] == EvaluationCounts(documents=len(mixed.ids("test")), too_short=0)
    assert read_mixture_ledger(mixed.directory) == mixed.ledger
    by_document = {line["document"]: line for line in mixed.listing}
    line = by_document[train]
    assert (line["split"], line["language"], line["against"]) == ("train", "eng_Latn", "test")
    assert (line["evaluation_language"], line["evaluation_document"], line["shared"]) == ("eng_Latn", test, 1)
    assert line["ngram"] == shared.upper().replace(" ", ", ")
    assert (by_document[tokenizer]["against"], by_document[tokenizer]["shared"]) == ("validation", 3)
    assert set(by_document) == {train, tokenizer}


def test_what_shares_with_several_evaluation_documents_has_a_line_for_each(tmp_path: Path) -> None:
    texts = english()
    (train,), (one, other) = ids_in("train", 1), ids_in("test", 2)
    texts[train] = " and ".join([" ".join(texts[one].split()[:20]), " ".join(texts[other].split()[-14:])])
    mixed = mix(tmp_path, {"eng_Latn": texts})
    assert {(line["evaluation_document"], line["shared"]) for line in mixed.listing} == {(one, 8), (other, 2)}


def test_a_language_is_held_against_the_evaluation_text_of_every_other(tmp_path: Path) -> None:
    texts, german = english(), {f"g{number}": text_of(1000 + number) for number in range(60)}
    (train,), (test,) = ids_in("train", 1, "g"), ids_in("test", 1)
    german[train] += " " + " ".join(texts[test].split()[:30])
    mixed = mix(tmp_path, {"eng_Latn": texts, "deu_Latn": german})
    assert [(line["language"], line["document"], line["evaluation_language"]) for line in mixed.listing] == [
        ("deu_Latn", train, "eng_Latn")
    ]


def test_a_language_without_spaces_is_held_by_characters(tmp_path: Path) -> None:
    texts = {f"d{number}": chinese(number) for number in range(60)}
    (found, not_found), (test,) = ids_in("train", 2), ids_in("test", 1)
    texts[found] = chinese(900) + texts[test][10:36] + chinese(901)
    texts[not_found] = chinese(902) + texts[test][10:35] + chinese(903)
    mixed = mix(tmp_path, {"cmn_Hani": texts})
    assert [(line["document"], line["ngram"]) for line in mixed.listing] == [(found, texts[test][10:36])]


def test_files_of_other_evaluation_text_count_with_every_string_of_a_row(tmp_path: Path) -> None:
    texts = english()
    first, second, third, fourth = ids_in("train", 4)
    passages = {name: " ".join(text_of(int(name[1:])).split()[5:25]) for name in (first, second, third)}
    items = [
        {"id": 7, "question": passages[first], "gold": 2},
        {"query": {"choices": ["no", [passages[second]]]}, "label": "a question that is far too short"},
        {"text": "too short"},
    ]
    write_bytes(tmp_path / "tasks" / "items.jsonl.gz", "".join(json.dumps(item) + "\n" for item in items).encode())
    write_bytes(tmp_path / "tasks" / "notes.txt", passages[third].encode())
    against = ("test", f"{tmp_path}/tasks/*.jsonl.gz", f"{tmp_path}/tasks/notes.txt")
    mixed = mix(tmp_path, {"eng_Latn": texts}, decontamination=DecontaminationSpec(against=against))
    lines = {line["document"]: (line["against"], line["evaluation_document"], line["evaluation_language"]) for line in mixed.listing}
    assert lines == {first: ("items.jsonl.gz", "7", ""), second: ("items.jsonl.gz", "row 2", ""), third: ("notes.txt", "notes.txt", "")}
    assert fourth in mixed.ids("train")
    found = mixed.ledger.decontamination
    assert found is not None
    assert found.against["items.jsonl.gz"] == EvaluationCounts(documents=3, too_short=1)
    assert "validation" not in found.against


def test_text_of_an_unknown_language_is_found_in_languages_with_spaces_and_without(tmp_path: Path) -> None:
    texts, han = english(), {f"h{number}": chinese(number) for number in range(60)}
    (train,), (train_han,) = ids_in("train", 1), ids_in("train", 1, "h")
    item = json.dumps({"question": texts[train][30:200], "answer": han[train_han][5:60]})
    write_bytes(tmp_path / "items.jsonl", item.encode())
    spec = DecontaminationSpec(against=(f"{tmp_path}/items.jsonl",))
    mixed = mix(tmp_path, {"eng_Latn": texts, "cmn_Hani": han}, decontamination=spec)
    assert [(line["language"], line["document"]) for line in mixed.listing] == [("eng_Latn", train), ("cmn_Hani", train_han)]


def test_what_more_documents_share_than_is_said_is_boilerplate(tmp_path: Path) -> None:
    texts = english(200)
    one, other, third = ids_in("test", 3)
    common, rare = ids_in("train", 8)[:6], ids_in("train", 8)[6:]
    for name in common:
        texts[name] += " " + " ".join(texts[one].split()[10:40])
    texts[ids_in("tokenizer", 1)[0]] += " " + " ".join(texts[one].split()[10:25])
    for name in rare:
        texts[name] += " " + " ".join(texts[other].split()[10:40])
    # Common n-grams do not count, a rare one beside them does.
    texts[common[0]] += " " + " ".join(texts[third].split()[10:23])
    found = {}
    for most in (None, 7, 6, 2, 1):
        spec = DecontaminationSpec(against=("test",), most_documents=most)
        found[most] = {line["document"] for line in mix(tmp_path, {"eng_Latn": texts}, f"most {most}", decontamination=spec).listing}
    everything = {*common, *rare, ids_in("tokenizer", 1)[0]}
    assert found[None] == found[7] == everything
    # The 3 n-grams of the tokenizer document are in seven documents, the 15 others of the common ones in six.
    assert found[6] == everything - {ids_in("tokenizer", 1)[0]}
    assert found[2] == {*rare, common[0]}
    assert found[1] == {common[0]}


def test_listing_only_removes_nothing(tmp_path: Path) -> None:
    texts = english()
    (train,), (test,) = ids_in("train", 1), ids_in("test", 1)
    spoil(texts, train, test)
    mixed = mix(tmp_path, {"eng_Latn": texts}, decontamination=DecontaminationSpec(action="list only"))
    assert train in mixed.ids("train")
    assert [line["document"] for line in mixed.listing] == [train]
    found = mixed.ledger.decontamination
    assert found is not None
    assert (found.removed, found.found["train"]["eng_Latn"].documents) == (False, 1)


def test_other_documents_take_the_place_of_those_that_go(tmp_path: Path) -> None:
    texts = english(200)
    (test,) = ids_in("test", 1)
    spoiled = ids_in("train", 12)
    for name in spoiled:
        spoil(texts, name, test)
    asked = SplitBytes(train=9_000)
    clean = mix(tmp_path, {"eng_Latn": texts}, "clean", bytes=asked)
    plain = mix(tmp_path, {"eng_Latn": texts}, "plain", bytes=asked, decontamination=None)
    assert set(spoiled) & plain.ids("train")
    assert not set(spoiled) & clean.ids("train")
    assert 8_500 < clean.ledger.total("train").bytes <= 9_000
    with pytest.raises(CorpusError, match=r"bytes\.train: asked are"):
        everything = sum(len(text) for name, text in texts.items() if split_of(name, FRACTIONS) == "train")
        mix(tmp_path, {"eng_Latn": texts}, "too much", bytes=SplitBytes(train=everything))


def test_a_split_that_is_contaminated_as_a_whole_is_an_error_that_says_so(tmp_path: Path) -> None:
    texts = dict.fromkeys((f"d{number}" for number in range(40)), "")
    texts = {name: f"{name} {text_of(1)}" for name in texts}
    with pytest.raises(CorpusError, match="or all are contaminated"):
        mix(tmp_path, {"eng_Latn": texts})


def test_batches_and_the_order_of_the_input_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = english(200)
    for train, test in zip(ids_in("train", 6), ids_in("test", 6), strict=True):
        spoil(texts, train, test)
    whole = mix(tmp_path / "a", {"eng_Latn": texts})
    shuffled = random.Random(0).sample(sorted(texts), len(texts))
    monkeypatch.setattr(contamination, "LISTED_ROWS", 2)
    monkeypatch.setattr("uniscale_assets.corpus.storage.ROW_GROUP_DOCUMENTS", 7)
    monkeypatch.setattr(overlap, "SLOTS_PER_NGRAM", 1)
    small = mix(tmp_path / "b", {"eng_Latn": {name: texts[name] for name in shuffled}})
    assert small.listing == whole.listing != []
    assert small.ledger == whole.ledger


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    texts = english()
    spoil(texts, ids_in("train", 1)[0], ids_in("test", 1)[0])
    assert len({hash_directory(mix(tmp_path / case, {"eng_Latn": texts}).directory) for case in "ab"}) == 1


def test_a_study_that_does_not_ask_gets_the_mixture_it_always_got(tmp_path: Path) -> None:
    mixed = mix(tmp_path, {"eng_Latn": english()}, decontamination=None)
    assert not (mixed.directory / CONTAMINATION_FILE).exists()
    assert list(json.loads((mixed.directory / "mixture.json").read_text())) == ["asked_bytes", "splits"]
    assert "decontamination" not in CorpusSpec(source="embedded", languages=("eng_Latn",)).model_dump()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"against": ("train",)}, "training text"),
        ({"against": ()}, "against"),
        ({"against": ("test", "test")}, "named twice"),
        ({"ngram": 2}, "ngram"),
        ({"action": "remove span"}, "list only"),
        ({"n": 13}, "n"),
        ({"most_documents": 0}, "most_documents"),
    ],
)
def test_a_wrong_key_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DecontaminationSpec(**wrong)


def test_a_file_that_is_not_there_or_no_json_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"decontamination\.against: no file matches .*missing"):
        mix(tmp_path, {"eng_Latn": english()}, decontamination=DecontaminationSpec(against=(f"{tmp_path}/missing.jsonl",)))
    write_bytes(tmp_path / "bad.jsonl", b'{"text": "fine"}\n{"text": \n')
    with pytest.raises(CorpusError, match=r"bad\.jsonl: row 2: no JSON"):
        mix(tmp_path, {"eng_Latn": english()}, "other", decontamination=DecontaminationSpec(against=(f"{tmp_path}/bad.jsonl",)))
