"""Objects that were written before are not written again, and no other one gets their text."""

from dataclasses import dataclass
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.soap import remembered
from service.soap.remembered import Remembered


@dataclass(frozen=True)
class Thing:
    name: str


class Writer:
    """Writes names, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, thing: Thing) -> str:
        self.count += 1
        return f"name {thing.name}"


def test_an_object_is_written_once():
    writer, thing = Writer(), Thing("a")
    write = Remembered(writer)
    assert [write(thing), write(thing)] == ["name a", "name a"]
    assert writer.count == 1


def test_an_equal_object_is_another_one():
    writer = Writer()
    write = Remembered(writer)
    assert write(Thing("a")) == write(Thing("a"))
    assert writer.count == 2


def test_a_list_that_changes_is_written_anew():
    write = Remembered("".join)
    names = ["a"]
    before = write(names)
    names.append("b")
    assert [before, write(names)] == ["a", "ab"]


@given(st.lists(st.integers(0, 30)))
def test_every_text_is_that_of_its_object(numbers):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembered, "TEXTS_KEPT_MAX", 5)
        write = Remembered(Writer())
        kept = [Thing(str(number)) for number in range(31)]
        for number in numbers:
            assert write(kept[number]) == f"name {number}"
            # Whatever is made and forgotten may get the identity of what was forgotten before.
            assert write(Thing(f"new {number}")) == f"name new {number}"


def test_it_does_not_grow_for_ever(monkeypatch):
    monkeypatch.setattr(remembered, "TEXTS_KEPT_MAX", 5)
    write = Remembered(Writer())
    for number in range(100):
        write(Thing(str(number)))
        assert len(write._texts) <= 5


def test_the_oldest_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(remembered, "TEXTS_KEPT_MAX", 2)
    writer, things = Writer(), [Thing(name) for name in "abc"]
    write = Remembered(writer)
    for thing in (*things, *things[1:]):
        write(thing)
    assert writer.count == 3


def test_threads_share_it(monkeypatch):
    monkeypatch.setattr(remembered, "TEXTS_KEPT_MAX", 3)
    write, kept = Remembered(Writer()), [Thing(str(number)) for number in range(6)]
    wrong: list[str] = []

    def write_all():
        for _ in range(2000):
            wrong.extend(write(it) for it in kept if write(it) != f"name {it.name}")

    threads = [Thread(target=write_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
