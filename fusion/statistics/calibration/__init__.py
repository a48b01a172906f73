"""Whether predicted probabilities are what happens, and mending them where they are not."""
