"""Scored tiles for QuPath."""

import json
import uuid

from fusion.explain.colours import rgba
from fusion.explain.scored import ScoredTiles

_NAMESPACE = uuid.UUID("6d3f1f0c-6f53-5b57-9d38-53f4b1f4c1d5")
"""So that an explanation made again has the same identifiers, and replaces itself."""


def tile_geojson(tiles: ScoredTiles, number: int) -> bytes:
    """The tiles of one slide as a GeoJSON FeatureCollection that QuPath imports.

    Each is a closed square in level-0 pixels, of type `tile`, in the colour that pictures give
    it, with its scores as measurements: drag the file onto the open slide, then see
    Measure > Show measurement maps.

    Args:
        tiles: of a patient.
        number: which of the patient's slides.
    """
    placed, colour = tiles.placed, (rgba(tiles)[:, :3] * 255).round().astype(int)
    features = []
    for i in tiles.of_slide(number):
        x, y, side = (float(v) for v in (*placed.corner_px[i], placed.side_px[i]))
        entry = tiles.entries[number]
        name = f"{tiles.patient_id}/{entry.path.name}/{tiles.answer}/{tiles.method}/{x}/{y}/{side}"
        features.append(
            {
                "type": "Feature",
                "id": str(uuid.uuid5(_NAMESPACE, name)),
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [
                        [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
                    ],
                },
                "properties": {
                    "objectType": "tile",
                    "color": colour[i].tolist(),
                    "measurements": {
                        f"{tiles.method}: {tiles.answer}": float(tiles.scores[i]),
                        "sharpness": float(placed.sharpness[i]),
                        "background": float(placed.background[i]),
                    },
                },
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()
