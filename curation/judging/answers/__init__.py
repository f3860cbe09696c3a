"""A model's word on answers that the rules cannot judge. For data alone: neither a reward nor a trainer may ask it."""
