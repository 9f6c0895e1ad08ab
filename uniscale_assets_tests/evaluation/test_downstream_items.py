"""Items of the offline tasks: what is right was written so, what is wrong was not, and chance is a quarter."""

from __future__ import annotations

import json
import unicodedata

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.mixing import build_mixture
from uniscale_assets.corpus.spec import CorpusSpec
from uniscale_assets.errors import ArtifactError, BadInputError
from uniscale_assets.evaluation.downstream.boundaries import cuts, has_spaces, units
from uniscale_assets.evaluation.downstream.build import build_tasks, read_tasks_ledger
from uniscale_assets.evaluation.downstream.lexicon import Lexicon, misspellings
from uniscale_assets.evaluation.spec import DownstreamSpec, OfflineTasksSpec

LANGUAGES = ("eng_Latn", "rus_Cyrl", "jpn_Jpan")
SPEC = DownstreamSpec(offline=OfflineTasksSpec(items_per_language=24, context_bytes=90, continuation_bytes=30))


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    """A mixture of three scripts."""
    spec = CorpusSpec.model_validate_json(
        json.dumps(
            {
                "source": "embedded",
                "languages": LANGUAGES,
                "splits": {"tokenizer": 0.1, "train": 0.6, "validation": 0.1, "test": 0.2},
                "bytes": {"tokenizer": None, "train": 120_000, "validation": None, "test": 40_000},
            }
        )
    )
    documents = {language: tmp_path_factory.mktemp(language) for language in LANGUAGES}
    for language, directory in documents.items():
        build_documents(spec, language, directory)
    output = tmp_path_factory.mktemp("mixture")
    build_mixture(spec, documents, output)
    return output


@pytest.fixture(scope="module")
def tasks(mixture, tmp_path_factory):
    """The tasks of that mixture."""
    output = tmp_path_factory.mktemp("tasks")
    build_tasks(SPEC, mixture, "test", output)
    return output


def items(tasks, name):
    """The lines of a task."""
    return [json.loads(line) for line in (tasks / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def texts(mixture, split):
    """Text by language and document."""
    rows = pq.read_table(mixture / f"{split}.parquet").to_pylist()
    return {(row["language"], row["id"]): row["text"] for row in rows}


def test_the_true_continuation_is_what_follows_and_the_others_stand_elsewhere(mixture, tasks):
    written = texts(mixture, "test")
    for item in items(tasks, "true_continuation"):
        own = written[item["language"], item["document"]]
        others = [text for (language, name), text in written.items() if language == item["language"] and name != item["document"]]
        assert item["context"] + item["choices"][item["label"]] in own
        for place, choice in enumerate(item["choices"]):
            assert place == item["label"] or any(choice in text for text in others)


def test_continuations_of_an_item_differ_and_have_equally_many_bytes(tasks):
    for item in items(tasks, "true_continuation"):
        assert len(set(item["choices"])) == 4
        sizes = {len(choice.encode()) for choice in item["choices"]}
        assert len(sizes) == 1
        assert 15 <= sizes.pop() <= 30
        assert 45 <= len(item["context"].encode()) <= 90


def test_continuations_begin_and_end_between_words_where_there_are_spaces(mixture, tasks):
    written = texts(mixture, "test")
    for item in items(tasks, "true_continuation"):
        if has_spaces(item["language"]):
            assert all(choice[0].isspace() and not choice[-1].isspace() for choice in item["choices"])
            own, whole = written[item["language"], item["document"]], item["context"] + item["choices"][item["label"]]
            after = own[own.index(whole) + len(whole) :]
            assert not after or after[0].isspace()


def test_a_word_is_spelled_as_in_the_training_text_and_misspelled_as_nowhere_in_it(mixture, tasks):
    train = texts(mixture, "train")
    for item in items(tasks, "spelling"):
        known = {
            word.strip(".,;:!?()\"'«»") for (language, _), text in train.items() if language == item["language"] for word in text.split()
        }
        right = item["choices"][item["label"]].strip()
        wrong = [choice.strip() for place, choice in enumerate(item["choices"]) if place != item["label"]]
        assert len({right, *wrong}) == 4
        assert all(abs(len(units(choice)) - len(units(right))) <= 1 for choice in wrong)
        if has_spaces(item["language"]):
            assert right in known
            assert not set(wrong) & known
        else:
            joined = "\n".join(text for (language, _), text in train.items() if language == item["language"])
            assert right in joined
            assert not any(choice in joined for choice in wrong if len(units(choice)) >= 3)


@pytest.mark.parametrize("name", ["true_continuation", "spelling"])
def test_the_right_choice_stands_at_every_place_and_languages_are_interleaved(tasks, name):
    found = items(tasks, name)
    assert len({item["id"] for item in found}) == len(found)
    places = [sum(item["label"] == place for item in found) for place in range(4)]
    assert min(places) > len(found) / 12
    assert {item["language"] for item in found[:3]} == set(LANGUAGES)


@pytest.mark.parametrize("name", ["true_continuation", "spelling"])
def test_a_task_is_a_yaml_file_with_a_version_over_lines_beside_it(tasks, name):
    task = yaml.safe_load((tasks / f"{name}.yaml").read_text(encoding="utf-8"))
    assert (task["task"], task["dataset_kwargs"]["data_files"]["test"]) == (name, f"{name}.jsonl")
    assert task["metadata"]["version"] == 1.0
    assert {"acc", "acc_bytes"} <= {metric["metric"] for metric in task["metric_list"]}


def test_the_ledger_counts_what_was_written(tasks):
    ledger = read_tasks_ledger(tasks)
    for name, by_language in ledger.tasks.items():
        found = items(tasks, name)
        assert {language: counts.items for language, counts in by_language.items()} == {
            language: sum(item["language"] == language for item in found) for language in LANGUAGES
        }
        read = sum(len((item["context"] + choice).encode()) for item in found for choice in item["choices"])
        assert sum(counts.bytes for counts in by_language.values()) == read
    assert ledger.tasks["spelling"]["eng_Latn"].items == SPEC.offline.items_per_language


def test_the_same_text_gives_the_same_bytes_and_fewer_items_are_the_first_of_more(mixture, tasks, tmp_path):
    again, fewer = tmp_path / "again", tmp_path / "fewer"
    again.mkdir()
    fewer.mkdir()
    build_tasks(SPEC, mixture, "test", again)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {path.name: path.read_bytes() for path in tasks.iterdir()}
    small = SPEC.offline.model_copy(update={"items_per_language": 5})
    build_tasks(SPEC.model_copy(update={"offline": small, "tasks": ("spelling",)}), mixture, "test", fewer)
    assert {path.name for path in fewer.iterdir()} == {"spelling.yaml", "spelling.jsonl", "tasks.json"}
    whole = {item["id"]: item for item in items(tasks, "spelling")}
    assert all(whole[item["id"]] == item for item in items(fewer, "spelling"))


def test_text_that_gives_no_item_is_an_error_that_says_what_to_change(mixture, tmp_path):
    long = SPEC.offline.model_copy(update={"context_bytes": 10_000_000})
    with pytest.raises(BadInputError, match=r"downstream\.tasks: true_continuation: .*downstream\.offline"):
        build_tasks(SPEC.model_copy(update={"offline": long}), mixture, "test", tmp_path)
    with pytest.raises(ArtifactError, match="materialize downstream_tasks again"):
        read_tasks_ledger(tmp_path / "nothing")


@given(st.text(), st.sampled_from(["eng_Latn", "tha_Thai", "jpn_Jpan"]))
def test_cuts_count_bytes_and_leave_marks_with_what_they_belong_to(text, language):
    found = cuts(text.encode(errors="ignore").decode(), language)
    clean = text.encode(errors="ignore").decode()
    assert all(len(clean[:place].encode()) == size for place, size in found)
    assert not clean or (found[0], found[-1]) == ((0, 0), (len(clean), len(clean.encode())))
    assert not any(unicodedata.category(clean[place]).startswith("M") for place, _ in found[1:-1])


def test_misspellings_are_of_three_kinds_and_keep_vowel_signs_with_their_letters():
    lexicon = Lexicon("hin_Deva")
    lexicon.add("हिन्दी किताब हिन्दी किताब हिन्दी किताब " * 3)
    assert units("हिन्दी") == ["हि", "न्", "दी"]
    wrong = misspellings("हिन्दी", lexicon)
    assert len(set(wrong)) == 3
    assert all(not unicodedata.category(word[0]).startswith("M") for word in wrong)


def test_where_nothing_is_parted_by_spaces_sequences_stand_for_words():
    lexicon = Lexicon("jpn_Jpan")
    lexicon.add("東京都庁。東京都内、東京都。")
    assert lexicon.words[0] == "東京都"
    assert lexicon.counts["東京都庁"] == 1
    assert "都庁東" not in lexicon.counts
