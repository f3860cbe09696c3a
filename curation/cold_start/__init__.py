"""What makes the linguistic cold-start corpus (PAPER 3.3, appendix A): distillation, verification, loss, behaviors."""
