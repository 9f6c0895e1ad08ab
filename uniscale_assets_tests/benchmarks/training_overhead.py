"""CPU seconds of the demo's trainings against a bare PyTorch loop over the same batches; the bound is 1.3.

A training is the whole of it: reading shards, building the model, the Trainer, the curve, writing the checkpoint. The
bare loop has the same model, batches, optimizer, schedule and clipping, and nothing else. Imports are apart: both run in
this process, on one thread, in turn. One tokenizer of the demo, every size, a share of its budget (`--share 1` for all).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from uniscale_assets.corpus.build import build_documents
from uniscale_assets.corpus.mixing import build_mixture, iterate_documents
from uniscale_assets.modeling.records import TrainingTask
from uniscale_assets.modeling.training import build_trainer, prepare_training, train_model
from uniscale_assets.study import Study, load_study
from uniscale_assets.tokenization.families import family_of
from uniscale_assets.tokenization.loading import load_tokenizer
from uniscale_assets.tokenization.shards import write_token_shards

BOUND = 1.3


def made(path: Path) -> Path:
    """A new directory."""
    path.mkdir(parents=True)
    return path


def prepare(study: Study, tokenizer: str, base: Path) -> tuple[Path, Path]:
    """Tokenizer and shards of one tokenizer, as the study makes them."""
    documents = {language: made(base / language) for language in study.corpus.languages}
    for language, directory in documents.items():
        build_documents(study.corpus, language, directory)
    mixture = made(base / "mixture")
    build_mixture(study.corpus, documents, mixture)
    spec = study.tokenizer(tokenizer)
    family, vocabulary, directory, shards = (
        family_of(spec.family),
        made(base / "vocabulary"),
        made(base / "tokenizer"),
        made(base / "shards"),
    )
    family.train_vocabulary(spec, (document.text for document in iterate_documents(mixture, "tokenizer")), vocabulary)
    family.cut(vocabulary, spec, directory)
    write_token_shards(load_tokenizer(directory), mixture, shards)
    return directory, shards


def whole(task: TrainingTask, study: Study, base: Path) -> float:
    """CPU seconds of a training."""
    started = time.process_time()
    train_model(task, made(base / "output"), base / "work", study.execution)
    return time.process_time() - started


def bare(task: TrainingTask, study: Study, base: Path) -> float:
    """CPU seconds of the bare loop."""
    import torch

    from uniscale_assets.modeling.optimizers import MuonWithAdamW, parameter_groups
    from uniscale_assets.modeling.schedules import rate_share

    training, prepared = task.training, prepare_training(task)
    trainer = build_trainer(prepared, base / "bare", study.execution)
    model, steps = trainer.model, prepared.plan.steps
    batches = [trainer.batches.step(step)[0] for step in range(steps)]
    started = time.process_time()
    optimizer = MuonWithAdamW(parameter_groups(model, training.optimizer))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_share(training.schedule, step, steps))
    for batch in batches:
        logits = model(input_ids=batch["input_ids"], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), training.optimizer.clip_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return time.process_time() - started


def main() -> None:
    """Print the ratio for each size and over all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", default="bpe_2k")
    parser.add_argument("--share", type=float, default=0.3, help="of the budget")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    study = load_study("demo")
    with tempfile.TemporaryDirectory() as name:
        tokenizer, shards = prepare(study, options.tokenizer, Path(name) / "text")
        seconds = {"whole": 0.0, "bare": 0.0}
        for size in ("warm-up", *study.models.sizes):
            task = TrainingTask(
                architecture=study.models.architecture,
                size=study.models.sizes[0] if size == "warm-up" else size,
                tie_embeddings=study.models.tie_embeddings,
                training=study.training,
                budget_value=study.training.budget.values[0] * (0.02 if size == "warm-up" else options.share),
                seed=1,
                shards=shards,
                tokenizer=tokenizer,
                fingerprint="benchmark",
            )
            measured = {"bare": bare(task, study, Path(name) / size), "whole": whole(task, study, Path(name) / size)}
            if size == "warm-up":
                continue
            ratio = measured["whole"] / measured["bare"]
            print(f"{size}: training {measured['whole']:.1f} CPU-s, bare loop {measured['bare']:.1f}, ratio {ratio:.3f}")
            seconds = {key: seconds[key] + measured[key] for key in seconds}
        print(f"training over bare loop: {seconds['whole'] / seconds['bare']:.3f} (bound {BOUND})")


if __name__ == "__main__":
    main()
