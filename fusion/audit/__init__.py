"""Does anything leak, and do the centres differ? Questions to the patients and fits of a run."""
