"""Loss of a light language model on every trace: what is abnormal is cut (PAPER, curation, step 2)."""
