"""Paper: a slip becomes an image, the image becomes bytes, a printer takes the bytes or raises."""

from __future__ import annotations
