"""What a study says about its scaling laws; with this key it gets the assets of group `scaling`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from uniscale_assets.specification import Specification


class ScalingSpec(Specification):
    """IsoFLOP optima and laws from the runs of a study, with those of imported collections where it names some."""

    methods: dict[str, tuple[str, ...]] = Field(
        default={}, description="tokenizers that one law is over, by a name for them; those not named are under their family"
    )
    language: str = Field(default="all", description="the laws are of the loss in this language; 'all' is over every language")
    imports: tuple[str, ...] = Field(default=(), description="collections of `uniscale import-runs` whose runs are joined")
    optimum_rule: Literal["vertex", "grid", "best"] = Field(
        default="vertex", description="of a parabola; grid is the paper's; best takes the best run instead"
    )
    parameters: Literal["global", "total"] = Field(default="global", description="global: without embeddings and head")
    compute: Literal["nominal", "approximated"] = Field(default="nominal", description="C of law I: the budget, or 6 N* B* / T")
    residual_model: Literal["compute-dependent-t", "constant-t", "intercept"] = Field(
        default="compute-dependent-t", description="of law II in the report; the table holds all three"
    )
    two_stage: bool = Field(default=False, description="law II as the paper fits it, which is biased")
    max_fit_compute: float | None = Field(
        default=None, gt=0, description="laws are fitted up to this budget (FLOPs) and tried above it; null: the last budget is the trial"
    )
    conventions: Literal["correct", "paper"] = Field(default="correct", description="of the intervals; the paper's are narrower by sqrt 2")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        named = [name for names in self.methods.values() for name in names]
        repeated = sorted({name for name in named if named.count(name) > 1})
        if repeated:
            raise ValueError(f"methods: named twice: {', '.join(repeated)}")
        if len(set(self.imports)) != len(self.imports):
            raise ValueError("imports: a collection is named twice")
        return self

    def method_of(self, tokenizer: str, family: str) -> str:
        """The method that a tokenizer counts to."""
        return next((method for method, names in self.methods.items() if tokenizer in names), family)
