"""What heads ask of their sizes."""

from fusion.errors import ConfigError


def positive(head: str, **sizes: int) -> None:
    """Refuse a size below 1, by name.

    Raises:
        ConfigError: listing those that are.

    Example:
        >>> positive("latent", latents=4, rounds=1)
    """
    wrong = [f"{name}={size}" for name, size in sizes.items() if size < 1]
    if wrong:
        raise ConfigError(f"head {head}: {', '.join(wrong)}; expected at least 1")
