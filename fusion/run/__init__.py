"""A run from files to an evaluated, exported model, step by step."""
