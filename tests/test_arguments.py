"""`name=value` arguments."""

import pytest

from fusion.arguments import parse, whole
from fusion.errors import ConfigError

ALLOWED = {"cohort": "its folder", "out": "where to", "workers": "how many"}


def parsed(*argv: str) -> dict[str, str]:
    return parse(argv, about="Count patients.", allowed=ALLOWED, required=["cohort"])


def test_values_are_text_and_may_hold_an_equals_sign():
    assert parsed("out=b", "cohort=a=c d") == {"out": "b", "cohort": "a=c d"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["cohrt=a"], r"unknown argument 'cohrt=a'; did you mean cohort=...\?"),
        (["--cohort=a"], r"unknown argument '--cohort=a'; did you mean cohort=...\?"),
        (["zzz"], "unknown argument 'zzz'; there are cohort, out, workers"),
        (["--cohort", "a"], "'--cohort' has no value; write cohort=VALUE"),
        (["cohort="], "'cohort=' has no value; write cohort=VALUE"),
        (["cohort=a", "cohort=b"], "cohort is given twice: 'a' and 'b'; keep one"),
        (["out=b"], r"cohort=... is not given \(its folder\); see --help for the rest"),
    ],
)
def test_what_is_refused(argv, message):
    with pytest.raises(ConfigError, match=message):
        parsed(*argv)


@pytest.mark.parametrize("argv", [[], ["-h"], ["cohort=a", "--help"]])
def test_help_is_printed_where_it_is_asked_for(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        parsed(*argv)
    assert stop.value.code == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Count patients.",
        "",
        "  cohort=...   its folder (needed)",
    ]


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_a_whole_number_is_one(text):
    with pytest.raises(ConfigError, match="expected a whole number, 1 or more"):
        whole({"workers": text}, "workers", 2)
