"""What stands for a modality that a patient lacks, in front of any head."""
