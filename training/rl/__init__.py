"""What GRPO has here beyond TRL's: lengths, refilled groups, rewards by name, figures by domain, vLLM beside the trainer."""
