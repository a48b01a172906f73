"""Is what a source has learned what the training patients alone would teach it?"""

import copy
import json
from collections.abc import Mapping

from fusion.audit.check import Check, Finding
from fusion.audit.roster import Roster
from fusion.data.cohort import Files
from fusion.data.source import Source


def refit(sources: Mapping[str, Source], files: Mapping[str, Files], roster: Roster) -> Check:
    """Fit a copy of each source on the training patients, and compare to the last digit.

    No record has to be believed for this: a source that saw anybody else has another state. The
    sources in use are not touched.

    Args:
        sources: modality -> prepared and fitted.
        files: modality -> usable files of the run's own cohort.
        roster: who trains.

    Raises:
        ReadError: naming the patient and the file.
    """
    training = set(roster.of("train"))
    findings = []
    for name, source in sorted(sources.items()):
        again = copy.deepcopy(source)
        again.fit({p: rows for p, rows in files[name].items() if p in training})
        changed = _changed(dict(source.state()), dict(again.state()))
        if changed:
            findings.append(
                Finding(
                    severity="error",
                    message=(
                        f"what {name} was fitted to ({', '.join(changed)}) is not what its "
                        f"training patients give: it saw others. Fit it on the training patients "
                        "only"
                    ),
                    subject=name,
                )
            )
    return Check(
        name="refit differs",
        question="Fitted again on the training patients alone, is every preprocessing the same?",
        findings=tuple(findings),
    )


def _changed(one: dict[str, object], other: dict[str, object]) -> list[str]:
    return [
        key
        for key in sorted({*one, *other})
        if json.dumps(one.get(key), sort_keys=True) != json.dumps(other.get(key), sort_keys=True)
    ]
