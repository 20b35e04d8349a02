"""The files that processes count in are whole as soon as they are there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from service.metrics.counting import FILE_BYTES, reserve_files
from service.metrics.starting import find_counts

FOLDERS_COUNT = 300


@contextmanager
def looking(folders: list[Path]) -> Iterator[set[int]]:
    """The sizes of all files that are found for the time of the block."""
    sizes: set[int] = set()
    end = Event()

    def look() -> None:
        while not end.is_set():
            for folder in folders[:1]:
                sizes.update(file.stat().st_size for file, _pid in find_counts(folder))

    thread = Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        end.set()
        thread.join()


def test_a_file_is_found_once_it_is_whole(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(FOLDERS_COUNT)]
    for folder in folders:
        folder.mkdir()
    left = list(folders)
    with looking(left) as sizes:
        for folder in folders:
            reserve_files(folder)
            left.pop(0)
    assert sizes <= {FILE_BYTES}
    assert sizes
