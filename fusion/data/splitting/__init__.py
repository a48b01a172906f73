"""Schemes that divide a cohort: each a pure function `(cohort, patients, *, ...) -> Split`."""
