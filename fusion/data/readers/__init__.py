"""One file format each: file -> array."""
