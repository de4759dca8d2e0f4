"""Tests of the formats share what must hold for all of them (format_properties.py)."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
