"""An audit on the terminal. Whatever stands in a cohort is shown as text, never obeyed."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fusion.audit.check import Audit, Check, Finding
from fusion.doctor.finding import count, some
from fusion.doctor.show import inert

STYLES = {"error": "bold red", "warning": "yellow"}


def summary(audit: Audit) -> str:
    """One line.

    Example:
        >>> summary(Audit((Check(name="parts", question="Is anybody twice?"),)))
        'audit: 1 question, 0 errors, 0 warnings'
    """
    asked = sum(not check.not_asked for check in audit.checks)
    found = count(len(audit.errors), "error"), count(len(audit.warnings), "warning")
    return f"audit: {count(asked, 'question')}, {', '.join(found)}"


def plain(text: str) -> str:
    """Text that a terminal may be given."""
    return inert(text).plain


def show(audit: Audit, console: Console) -> None:
    """Print the questions with their answers, the findings, and the numbers of centres."""
    table = Table(title="Leakage and shift", title_justify="left", title_style="bold")
    table.add_column("question")
    table.add_column("answer")
    for check in audit.checks:
        table.add_row(inert(check.question), _answer(check))
    console.print(table)
    for severity in ("warning", "error"):
        for check in audit.checks:
            for finding in check.findings:
                if finding.severity == severity:
                    _print(check, finding, console)
    style = STYLES["error"] if audit.errors else "bold green"
    console.print(Text(summary(audit), style=style))


def _answer(check: Check) -> Text:
    if check.not_asked:
        return Text(f"not asked: {inert(check.not_asked).plain}", style="dim")
    if not check.findings:
        return Text(inert(check.answer).plain or "nothing found", style="green")
    severities = [f.severity for f in check.findings]
    parts = [count(severities.count(s), s) for s in ("error", "warning") if s in severities]
    return Text(", ".join(parts), style=STYLES[min(severities)])


def _print(check: Check, finding: Finding, console: Console) -> None:
    head = Text(f"{finding.severity}: ", style=STYLES[finding.severity])
    console.print(head + inert(f"{check.name}: {finding.message}"), soft_wrap=True)
    unnamed = [p for p in finding.patients if p not in finding.message]
    if unnamed:
        console.print(Text("  patients: ", style="dim") + inert(some(unnamed)), soft_wrap=True)
