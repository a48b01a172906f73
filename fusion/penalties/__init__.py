"""Tokens -> penalties: what training adds to the loss of any head, and throws away after."""
