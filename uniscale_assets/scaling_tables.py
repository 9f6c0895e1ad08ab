"""The metric tables of compute-optimal tokenization. B is bytes, N parameters, T bytes per token, C training FLOPs."""

from __future__ import annotations

from uniscale_assets.table_columns import LANGUAGE, STUDY, Column, Table

METHOD = Column("method", "VARCHAR", "the tokenizers of one law: a family, or a name of the study's or the import's")
EVALUATION = Column("evaluation", "VARCHAR", "evaluation set of the bits per byte: a split of the study, or a column of an import")
COMPUTE = Column("compute_flops", "DOUBLE", "training budget C, FLOPs")
COMPRESSION = Column("bytes_per_token", "DOUBLE", "compression rate T of the tokenizer, bytes per token, in the row's language")
FLAG = Column("flag", "VARCHAR", "why the laws leave the cell out: too few runs, outside the runs, opens downward; empty: they do not")
LOW, HIGH = "lower end of its 95 % interval", "upper end"


def interval(name: str) -> tuple[Column, Column]:
    """The columns of the ends of an interval."""
    return Column(f"{name}_low", "DOUBLE", LOW), Column(f"{name}_high", "DOUBLE", HIGH)


ISOFLOP_POINTS = Table(
    "isoflop_points",
    "Training runs at equal FLOPs, one a row and evaluation: of a study, or imported.",
    (
        Column("study", "VARCHAR", "name of the study, or of the imported collection"),
        METHOD,
        LANGUAGE,
        COMPUTE,
        COMPRESSION,
        Column("parameters", "DOUBLE", "N: all but embeddings and head; of a latent model, of its global module"),
        Column("total_parameters", "DOUBLE", "N with embeddings and head (or local modules); null where it is not known"),
        Column("bytes", "DOUBLE", "B: raw bytes trained on, of all languages together"),
        EVALUATION,
        Column("bits_per_byte", "DOUBLE", "loss of the run in the row's language"),
        Column("run", "VARCHAR", "the model of the study, or file and row of the import"),
    ),
)
ISOFLOP_OPTIMA = Table(
    "isoflop_optima",
    "The best way to spend each budget at each compression rate: the optimum of a parabola over ln B, one cell a row.",
    (
        STUDY,
        METHOD,
        LANGUAGE,
        EVALUATION,
        COMPUTE,
        COMPRESSION,
        Column("optimal_bytes", "DOUBLE", "B*, bytes"),
        *interval("optimal_bytes"),
        Column("optimal_parameters", "DOUBLE", "N*, of the parameters in isoflop_points.parameters"),
        *interval("optimal_parameters"),
        Column("optimal_total_parameters", "DOUBLE", "N* with embeddings and head; null where it is not known"),
        *interval("optimal_total_parameters"),
        Column("optimal_bits_per_byte", "DOUBLE", "L*, the loss there"),
        *interval("optimal_bits_per_byte"),
        Column("bytes_per_parameter", "DOUBLE", "rho* = B* / N*"),
        Column("global_compute_flops", "DOUBLE", "6 N* B* / T, FLOPs of the parameters alone"),
        Column("runs", "BIGINT", "runs of the cell"),
        FLAG,
    ),
)
ALLOCATION_LAW = Table(
    "allocation_law",
    "Law I, B*(C, T) = scale C^compute_exponent T^compression_exponent and N*(C, T) alike, one coefficient a row.",
    (
        STUDY,
        METHOD,
        LANGUAGE,
        EVALUATION,
        Column("quantity", "VARCHAR", "optimal_bytes or optimal_parameters"),
        Column("coefficient", "VARCHAR", "scale, compute_exponent (alpha) or compression_exponent (beta)"),
        Column("value", "DOUBLE", "its value"),
        Column("standard_error", "DOUBLE", "its standard error; of a scale, on the scale of its logarithm"),
        Column("low", "DOUBLE", LOW),
        Column("high", "DOUBLE", HIGH),
        Column("r_squared", "DOUBLE", "of the quantity's natural logarithm"),
        Column("rmse", "DOUBLE", "residuals of the natural logarithm, root mean square over the cells"),
        Column("cells", "BIGINT", "cells of isoflop_optima that the law is fitted to"),
        Column("parameters", "VARCHAR", "which N: global (without embeddings and head) or total"),
        Column("compute", "VARCHAR", "which C: nominal (the budget) or approximated (6 N* B* / T)"),
        Column("conventions", "VARCHAR", "of the intervals: correct, or the paper's"),
        Column("compute_low", "DOUBLE", "smallest C of the cells, FLOPs"),
        Column("compute_high", "DOUBLE", "largest C of the cells, FLOPs"),
        Column("compression_low", "DOUBLE", "smallest T of the cells"),
        Column("compression_high", "DOUBLE", "largest T of the cells"),
        Column("within_interval", "DOUBLE", "share of the cells inside the law's 95 % prediction interval"),
    ),
)
LOSS_LAW = Table(
    "loss_law",
    "Law II, loss at the optimum = L_0 C^gamma + F ln(C^delta T / T_0)^2 + E, for each residual model, one coefficient a row.",
    (
        STUDY,
        METHOD,
        LANGUAGE,
        EVALUATION,
        Column("residual_model", "VARCHAR", "compute-dependent-t (as written), constant-t (delta = 0) or intercept (F = 0)"),
        Column("stages", "BIGINT", "1: all coefficients at once; 2: the paper's way, which is biased"),
        Column("coefficient", "VARCHAR", "L_0, gamma, E, F, delta or T_0"),
        Column("value", "DOUBLE", "its value"),
        Column("standard_error", "DOUBLE", "its standard error"),
        Column("low", "DOUBLE", LOW),
        Column("high", "DOUBLE", HIGH),
        Column("r_squared", "DOUBLE", "of the optimal bits per byte"),
        Column("rmse", "DOUBLE", "bits per byte, root mean square over the cells"),
        Column("extrapolation_rmse", "DOUBLE", "bits per byte above max_fit_compute, by the law fitted up to it; null: not tried"),
        Column("extrapolation_r_squared", "DOUBLE", "of the same"),
        Column("max_fit_compute", "DOUBLE", "largest budget of that fit, FLOPs"),
        Column("cells", "BIGINT", "cells of isoflop_optima that the law is fitted to"),
        Column("conventions", "VARCHAR", "of the intervals: correct, or the paper's"),
        Column("within_interval", "DOUBLE", "share of the cells inside the law's 95 % prediction interval"),
    ),
)
MULTILINGUAL_OPTIMA = Table(
    "multilingual_optima",
    "The best compression rate and allocation of each language at each budget, beside the bytes it takes to say the same.",
    (
        STUDY,
        METHOD,
        LANGUAGE,
        EVALUATION,
        Column("script", "VARCHAR", "ISO 15924, from the language's code"),
        COMPUTE,
        Column("byte_parity", "DOUBLE", "bytes of the Universal Declaration of Human Rights in this language / in English; null: no text"),
        Column("bytes_per_token", "DOUBLE", "T*, bytes per token in this language, at the minimum of its surface over T and B/N"),
        *interval("bytes_per_token"),
        Column("bytes_per_parameter", "DOUBLE", "rho* = B* / N* there; B is of all languages together where one model is trained on them"),
        *interval("bytes_per_parameter"),
        Column("bits_per_byte", "DOUBLE", "loss there"),
        *interval("bits_per_byte"),
        Column("r_squared", "DOUBLE", "of the surface"),
        Column("rmse", "DOUBLE", "bits per byte, root mean square over the runs"),
        Column("runs", "BIGINT", "runs that the surface is fitted to"),
        Column("flag", "VARCHAR", "why it cannot be used: too few runs, no minimum, outside the runs; or empty"),
    ),
)
SCALING_REPORT = Table(
    "scaling_report",
    "The report of the laws in words, one line a row.",
    (
        STUDY,
        METHOD,
        Column("line", "BIGINT", "number of the line, from 1"),
        Column("text", "VARCHAR", "the line"),
    ),
)
SCALING_TABLES = (ISOFLOP_POINTS, ISOFLOP_OPTIMA, ALLOCATION_LAW, LOSS_LAW, MULTILINGUAL_OPTIMA, SCALING_REPORT)
