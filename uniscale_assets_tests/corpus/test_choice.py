"""Which whole documents fill a quota."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from uniscale_assets.corpus.choice import TOLERANCE, choose, extra_rooms

DOCUMENTS = st.lists(st.integers(1, 1000), max_size=60)


def test_documents_are_taken_in_order_until_one_does_not_fit() -> None:
    # 40 + 30 leave 30 of 100: 50 does not fit, then 20 does, and 10 fills it.
    assert list(choose([40, 30, 50, 20, 10, 5], 100)) == [40, 30, 0, 20, 10, 0]


def test_a_gap_within_the_tolerance_stays() -> None:
    # 995 of 1000 are taken: what is left is less than a hundredth, and 4 is not looked at.
    assert list(choose([995, 30, 4], 1000)) == [995, 0, 0]


def test_what_is_left_over_goes_to_documents_that_the_quota_did_not_take() -> None:
    assert list(choose([40, 90, 60, 70], 100, extra=75)) == [40, 0, 60, 70]


def test_none_fits() -> None:
    assert list(choose([400, 300], 100)) == [0, 0]


def test_gaps_are_filled_over_all_languages() -> None:
    sizes = {"a": [60, 70], "b": [50, 45, 80]}
    shares = {"a": 100, "b": 100}
    # a takes 60 and b 95: 45 are left, a fell short most, but its 70 do not fit, nor do b's 80.
    assert extra_rooms(sizes.__getitem__, shares, {"a": 130, "b": 175}) == {"a": 45, "b": 45}
    sizes["a"].append(42)
    # Now a's quota cannot take 42 (40 are left), the leftover can; 3 remain for b.
    assert extra_rooms(sizes.__getitem__, shares, {"a": 172, "b": 175}) == {"a": 45, "b": 3}


def test_a_limit_holds_for_what_is_filled() -> None:
    sizes = {"a": [60, 42], "b": [50, 45]}
    assert extra_rooms(sizes.__getitem__, {"a": 100, "b": 100}, {"a": 100, "b": 95}) == {"a": 40, "b": 0}


@given(sizes=DOCUMENTS, share=st.integers(0, 20_000))
def test_never_above_and_nothing_that_fits_is_left(sizes: list[int], share: int) -> None:
    taken = list(choose(sizes, share))
    assert all(got in (0, size) for got, size in zip(taken, sizes, strict=True))
    room = share - sum(taken)
    assert room >= 0
    left = [size for got, size in zip(taken, sizes, strict=True) if not got]
    assert room <= TOLERANCE * share or all(size > room for size in left)


@given(sizes=DOCUMENTS, shares=st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)))
def test_raising_the_bytes_keeps_every_document_before_the_first_gap(sizes: list[int], shares: tuple[int, int]) -> None:
    before, after = (list(choose(sizes, share)) for share in sorted(shares))
    first_gap = before.index(0) if 0 in before else len(before)
    assert after[:first_gap] == before[:first_gap]


@given(sizes=st.lists(st.integers(1, 10), min_size=200, max_size=400), shares=st.tuples(st.integers(1000, 2000), st.integers(1000, 2000)))
def test_raising_the_bytes_only_adds_documents_where_they_are_small(sizes: list[int], shares: tuple[int, int]) -> None:
    before, after = (list(choose(sizes, share)) for share in sorted(shares))
    assert all(new >= old for old, new in zip(before, after, strict=True))


@given(sizes=st.lists(DOCUMENTS, min_size=2, max_size=4), data=st.data())
def test_all_languages_together_stay_within_what_was_asked(sizes: list[list[int]], data: st.DataObject) -> None:
    documents = dict(enumerate(sizes))
    shares = {str(name): data.draw(st.integers(0, sum(of_language))) for name, of_language in documents.items()}
    limits = {str(name): sum(of_language) for name, of_language in documents.items()}
    extras = extra_rooms(lambda name: documents[int(name)], shares, limits)
    taken = {name: sum(choose(documents[int(name)], shares[name], extras[name])) for name in shares}
    assert sum(taken.values()) <= sum(shares.values())
    assert all(taken[name] >= sum(choose(documents[int(name)], shares[name])) for name in shares)
