"""Typed keys print and parse without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.errors import BadInputError
from uniscale_assets.partition_keys import MODEL_KEY, ModelKey, budget_label

RULES = ("bytes", "bytes_per_parameter", "tokens_per_parameter", "flops")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("50M-seed42", ModelKey("50M", 42)),
        ("0.06M-seed1", ModelKey("0.06M", 1)),
        ("50M-1e18flops-seed42", ModelKey("50M", 42, "1e18flops")),
        ("1B-20tokens_per_parameter-seed0", ModelKey("1B", 0, "20tokens_per_parameter")),
    ],
)
def test_a_key_reads_as_it_prints(text: str, key: ModelKey) -> None:
    assert ModelKey.parse(text) == key
    assert str(key) == text


@pytest.mark.parametrize("text", ["50M", "50M-seed", "seed1-50M", "50M_seed1", "50M-seed1|bpe", ""])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="no model key"):
        ModelKey.parse(text)


@given(st.floats(min_value=1e-3, max_value=1e30), st.sampled_from(RULES))
def test_a_budget_reads_back_as_the_same_number(value: float, rule: str) -> None:
    label = budget_label(rule, value)
    match = MODEL_KEY.match(f"50M-{label}-seed1")
    assert match is not None
    assert float(label.removesuffix(rule)) == value


def test_budgets_print_as_people_write_them() -> None:
    assert budget_label("flops", 1e18) == "1e18flops"
    assert budget_label("flops", 2.5e9) == "2.5e9flops"
    assert budget_label("bytes", 350_000) == "350000bytes"
