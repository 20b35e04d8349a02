"""The requests that the fuzzer has kept, as each of them took a way through the gate of its own."""

from pathlib import Path

CORPUS = Path(__file__).parent / "kept"


def corpus() -> list[bytes]:
    """Their contents."""
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]
