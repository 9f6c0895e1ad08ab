"""Language models as evaluation sees them: hidden states for tokens, and logits for hidden states."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from uniscale_assets.errors import ArtifactError
from uniscale_assets.modeling.architectures import silence_xielu

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import torch


@dataclass(frozen=True)
class LanguageModel:
    """A causal model cut before its head, so that logits need only exist for the positions that are scored.

    hidden: int64 ids [windows, length] -> hidden states [windows, length, width].
    head: hidden states [positions, width] -> logits [positions, vocabulary].
    vocabulary: ids the logits are over.
    read: further ids [windows, length] and the memory of those before them, or None -> their hidden states and the memory of all,
        which it may have written over; None for a model that remembers nothing.
    """

    hidden: Callable[[torch.Tensor], torch.Tensor]
    head: Callable[[torch.Tensor], torch.Tensor]
    vocabulary: int
    device: torch.device
    read: Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]] | None = None


def as_language_model(module: torch.nn.Module) -> LanguageModel:
    """Wrap a module that gives logits for ids, either itself or as ``.logits`` of what it returns.

    A transformers model is cut at its output embeddings, if on a probe that gives the very logits the whole model
    gives (a model that scales or caps its logits is not cut, and stays right).
    """
    import torch
    from transformers import PreTrainedModel

    module.eval()
    parameter = next(iter(module.parameters()), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    ids = torch.tensor([[0, 1, 1, 0]], device=device)
    with exact_arithmetic():
        logits = logits_of(module, ids)
    whole = LanguageModel(lambda ids: logits_of(module, ids), lambda hidden: hidden, logits.shape[-1], device)
    if not isinstance(module, PreTrainedModel):
        return whole
    body, head = module.base_model, module.get_output_embeddings()
    if body is module or head is None:
        return whole
    cut = LanguageModel(lambda ids: body(ids, use_cache=False).last_hidden_state, head, whole.vocabulary, device)
    if not gives(cut, ids, logits):
        return whole
    remembering = replace(cut, read=reader_of(body))
    return remembering if remembers(remembering, ids, logits) else cut


def reader_of(body: torch.nn.Module) -> Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]]:
    """`LanguageModel.read` of a transformers model without its head: its memory is the keys and values of earlier ids."""

    def read(ids: torch.Tensor, memory: Any) -> tuple[torch.Tensor, Any]:
        output: Any = body(ids, past_key_values=memory, use_cache=True)
        return output.last_hidden_state, output.past_key_values

    return read


def remembers(model: LanguageModel, ids: torch.Tensor, logits: torch.Tensor) -> bool:
    """Whether a model that reads ids in two parts gives the logits that it gives for them at once."""
    import torch

    if model.read is None:
        return False
    half = ids.shape[1] // 2
    with exact_arithmetic():
        first, memory = model.read(ids[:, :half], None)
        if memory is None:
            return False
        rest, _ = model.read(ids[:, half:], memory)
        given = model.head(torch.cat([first, rest], dim=1))
    return torch.allclose(given, logits, rtol=1e-4, atol=1e-4)


def logits_of(module: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """Logits [windows, length, vocabulary] of a module or of a transformers model."""
    from transformers import PreTrainedModel

    output: Any = module(ids, use_cache=False) if isinstance(module, PreTrainedModel) else module(ids)
    return getattr(output, "logits", output)


def gives(model: LanguageModel, ids: torch.Tensor, logits: torch.Tensor) -> bool:
    """Whether a model gives these logits for these ids."""
    import torch

    with exact_arithmetic():
        given = model.head(model.hidden(ids))
    return given.shape == logits.shape and torch.allclose(given, logits, rtol=1e-5, atol=1e-5)


@contextmanager
def exact_arithmetic() -> Generator[None, None, None]:
    """No gradients, and fp32 products at full precision (no TF32), whatever the process has set before."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def load_checkpoint(directory: Path, device: str | None = None) -> torch.nn.Module:
    """Read a checkpoint with ``AutoModelForCausalLM``, in fp32 and ready to evaluate; nothing is fetched.

    Args:
        directory: config.json and model.safetensors.
        device: such as 'cpu' or 'cuda:0'; by default the GPU where there is one.

    Raises:
        ArtifactError: the directory is no checkpoint, or its weights are not all there and of the right shape.
    """
    import torch
    from transformers import AutoModelForCausalLM

    silence_xielu()
    # bf16 logits are wrong by 0.2 %, so weights and logits are fp32 on every device.
    options: dict[str, Any] = {"dtype": torch.float32, "local_files_only": True, "use_safetensors": True}
    try:
        with quiet_transformers():
            loaded: Any = AutoModelForCausalLM.from_pretrained(str(directory), **options, output_loading_info=True)
        model, loading = loaded
    except Exception as error:
        raise ArtifactError(f"{directory}: cannot be loaded as a checkpoint ({error}); train it again") from error
    # transformers only warns of these, and fills missing weights with random numbers.
    wrong = {kind: loading[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") if loading.get(kind)}
    if wrong:
        raise ArtifactError(f"{directory}: the weights do not fit config.json ({wrong}); train it again")
    return model.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()


@contextmanager
def quiet_transformers() -> Generator[None, None, None]:
    """Loading without a progress bar of its own."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
