"""Did fusion help? Runs of several heads on the same folds, held against the clinical model."""
