"""The Dagster layer: one module a stage, thin."""

import warnings

from dagster import BetaWarning

# Backfill policies and one partition mapping are beta in Dagster 1.13; a line for each asset tells a user nothing.
warnings.filterwarnings("ignore", category=BetaWarning)
