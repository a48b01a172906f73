"""The TCGA gliomas (GBM and LGG): see `data_manifests/tcga_glioma/README.md`."""

from fusion.cohorts.tcga_glioma.build import build_tcga_glioma
from fusion.cohorts.tcga_glioma.leakage import LABEL_DEFINING, LABEL_PROXY

__all__ = ["LABEL_DEFINING", "LABEL_PROXY", "build_tcga_glioma"]
