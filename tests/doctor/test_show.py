"""What stands in a cohort is shown, never obeyed."""

import io

from rich.console import Console

from fusion.doctor.show import MOST_FINDINGS, show


def printed(checkup) -> str:
    out = io.StringIO()
    show(checkup, Console(file=out, width=200, highlight=False, force_terminal=True))
    return out.getvalue()


def test_ids_and_names_are_inert(mini):
    mini.centers = dict.fromkeys(mini.patients, "[bold red]Aachen[/]")
    for row in mini.rows:
        row["center"] = "[bold red]Aachen[/]"
    mini.rows.append({"patient_id": "<script>", "center": "B"})
    mini.rows.append({"patient_id": "x\x1b[2J", "center": "B"})
    mini.rows.append({"patient_id": "[link=http://x]y[/link]", "center": "[/nonsense]"})
    text = printed(mini.check())
    assert "[bold red]Aachen[/]" in text
    assert "'<script>' is not allowed" in text
    assert "[link=http://x]y[/link]" in text
    assert "\x1b[2J" not in text
    assert "\x1b]8;" not in text


def test_tables_findings_and_verdict_are_printed(mini):
    (mini.root / "wsi/P2.png").write_bytes(b"not a picture")
    text = printed(mini.check())
    for title in ("Patients by modality", "Combinations", "Volumes", "Slides", "Tables"):
        assert title in text
    for title in ("Classes of idh", "Follow-up", "Faults (1)"):
        assert title in text
    assert "6 (100%), 1 unusable" in text
    assert f"manifest.csv:{mini.line('wsi/P2.png')}, patient P2, wsi/P2.png" in text
    assert "1 fault, 0 warnings: mend the faults before a run" in text


def test_many_faults_are_counted_not_listed(mini):
    for i in range(MOST_FINDINGS + 7):
        mini.rows.append({"patient_id": f"Q{i}", "center": "Aachen"})  # not in targets.csv
    assert "... and 7 more faults in findings.csv" in printed(mini.check())


def test_many_centres_are_not_squeezed(mini):
    for i in range(7, 30):
        mini.rows.append({"patient_id": f"P{i}", "center": f"Centre {i}"})
        mini.targets.loc[i - 1] = [f"P{i}", "mutant", None, None]
    text = printed(mini.check())
    assert "15 smaller centres are only in the first table, and in the files" in text
    assert text.count("Centre 29") == 1
