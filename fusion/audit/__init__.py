"""Does anything leak, and do the centres differ? Questions to the patients, parts and fits of a run."""
