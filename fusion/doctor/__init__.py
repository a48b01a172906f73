"""The pre-flight check: every file of a cohort is opened before hours of training."""
