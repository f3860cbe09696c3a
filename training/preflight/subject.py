"""What is looked at: the shards, the model and the options of one run, as its trainer will take them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.data.images import Cap
from training.data.shards import Config

CONFIGS: dict[str, Config] = {"sft": "cold_start", "grpo": "rl"}


@dataclass
class Subject:
    """A run before its first step."""

    command: str
    """sft or grpo"""
    data: Path
    split: str
    model: str
    """A folder, or a name on the Hub."""
    options: Any
    """TRL's SFTConfig or GRPOConfig."""
    model_options: Any = None
    """TRL's ModelConfig."""
    arguments: Any = None
    """Ours."""
    files: list[Path] = field(default_factory=list)
    """The shards, once they are known to be readable."""
    n_rows: int = 0
    processor: Any = None
    """The processor or tokenizer, once it is loaded."""
    model_config: Any = None
    """The model's configuration (transformers), once it is loaded."""
    cap: Cap | None = None
    """`--max_pixels`, once the processor is known."""
    figures: dict[str, str] = field(default_factory=dict)
    """What the table shows: name and value, in order."""

    @property
    def config(self) -> Config:
        return CONFIGS[self.command]

    @property
    def is_sft(self) -> bool:
        return self.command == "sft"

    @property
    def freezes_vision(self) -> bool:
        chosen = self.option("freeze_vision")
        return self.is_sft if chosen is None else bool(chosen)

    @property
    def tokenizer(self) -> Any:
        return getattr(self.processor, "tokenizer", self.processor)

    @property
    def has_images(self) -> bool:
        """Whether the processor takes images."""
        return getattr(self.processor, "image_processor", None) is not None

    def option(self, name: str, default: Any = None) -> Any:
        """An option of ours, of the model's or of TRL's, by its name."""
        for options in (self.arguments, self.options, self.model_options):
            if options is not None and hasattr(options, name):
                return getattr(options, name)
        return default
