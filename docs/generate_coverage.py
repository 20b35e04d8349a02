"""Write docs/coverage.md anew: ``python docs/generate_coverage.py``."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent

if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))
    from tests.contract.coverage import page

    (DOCS / "coverage.md").write_text(page(), encoding="utf-8")
