"""Write docs/conformance.md anew: ``python docs/generate_conformance.py``."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent

if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))
    from tests.conformance.page import page

    (DOCS / "conformance.md").write_text(page(), encoding="utf-8")
