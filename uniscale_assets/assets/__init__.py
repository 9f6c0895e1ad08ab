"""The Dagster layer: one module a stage, thin."""
