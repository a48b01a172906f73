"""The page as a whole: contents, tables that copy, colours, and nothing that must be there."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from fusion.audit.check import Audit, Check, Finding
from fusion.report.card import model_card
from fusion.report.checklists.item import PLACES
from fusion.report.metrics_file import load_metrics
from fusion.report.page import _TEMPLATES
from fusion.report.population import population
from fusion.report.tasks import TaskInfo
from fusion.report.write import write_report

IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
EVIL = "<script>alert(1)</script>"
VOID = {"meta", "img", "br", "wbr"}
BLOCKS = {"p", "div", "br", "li", "ul", "pre", "table", "details", "figure"}


class Page(HTMLParser):
    """Headings by anchor, links, tables with the tags inside each cell."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.tables, self.titles, self.tags = [], [], [], {}, []
        self.anchor, self.text = "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("section", "h3") and "id" in attrs:
            self.anchor = attrs["id"]
        if tag == "a":
            self.links.append([attrs["href"], ""])
        if tag == "table":
            self.tables.append({"caption": "", "parts": [], "rows": []})
        elif "table" in self.open and tag in ("thead", "tbody"):
            self.tables[-1]["parts"].append(tag)
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
        elif tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append(
                {"text": "", "tags": set(), "span": attrs.get("colspan", "1")}
            )
        elif "td" in self.open or "th" in self.open:
            self.tables[-1]["rows"][-1][-1]["tags"].add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes nothing"

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] in ("h2", "h3") and data.strip():
            self.titles.setdefault(self.anchor, data.strip())
        if self.open and self.open[-1] == "a":
            self.links[-1][1] += data
        if "td" in self.open or "th" in self.open:
            self.tables[-1]["rows"][-1][-1]["text"] += data
        elif self.open and self.open[-1] == "caption":
            self.tables[-1]["caption"] += data


@pytest.fixture(scope="module")
def small(make_run):
    return make_run(patients=90, tasks=(IDH,))


@pytest.fixture(scope="module")
def told(small, make_summary):
    """A run of which everything is told."""
    rng = np.random.default_rng(0)
    n = len(small.parts)
    known = pd.DataFrame(
        {"age": rng.normal(60, 10, n), "sex": rng.choice(["F", "M"], n).astype(object)},
        index=list(small.parts),
    )
    numbers = pd.DataFrame({"modality": ["mri"], "auc": [0.9], "p": [0.001]})
    warning = Finding(severity="warning", message="From mri.", patients=("P001",))
    return make_summary(
        small,
        characteristics=known,
        subgroups={"sex": [], "age": [60.0]},
        kinds={"mri": "volume", "wsi": "bag", "rna": "vector"},
        methods={"volumes": True, "slides": True, "class weights": False},
        fingerprints={"split": "a" * 64},
        audit=Audit(
            (
                Check(name="centre", question="Told?", findings=(warning,), table=numbers),
                Check(name="bundle", question="Known?", not_asked="no bundle"),
            )
        ),
    )


@pytest.fixture(scope="module")
def folder(small, told, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write_report(folder, small.predictions, told, draws=5, seed=0)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_the_contents_name_every_section_in_its_order(page):
    contents = [(href, text) for href, text in page.links if href[1:] in page.titles][:16]
    sections = [
        a
        for a, title in page.titles.items()
        if a not in ("centers", "figures", "table-one", "missing", "left-out")
    ]
    assert [href[1:] for href, _ in contents][: len(sections)] == sections
    for href, text in contents[: len(sections)]:
        assert page.titles[href[1:]].startswith(text)


def test_pointers_of_the_checklists_lead_to_headings_of_that_name(page):
    for anchor, title in PLACES.items():
        assert page.titles[anchor].startswith(title), anchor
    assert {href[1:] for href, _ in page.links} <= set(page.titles)


def test_every_table_has_a_caption_a_head_and_rows_of_one_width(page):
    assert len(page.tables) > 15
    for table in page.tables:
        assert table["caption"].strip()
        assert table["parts"][0] == "thead"
        assert "tbody" in table["parts"]
        widths = {sum(int(cell["span"]) for cell in row) for row in table["rows"]}
        assert len(widths) == 1, table["caption"]


def test_a_cell_copies_as_one_line_with_its_interval(page):
    """A block, a line break or a newline in a cell would become a second row of a spreadsheet."""
    seen = 0
    for table in page.tables:
        if "Questions and answers" in table["caption"]:
            continue  # sentences, not numbers
        for row in table["rows"]:
            for cell in row:
                assert not cell["tags"] & BLOCKS, (table["caption"], cell)
                assert "\n" not in cell["text"].strip(), (table["caption"], cell)
                assert "\t" not in cell["text"]
                if re.search(r"\d \(", cell["text"]):
                    seen += 1
                    assert cell["text"].count("(") == cell["text"].count(")") == 1
    assert seen > 30
    css = (_TEMPLATES / "report.css").read_text()
    rules = re.findall(r"([^{}]*interval[^{}]*)\{([^}]*)\}", css)
    assert rules
    assert not any("display" in body for _, body in rules)


def test_what_is_folded_is_open_in_print(page):
    assert page.tags.count("details") == page.tags.count("summary") >= 5
    printed = (_TEMPLATES / "report.css").read_text().split("@media print")[1]
    assert re.search(r"details::details-content \{ content-visibility: visible", printed)


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_text_is_dark_enough_to_read():
    """WCAG 2.1 AA: 4.5 to 1, on every ground that text stands on."""
    css = (_TEMPLATES / "report.css").read_text()
    names = dict(re.findall(r"--(\w+): (#\w{6})", css))
    css = re.sub(r"var\(--(\w+)\)", lambda m: names[m.group(1)], css)
    texts = set(re.findall(r"[{; ]color: (#\w{6})", css))
    grounds = {"#ffffff"} | set(re.findall(r"background: (#\w{6})", css))
    assert len(texts) >= 4
    for text in texts:
        for ground in grounds:
            low, high = sorted((luminance(text), luminance(ground)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def test_files_beside_the_page(folder):
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert names >= {
        "audit.csv", "audit/centre.csv", "checklists.md", "checklists/metrics.csv",
        "tables/table_one.csv", "tables/table_one_by_center.csv", "tables/missing_by_center.csv",
        "figures/flow.csv", "figures/flow.png",
    }  # fmt: skip


@pytest.fixture(scope="module")
def hostile(small, told, tmp_path_factory):
    """Forty centres, and a tag in every name that comes from outside."""
    named = {p: f"Centre {i % 40:02d}" for i, p in enumerate(small.centers)}
    named |= dict.fromkeys([p for p, c in named.items() if c == "Centre 07"], EVIL)
    known = told.characteristics.rename(columns={"age": EVIL})
    known.loc["P002", "sex"] = EVIL
    finding = Finding(severity="warning", message=EVIL, patients=(EVIL,))
    numbers = pd.DataFrame({EVIL: [EVIL]})
    audit = (
        Check(name="../up", question=EVIL, findings=(finding,), table=numbers),
        Check(name=EVIL, question=EVIL, not_asked=EVIL),
    )
    summary = replace(
        told,
        centers=named,
        characteristics=known,
        subgroups={EVIL: [60.0]},
        fingerprints={EVIL: EVIL},
        audit=Audit(audit),
    )
    moved = small.predictions.assign(center=small.predictions["patient_id"].map(named))
    folder = tmp_path_factory.mktemp("hostile") / "run"
    write_report(folder, moved, summary, draws=2, seed=0)
    return summary, moved, folder


def test_hostile_centres_columns_and_findings_are_only_text(hostile):
    summary, predictions, folder = hostile
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert "".join(page.text).count(EVIL) > 12
    assert {p.name for p in folder.parent.iterdir()} == {"run"}  # no name leads out of the folder
    metrics = load_metrics(folder / "metrics.json")
    card = model_card(summary, metrics, population(predictions, summary))
    assert "<script>" not in card.split("---", 2)[2]


def test_forty_centres_still_make_a_page(hostile):
    summary, _, folder = hostile
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "tables/table_one_by_center.csv" in text
    page = Page(text)
    captions = [table["caption"] for table in page.tables]
    assert "Characteristics and labels by centre" not in captions
    rows = page.tables[captions.index("Patients by centre and part")]["rows"]
    names = [row[0]["text"] for row in rows[1:-1]]
    parts = {c: {summary.parts[p] for p, own in summary.centers.items() if own == c} for c in names}
    assert len(names) == 40
    assert names == sorted(names, key=lambda c: (parts[c] == {"external"}, c))


def test_the_card_names_no_patient_no_path_and_no_small_class(small, told, folder):
    known = told.characteristics.copy()
    train = [p for p, part in small.parts.items() if part == "train"]
    known["rare"] = "common"
    known.loc[train[:2], "rare"] = "uncommon"
    path = "/data/hospital/P001.nii"
    summary = replace(
        told,
        characteristics=known,
        notes=[f"{path} is odd."],
        excluded=[("P777", path)],
        command=f"python train.py cohort.root={path}",
    )
    card = model_card(
        summary, load_metrics(folder / "metrics.json"), population(small.predictions, summary)
    )
    assert not re.search(r"P\d{3}", card)
    assert "/data" not in card
    row = next(line for line in card.splitlines() if line.startswith("| rare | uncommon"))
    assert row.endswith(f"of {len(train)}: too few to tell |")
    assert "1 of 2 questions about leakage and shift were asked; these found something" in card
    assert "groups by sex, age" in card
