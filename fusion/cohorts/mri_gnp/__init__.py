"""External predictions of MRI-GNP: see `data_manifests/mri_gnp/README.md`."""

from fusion.cohorts.mri_gnp.convert import NOTES, convert_mri_gnp, tasks_yaml
from fusion.cohorts.mri_gnp.markers import LEFT_OUT, MARKERS, Marker

__all__ = ["LEFT_OUT", "MARKERS", "NOTES", "Marker", "convert_mri_gnp", "tasks_yaml"]
