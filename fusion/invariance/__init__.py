"""Tokens and centres -> penalties: what training adds so that tokens do not tell the centre."""
