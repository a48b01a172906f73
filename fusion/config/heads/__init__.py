"""Schemas of the heads, by what of a modality they fuse."""
