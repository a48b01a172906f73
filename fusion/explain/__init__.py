"""Why a model said what it said: which tiles of a slide spoke for it, and whether that is so."""
