"""A power law over sizes for each tokenizer, read at a size that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uniscale_assets.size_names import parameters_of_size_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from uniscale_assets.statistics.noise import GridNoise, SizeNoise

EXPONENTS = (0.05, 1.2)
"""range of alpha; published laws lie between 0.05 (Kaplan et al. 2020) and 0.5"""
STEPS = 231
"""every 0.005: finer than noise lets alpha be known"""
FEWEST_SIZES = 2


def extrapolated(values: NDArray[np.float64], parameters: Sequence[float], target: float) -> NDArray[np.float64]:
    """Values at ``target`` parameters of power laws through values at smaller sizes: [..., sizes] to [...].

    Three sizes or more: L = E + A N^-alpha with E, A >= 0. For each alpha of a grid least squares give E and A in closed form,
    so only alpha is searched (variable projection: Golub and Pereyra 1973) and no start value is needed; alpha stays
    between `EXPONENTS`, which keeps three noisy points from bending the curve out of sight. Two sizes: the line in log N.

    Args:
        values: bits per byte, last axis the sizes.
        parameters: non-embedding parameters of the sizes.
        target: those of the size that is predicted.
    """
    import numpy as np

    sizes = np.asarray(parameters, dtype=np.float64) / target
    if len(sizes) == FEWEST_SIZES:
        # At the target log N is zero, so the line's height there is its constant.
        logs = np.log(sizes)
        return values[..., 0] - logs[0] * (values[..., 1] - values[..., 0]) / (logs[1] - logs[0])
    predicted, least = power_law_fit(values, sizes ** -EXPONENTS[0])
    for alpha in np.linspace(*EXPONENTS, STEPS)[1:]:
        found, error = power_law_fit(values, sizes**-alpha)
        predicted, least = np.where(error < least, found, predicted), np.minimum(error, least)
    return predicted


def power_law_fit(values: NDArray[np.float64], powers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least squares of E + A x with E, A >= 0: the value at x = 1 and the sum of squared errors, both [...].

    Args:
        values: [..., sizes].
        powers: x of the sizes, in units of the target's: the sizes over the target, to the power of -alpha.
    """
    import numpy as np

    centred = powers - powers.mean()
    slope = np.maximum((values * centred).sum(axis=-1) / (centred**2).sum(), 0.0)
    height = values.mean(axis=-1) - slope * powers.mean()
    through_zero = np.maximum((values * powers).sum(axis=-1) / (powers**2).sum(), 0.0)
    slope, height = np.where(height < 0, through_zero, slope), np.maximum(height, 0.0)
    errors = ((values - height[..., None] - slope[..., None] * powers) ** 2).sum(axis=-1)
    return height + slope, errors


def extrapolation_noise(
    noise: GridNoise, sizes: Sequence[str], target: str, places: Sequence[int], random: np.random.Generator
) -> SizeNoise:
    """Power laws of some tokenizers over some sizes, read at another size, and how they err.

    The fits are made again over draws of the noise: seeds normal and independent between sizes, documents resampled, the same
    ones at every size.

    Args:
        noise: the grid.
        sizes: two or more, each with every tokenizer.
        target: size that is predicted.
        places: of the tokenizers in the grid.
        random: source of the draws.
    """
    import numpy as np

    from uniscale_assets.statistics.noise import SizeNoise

    sides = [noise.at(size, places) for size in sizes]
    parameters, aim = [float(parameters_of_size_name(size)) for size in sizes], float(parameters_of_size_name(target))
    observed = np.stack([side.means for side in sides], axis=-1)
    means = extrapolated(observed, parameters, aim)
    drawn = extrapolated(observed + joint_errors(noise, sizes, places, random), parameters, aim)
    known = any(side.known for side in sides)
    return SizeNoise(
        size=target,
        means=means,
        covariance=np.cov(drawn, rowvar=False) if known else np.zeros((len(places), len(places))),
        degrees_of_freedom=min(side.degrees_of_freedom for side in sides),
        document_share=max(side.document_share for side in sides),
        draws=drawn - drawn.mean(axis=0),
        seeds_known=all(side.seeds_known for side in sides),
        note="; ".join(side.note for side in sides if side.note),
    )


def joint_errors(noise: GridNoise, sizes: Sequence[str], places: Sequence[int], random: np.random.Generator) -> NDArray[np.float64]:
    """Draws of the errors of means, [draws, tokenizers, sizes], with the variance that is estimated.

    The draws of the grid are wider, as they count that the variance is itself uncertain; the tests of orders count that by
    their degrees of freedom, and it would count twice.
    """
    import numpy as np

    columns = [noise.grid.sizes.index(size) for size in sizes]
    variances = np.array([noise.seed_variances[column].variance or 0.0 for column in columns])
    counts = noise.grid.counts[np.ix_(places, columns)]
    errors = random.standard_normal((len(noise.draws), *counts.shape)) * np.sqrt(variances / counts)
    if noise.documents is not None:
        errors += np.nan_to_num(noise.documents.deviations[:, places][:, :, columns])
    return errors
