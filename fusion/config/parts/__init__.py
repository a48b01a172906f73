"""Schema -> objects: the only place where a name in a configuration becomes a class."""
