"""A trained model as lm-evaluation-harness asks one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from uniscale_assets.evaluation.downstream.generation import Prompt, ending_of, write_answers
from uniscale_assets.evaluation.downstream.likelihoods import Continuation, TextScorer

Told = Callable[[int, int], None]


def harness_model(scorer: TextScorer, told: Told | None = None) -> Any:
    """An ``lm_eval.api.model.LM`` over a scorer.

    It differs from lm-eval's own ``HFLM`` in three things: any family's tokenizer will do; the separator comes before every
    text, as in training, also where there is a context or a prompt is cut; and what of a continuation is scored goes by bytes
    (``likelihoods.py``), where ``HFLM`` counts the tokens that the context alone would have.

    Args:
        scorer: the model.
        told: called with the input tokens that are done and all there are.
    """
    return model_class()(scorer, told)


@cache
def model_class() -> type:
    """The class, made when lm-eval is first needed."""
    from lm_eval.api.model import LM

    class CheckpointModel(LM):
        """One checkpoint with its tokenizer."""

        def __init__(self, scorer: TextScorer, told: Told | None) -> None:
            super().__init__()
            self.scorer, self.told = scorer, told

        def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
            asked = [Continuation(*request.args[:2], group=(request.task_name, request.doc_id)) for request in requests]
            return [(found.log_likelihood, found.greedy) for found in self.scorer.continuations(asked, self.told)]

        def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
            return [found.log_likelihood for found in self.scorer.texts([request.args[0] for request in requests], self.told)]

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            asked = [Prompt(request.args[0], ending_of(request.args[1], str(request.task_name))) for request in requests]
            return write_answers(self.scorer, asked, self.told)

    return CheckpointModel
