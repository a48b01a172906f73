"""Text, lists and tables of Markdown in which a name from outside stays text."""

from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    r"""Text that Markdown and the HTML made of it take as text.

    Example:
        >>> plain("a_b <script>")
        'a\\_b &lt;script&gt;'
    """
    for mark, safe in {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.items():
        text = text.replace(mark, safe)
    for mark in "\\`*_[]|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {plain(item)}" for item in items)


def grid(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(plain(str(c)) for c in line) + " |" for line in lines)
