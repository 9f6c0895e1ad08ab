"""Downstream scores through lm-evaluation-harness: tasks from the study's own text, from files and by name."""
