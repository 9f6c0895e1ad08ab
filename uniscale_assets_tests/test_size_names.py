"""Sizes sort by what they mean."""

from __future__ import annotations

import pytest

from uniscale_assets.errors import BadInputError
from uniscale_assets.size_names import parameters_of_size_name


def test_sizes_sort_by_parameters() -> None:
    names = ["100M", "1B", "300M", "30M", "0.06M", "3B", "60K"]
    assert sorted(names, key=parameters_of_size_name) == ["0.06M", "60K", "30M", "100M", "300M", "1B", "3B"]
    assert parameters_of_size_name("0.06M") == pytest.approx(60_000)


@pytest.mark.parametrize("name", ["", "M", "1", "1m", "-1M", "1 B", "1e3M"])
def test_other_texts_are_refused(name: str) -> None:
    with pytest.raises(BadInputError, match=r"such as 0\.06M"):
        parameters_of_size_name(name)
