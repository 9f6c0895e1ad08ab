"""Near-duplicates are found, and only those; of each the first in document order stays, whatever the order of the input."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from uniscale_assets.corpus import near_duplicates, signatures
from uniscale_assets.corpus.build import read_ledger
from uniscale_assets.corpus.near_duplicates import NEAR_DUPLICATES_FILE
from uniscale_assets.corpus.signatures import band_rows, sign
from uniscale_assets.corpus.spec import CorpusSpec, NearDuplicatesSpec, SplitFractions
from uniscale_assets.corpus.splits import order_key
from uniscale_assets.files import hash_directory
from uniscale_assets_tests.corpus.texts import build, files_spec, read_all, rows_of, write_rows

NEAR = NearDuplicatesSpec()
WORDS = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("a", "eel", "ilk", "ond", "urs", "oat")]


def text_of(seed: int, words: int = 300) -> str:
    """A text that resembles no other."""
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def changed(text: str, words: int, seed: int = 0) -> str:
    """The text with some words replaced, evenly spread: each spoils five shingles."""
    parts = text.split()
    for place in random.Random(seed).sample(range(0, len(parts), 5), words):
        parts[place] = f"changed{place}"
    return " ".join(parts)


def similarity(one: str, other: str, size: int = 5) -> float:
    """Jaccard similarity of the shingles, by definition."""
    first, second = (set(zip(*(text.split()[start:] for start in range(size)), strict=False)) for text in (one, other))
    return len(first & second) / len(first | second)


def corpus(path: Path, rows: list[dict[str, Any]], **more: Any) -> CorpusSpec:
    return files_spec({"eng_Latn": write_rows(path, rows)}, **{"near_duplicates": NEAR, **more})


def listed(directory: Path) -> list[tuple[str, str, float]]:
    from pyarrow.parquet import read_table

    return [tuple(row.values()) for row in read_table(directory / NEAR_DUPLICATES_FILE).to_pylist()]


def families() -> list[dict[str, Any]]:
    """40 texts; of every fourth two near-duplicates, of the next one a version that is too different."""
    texts = [text_of(seed) for seed in range(40)]
    rows = rows_of(texts)
    for number, text in enumerate(texts):
        if number % 4 == 0:
            rows += [{"id": f"near-{number}-{copy}", "text": changed(text, 3, copy)} for copy in range(2)]
        elif number % 4 == 1:
            rows.append({"id": f"far-{number}", "text": changed(text, 45)})
    return rows


def test_near_duplicates_go_and_everything_else_stays(tmp_path: Path) -> None:
    rows = families()
    ledger = build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "out")
    texts = {row["id"]: row["text"] for row in rows}
    kept = read_all(tmp_path / "out")
    groups = [{f"document-{number}", f"near-{number}-0", f"near-{number}-1"} for number in range(0, 40, 4)]
    assert set(kept) == set(texts) - set().union(*groups) | {min(group, key=lambda name: order_key("eng_Latn", name)) for group in groups}
    assert all(kept[name] == texts[name] for name in kept)
    assert ledger.near_duplicates is not None
    assert ledger.near_duplicates.documents == 20
    assert ledger.read == ledger.duplicates + ledger.near_duplicates + ledger.unassigned + ledger.total
    assert read_ledger(tmp_path / "out") == ledger


def test_every_dropped_document_is_listed_with_the_earlier_one_that_stays(tmp_path: Path) -> None:
    rows = families()
    build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "out")
    texts, kept, pairs = {row["id"]: row["text"] for row in rows}, read_all(tmp_path / "out"), listed(tmp_path / "out")
    assert {dropped for _, dropped, _ in pairs} == set(texts) - set(kept)
    assert [order_key("eng_Latn", dropped) for _, dropped, _ in pairs] == sorted(order_key("eng_Latn", dropped) for _, dropped, _ in pairs)
    for stays, dropped, estimate in pairs:
        assert stays in kept
        assert order_key("eng_Latn", stays) < order_key("eng_Latn", dropped)
        assert estimate >= NEAR.threshold
        # Four standard deviations of 128 permutations at 0.9.
        assert abs(estimate - similarity(texts[stays], texts[dropped])) < 0.11


def test_files_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    rows = families()
    for case, seed in enumerate((1, 2)):
        shuffled = random.Random(seed).sample(rows, len(rows))
        for number in range(case + 1):
            write_rows(tmp_path / f"in {case}" / f"{number}.jsonl", shuffled[number :: case + 1])
        build(files_spec({"eng_Latn": f"{tmp_path}/in {case}/*"}, near_duplicates=NEAR), "eng_Latn", tmp_path / f"out {case}")
    assert hash_directory(tmp_path / "out 0") == hash_directory(tmp_path / "out 1")


def test_signatures_do_not_depend_on_batches_or_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = families()
    build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "whole")
    monkeypatch.setattr(signatures, "BATCH_DOCUMENTS", 3)
    build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "small")
    assert hash_directory(tmp_path / "whole") == hash_directory(tmp_path / "small")
    program = (
        "import numpy, hashlib; from uniscale_assets.corpus.signatures import sign;"
        "r = numpy.random.default_rng(0); s = [r.integers(0, 2**64, 1 + n, dtype=numpy.uint64) for n in range(3000)];"
        "print(hashlib.sha256(sign(s, 128).tobytes()).hexdigest())"
    )
    found = {
        subprocess.run([sys.executable, "-c", program], env={**os.environ, "RAYON_NUM_THREADS": count}, stdout=-1, check=True).stdout
        for count in ("1", "3")
    }
    assert len(found) == 1


def test_signatures_agree_as_often_as_sets_are_alike() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    for shared in (100, 200, 400):
        sets = []
        for _ in range(200):
            common = rng.integers(0, 2**64, shared, dtype=np.uint64)
            sets += [np.concatenate([common, rng.integers(0, 2**64, 500 - shared, dtype=np.uint64)]) for _ in range(2)]
        found = sign(sets, 128)
        # The standard error of the mean over 200 x 128 values is at most 0.0031.
        assert abs((found[::2] == found[1::2]).mean() - shared / (1000 - shared)) < 0.0125


@pytest.mark.parametrize(("threshold", "permutations"), [(0.8, 128), (0.5, 128), (0.95, 64), (0.05, 16)])
def test_bands_find_what_is_at_the_threshold_and_have_no_more_rows_than_that_takes(threshold: float, permutations: int) -> None:
    def found(rows: int) -> float:
        return 1 - (1 - threshold**rows) ** (permutations // rows)

    rows = band_rows(threshold, permutations)
    assert found(rows) >= 0.99 or rows == 1
    assert all(found(more) < 0.99 for more in range(rows + 1, permutations + 1))


def test_similar_documents_that_each_resemble_the_next_do_not_all_fall_to_the_first(tmp_path: Path) -> None:
    """Of a chain whose ends differ, only what resembles a document that stays is dropped."""
    chain = [text_of(0, 400)]
    for step in range(12):
        parts = chain[-1].split()
        parts[step * 33 : step * 33 + 20] = text_of(100 + step, 20).split()
        chain.append(" ".join(parts))
    rows = rows_of(chain)
    build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "out")
    texts, kept = {row["id"]: row["text"] for row in rows}, read_all(tmp_path / "out")
    assert 1 < len(kept) < len(chain)
    for stays, dropped, _ in listed(tmp_path / "out"):
        assert similarity(texts[stays], texts[dropped]) > 0.7


def test_short_documents_are_near_duplicates_only_where_all_their_words_are_the_same(tmp_path: Path) -> None:
    rows = rows_of(["Good day!", "good day", "Good night", "good", "...", "!!!", "day good"])
    build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "out")
    kept = set(read_all(tmp_path / "out").values())
    assert kept - {"Good day!", "good day"} == {"Good night", "good", "...", "!!!", "day good"}
    assert len(kept & {"Good day!", "good day"}) == 1


def test_text_without_spaces_has_near_duplicates_too(tmp_path: Path) -> None:
    letters = [chr(0x4E00 + number * 37 % 2000) for number in range(4000)]
    texts = ["".join(random.Random(seed).choices(letters, k=400)) for seed in range(6)]
    rows = rows_of([*texts, texts[0][:200] + "新" + texts[0][201:]])
    spec = files_spec({"cmn_Hani": write_rows(tmp_path / "cmn.jsonl", rows)}, near_duplicates=NEAR)
    ledger = build(spec, "cmn_Hani", tmp_path / "out")
    assert ledger.near_duplicates is not None
    assert ledger.near_duplicates.documents == 1
    assert {stays for stays, _, _ in listed(tmp_path / "out")} < {"document-0", "document-6"}


def test_a_document_of_no_split_makes_none_a_near_duplicate(tmp_path: Path) -> None:
    rows = [{"id": f"{kind}-{number}", "text": changed(text_of(number), kind == "b")} for number in range(30) for kind in "ab"]
    fractions = SplitFractions(tokenizer=0.1, train=0.2, validation=0.1, test=0.1)
    ledger = build(corpus(tmp_path / "eng.jsonl", rows, splits=fractions), "eng_Latn", tmp_path / "out")
    kept = read_all(tmp_path / "out")
    assert ledger.near_duplicates is not None
    assert ledger.unassigned.documents > 10
    assert ledger.near_duplicates.documents == len(listed(tmp_path / "out")) > 3
    assert {stays for stays, _, _ in listed(tmp_path / "out")} <= set(kept)


def test_many_pages_of_one_template_are_compared_with_a_bounded_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    template = text_of(0)
    rows = rows_of([changed(template, 25, seed) for seed in range(60)])
    compared: list[int] = []
    most_similar = near_duplicates.most_similar

    def watched(*arguments: Any) -> Any:
        compared.append(len(arguments[2]))
        return most_similar(*arguments)

    monkeypatch.setattr(near_duplicates, "MOST_COMPARED", 2)
    monkeypatch.setattr(near_duplicates, "most_similar", watched)
    build(corpus(tmp_path / "eng.jsonl", rows), "eng_Latn", tmp_path / "out")
    assert 0 < max(compared) <= 2 * (128 // band_rows(0.8, 128))


def test_a_study_that_does_not_ask_keeps_them_and_its_ledger_says_nothing_of_it(tmp_path: Path) -> None:
    ledger = build(corpus(tmp_path / "eng.jsonl", families(), near_duplicates=None), "eng_Latn", tmp_path / "out")
    assert ledger.total.documents == len(families())
    assert not (tmp_path / "out" / NEAR_DUPLICATES_FILE).exists()
    assert "near" not in (tmp_path / "out" / "ledger.json").read_text()


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"threshold": 1.1}, {"shingle": 0}, {"permutations": 8}, {"bands": 3}])
def test_a_wrong_key_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        NearDuplicatesSpec(**wrong)


CHILD = """
import os, signal, sys
from pathlib import Path
from uniscale_assets.corpus import build, near_duplicates
from uniscale_assets.corpus.spec import CorpusSpec
near_duplicates.find_near_duplicates = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
build.build_documents(CorpusSpec.model_validate_json(sys.argv[1]), "eng_Latn", Path(sys.argv[2]))
"""


def test_killed_while_it_looks_for_them_it_leaves_no_ledger_and_the_next_attempt_is_whole(tmp_path: Path) -> None:
    spec = corpus(tmp_path / "eng.jsonl", families())
    (tmp_path / "killed").mkdir()
    killed = subprocess.run([sys.executable, "-c", CHILD, spec.model_dump_json(), str(tmp_path / "killed")], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "ledger.json").exists()
    for name in ("again", "never killed"):
        build(spec, "eng_Latn", tmp_path / name)
    assert hash_directory(tmp_path / "again") == hash_directory(tmp_path / "never killed")
    assert not list((tmp_path / "again").glob(".scratch*"))
