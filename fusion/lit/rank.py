"""Which process of a distributed run this one is.

Lightning starts the others as copies of the command, with their number in the environment.
"""

import os


def rank() -> int:
    """0 in the process that the user started, and wherever there is only one.

    Example:
        >>> rank()
        0
    """
    return int(os.environ.get("LOCAL_RANK", 0))
