"""Traces of a teacher for prompts that have none: sampled until there are enough correct ones, and the best of those kept.

    cold_start:
      distil:
        sampler: {kind: openai, model: deepseek-reasoner, base_url: https://.../v1, api_key_env: KEY}
        k: 2
        keep: shortest

Rejection sampling by the verifier, as DeepSeek-R1 made its own training data (arXiv 2501.12948, section 2.3.3) and PAPER.md does with R1.
Sampling is a measurement with the stopping rule `until`: rounds, budget, store, forecast and progress are those of `difficulty`.
"""

from curation.cold_start.distil.options import Distil, TeacherSampling

__all__ = ["Distil", "TeacherSampling"]
