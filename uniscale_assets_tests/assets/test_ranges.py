"""Any set of partitions is covered by Dagster ranges, exactly."""

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.assets.partitions import StudyPartitions, grid_key, ranges
from uniscale_assets.study import load_study

DEMO = load_study("demo")
GRID = StudyPartitions(DEMO).grid


def covered(found: list[tuple[str, str]]) -> list[str]:
    keys: list[str] = []
    for first, last in found:
        keys += map(str, GRID.get_partition_keys_in_range(dg.PartitionKeyRange(first, last)))
    return keys


@given(st.sets(st.sampled_from(DEMO.grid)))
def test_ranges_of_the_grid_hold_what_was_wanted_once_and_nothing_else(wanted: set) -> None:
    keys = covered(ranges(sorted(wanted), DEMO))
    assert sorted({str(grid_key(GRID.get_partition_key_from_str(key))) for key in keys}) == sorted(map(str, wanted))
    assert len(keys) == len(wanted)


def test_the_whole_grid_is_one_range() -> None:
    assert len(ranges(DEMO.grid, DEMO)) == 1


def test_languages_and_tokenizers_are_ranges_of_neighbours() -> None:
    languages = DEMO.corpus.languages
    assert ranges([languages[0], languages[1], languages[3]], DEMO) == [(languages[0], languages[1]), (languages[3], languages[3])]
    assert ranges(["bpe_4k", "unigram_1k"], DEMO) == [("bpe_4k", "unigram_1k")]
