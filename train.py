"""Train, evaluate on every external cohort, export: `python train.py +experiment=glioma_fusion`.

What a run is made of stands in `configs/`; what each value means, in `fusion/config/`.
"""

from fusion.cli import train

if __name__ == "__main__":
    train()
