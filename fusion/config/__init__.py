"""The schema of a run (Python), its values (YAML), and what is built from them."""
