"""{modality: Tokens} -> Fused."""
