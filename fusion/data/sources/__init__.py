"""One modality on disk -> an encoder's input: volumes, bags, vectors."""
