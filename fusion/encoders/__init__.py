"""One modality -> Tokens."""
