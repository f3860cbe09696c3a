"""The processor and the text configuration of a model, before the trainer loads its weights."""

from typing import Any


def load_processor(model: Any, config: Any) -> Any:
    """What TRL would load for this model (a folder, a name or a loaded model): a processor, or a tokenizer where the model has no other."""
    from transformers import AutoProcessor

    name = model if isinstance(model, str) else model.config._name_or_path
    return AutoProcessor.from_pretrained(name, **_how(config))


def text_config(model: Any, config: Any) -> Any:
    """The configuration of the model's language module."""
    from transformers import AutoConfig

    of_model = AutoConfig.from_pretrained(model, **_how(config)) if isinstance(model, str) else model.config
    return of_model.get_text_config()


def _how(config: Any) -> dict[str, Any]:
    return {
        "revision": (config.model_init_kwargs or {}).get("revision"),
        "trust_remote_code": getattr(config, "trust_remote_code", False),
    }
