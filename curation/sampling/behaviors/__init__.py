"""Behaviors of reasoning in a response: four of text, their visual counterparts, mental imagery (arXiv 2507.05255, section 2).

count_behaviors("It is 4. Wait, let me see the image again.")     # {"backtracking": 1, "subgoal_setting": 0, ...}
"""

from curation.sampling.behaviors.count import count_behaviors

__all__ = ["count_behaviors"]
