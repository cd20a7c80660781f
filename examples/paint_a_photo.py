"""Paint one photo: python examples/paint_a_photo.py PHOTO OUT [STYLE]."""

import sys

import impasto

photo, out, *style = sys.argv[1:]
painting = impasto.paint(photo, style=style[0] if style else None, strength=0.9, saturation=1.1)
painting.save(out)
print(f"{out}: {painting.width}×{painting.height}")
