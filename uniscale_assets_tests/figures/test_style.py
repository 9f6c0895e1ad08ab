"""The same tokenizer looks the same in every figure, and sizes sort as numbers."""

from __future__ import annotations

from uniscale_assets.figures.style import PALETTE, UNKNOWN, sorted_sizes, style_for, styles_of, text_of


def test_colour_is_by_position_in_the_study_and_marker_by_family() -> None:
    styles = styles_of({"bpe_1k": "bpe", "unigram_1k": "unigram", "bpe_2k": "bpe"})
    assert [style.colour for style in styles.values()] == list(PALETTE[:3])
    assert styles["bpe_1k"].symbol == styles["bpe_2k"].symbol != styles["unigram_1k"].symbol


def test_a_tokenizer_added_at_the_end_changes_no_other() -> None:
    families = {f"bpe_{number}k": "bpe" for number in range(1, 10)}
    before, after = styles_of(families), styles_of({**families, "unigram_1k": "unigram"})
    assert all(after[name] == style for name, style in before.items())


def test_28_tokenizers_of_one_family_all_look_different() -> None:
    styles = styles_of({f"bpe_{number}k": "bpe" for number in range(28)})
    assert len({(style.colour, style.dash) for style in styles.values()}) == 28


def test_neighbours_in_the_palette_differ_in_lightness_or_hue_for_the_colour_blind() -> None:
    # Deuteranopia after Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
    matrix = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
    seen = [tuple(sum(weight * part for weight, part in zip(row, linear(colour), strict=True)) for row in matrix) for colour in PALETTE]
    for index, first in enumerate(seen):
        for second in seen[index + 1 :]:
            assert sum((one - other) ** 2 for one, other in zip(first, second, strict=True)) ** 0.5 > 0.08


def linear(colour: str) -> list[float]:
    """Linear RGB of a colour like #0072B2."""
    return [(int(colour[start : start + 2], 16) / 255) ** 2.2 for start in (1, 3, 5)]


def test_an_unknown_tokenizer_is_drawn_too() -> None:
    assert style_for(styles_of({"bpe_1k": "bpe"}), "somebody_elses") == UNKNOWN


def test_sizes_sort_by_number() -> None:
    assert sorted_sizes(["1B", "300M", "0.06M", "30M", "100M", "1B"]) == ["0.06M", "30M", "100M", "300M", "1B"]


def test_markup_in_a_name_stays_text() -> None:
    assert text_of("<b>a&b</b>") == "&lt;b&gt;a&amp;b&lt;/b&gt;"
