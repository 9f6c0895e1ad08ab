"""How figures look: one colour and marker for each tokenizer of a study, one layout, one way to say that data is missing."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plotly.graph_objects import Figure

# Okabe and Ito, "Color Universal Design" (2008), without yellow, which vanishes on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#4D4D4D")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "star", "hexagon", "cross")
DASHES = ("solid", "dot", "dash", "dashdot")

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Helvetica, Arial, sans-serif"
INK = "#1F2933"
MUTED = "#66707A"
GRID = "#E4E7EB"
SHADE = "#DDE1E6"
"""behind tokenizers that cannot be told apart"""
LIGHT_TO_DARK = [[0.0, "#F7FBFF"], [1.0, "#6BAED6"]]
"""colours of cells whose dark text stays readable; one hue, so lightness alone carries the value"""
BEST_LINE: dict[str, Any] = {"line": {"color": MUTED, "width": 1, "dash": "dot"}, "layer": "below"}
"""a level to compare with, such as the best of a size"""


@dataclass(frozen=True)
class TokenizerStyle:
    """How one tokenizer is drawn in every figure of a study."""

    colour: str
    symbol: str
    """plotly's marker symbol: filled in the first round of colours, open in later ones"""
    dash: str
    """plotly's line dash: solid in the first round of colours"""


UNKNOWN = TokenizerStyle(MUTED, "x", "solid")


def styles_of(families: Mapping[str, str]) -> dict[str, TokenizerStyle]:
    """The style of each tokenizer: colour by its position in the study, marker by its family.

    Past the palette's end colours come round again with open markers and dashed lines, so that 28 tokenizers differ.

    Args:
        families: family of each tokenizer, in the order of the study file.
    """
    order = list(dict.fromkeys(families.values()))
    styles: dict[str, TokenizerStyle] = {}
    for position, (name, family) in enumerate(families.items()):
        round_, index = divmod(position, len(PALETTE))
        symbol = SYMBOLS[order.index(family) % len(SYMBOLS)] + ("-open" if round_ % 2 else "")
        styles[name] = TokenizerStyle(PALETTE[index], symbol, DASHES[round_ % len(DASHES)])
    return styles


def style_for(styles: Mapping[str, TokenizerStyle], tokenizer: str) -> TokenizerStyle:
    """The style of a tokenizer; grey crosses for one that the study does not name."""
    return styles.get(tokenizer, UNKNOWN)


def in_study_order(names: Sequence[str], styles: Mapping[str, TokenizerStyle]) -> list[str]:
    """The names once each, those of the study first and in its order."""
    present = dict.fromkeys(names)
    return [name for name in styles if name in present] + [name for name in present if name not in styles]


def text_of(name: object) -> str:
    """A name as plotly text, in which ``<`` opens markup."""
    return escape(str(name), quote=False)


def sorted_sizes(sizes: Sequence[str]) -> list[str]:
    """The sizes once each, smallest first, by the number in the name."""
    from uniscale_assets.size_names import parameters_of_size_name

    return sorted(dict.fromkeys(sizes), key=parameters_of_size_name)


def marker_of(style: TokenizerStyle, size: float = 9) -> dict[str, Any]:
    """plotly's marker of a tokenizer; filled ones get a white rim so that they stand off lines and each other."""
    is_open = style.symbol.endswith("-open") or style.symbol == "x"
    rim = {"width": 2} if is_open else {"width": 1, "color": "white"}
    return {"color": style.colour, "symbol": style.symbol, "size": size, "line": rim}


def error_bars(rows: Sequence[Mapping[str, Any]], style: TokenizerStyle) -> dict[str, Any]:
    """plotly's error bars: the 95 % interval of each row's difference to the best of its size; none where it is not known.

    Args:
        rows: of `statistics.ranking`; columns difference_to_best, difference_low, difference_high.
        style: of their tokenizer.
    """
    known = [row if row["difference_high"] is not None else None for row in rows]
    return {
        "type": "data",
        "symmetric": False,
        "array": [row["difference_high"] - row["difference_to_best"] if row else None for row in known],
        "arrayminus": [row["difference_to_best"] - row["difference_low"] if row else None for row in known],
        "color": style.colour,
        "thickness": 1.2,
        "width": 3,
    }


def dress(figure: Figure, title: str, *, height: int, width: int | None = None, subtitle: str = "", **layout: Any) -> Figure:
    """Give a figure the common fonts, margins, grid and title; ``layout`` goes to plotly as it is.

    Args:
        figure: changed in place and returned.
        title: short; it has to fit a narrow page.
        height: pixels.
        width: pixels; None fills the page.
        subtitle: how to read the figure, in one short line.
    """
    figure.update_layout(
        template="none",
        title={"text": f"<b>{text_of(title)}</b>", "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top"},
        font={"family": FONT, "size": 13, "color": INK},
        paper_bgcolor="white",
        plot_bgcolor="white",
        height=height,
        width=width,
        margin={"l": 70, "r": 24, "t": 56, "b": 56},
        hoverlabel={"font": {"family": FONT}},
        legend={"font": {"size": 12}, "itemsizing": "constant", "tracegroupgap": 0},
    )
    if subtitle:
        figure.update_layout(title_subtitle={"text": text_of(subtitle), "font": {"size": 12, "color": MUTED}})
    figure.update_layout(title_font_size=15, title_pad={"l": 8, "t": 14}, **layout)
    axis: dict[str, Any] = {"gridcolor": GRID, "linecolor": MUTED, "zeroline": False, "ticks": "outside", "tickcolor": MUTED, "ticklen": 4}
    figure.update_xaxes(showline=True, title_standoff=10, title_font_size=13, **axis)
    figure.update_yaxes(showline=False, title_standoff=8, title_font_size=13, **axis)
    return figure.update_annotations(font_size=13)


def says(title: str, message: str, *, height: int = 130) -> Figure:
    """A figure that holds a sentence in place of data that is not there yet."""
    from plotly.graph_objects import Figure

    figure = dress(Figure(), title, height=height, width=640, margin={"l": 8, "r": 8, "t": 44, "b": 8})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure.add_annotation(
        text=text_of(message), x=0, y=0.7, xanchor="left", xref="paper", yref="paper", showarrow=False, font={"color": MUTED, "size": 14}
    )
