"""What is read ahead: in order, one item ahead, and ended where nobody waits for it any more."""

from contextlib import closing
from threading import Event, get_ident

import pytest

from atc_cli.commands.ahead import read_ahead


def _nothing() -> None:
    """Nothing is under way."""


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_every_item_is_read_once_and_in_order(count: int) -> None:
    assert list(read_ahead(range(count), lambda item: item * 10, _nothing)) == [item * 10 for item in range(count)]


def test_the_next_item_is_read_while_this_one_is_used_and_no_further_one() -> None:
    begun = [Event() for _ in range(4)]
    with closing(read_ahead(range(4), lambda item: begun[item].set(), _nothing)) as items:
        for item, _ in enumerate(items):
            if item < 3:
                assert begun[item + 1].wait(30)
            assert not any(each.is_set() for each in begun[item + 2 :])


def test_the_first_item_is_read_by_the_caller_itself() -> None:
    threads = list(read_ahead(range(3), lambda _: get_ident(), _nothing))
    assert threads[0] == get_ident()
    assert get_ident() not in threads[1:]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_a_read_raises_is_raised_where_its_item_is_asked_for(error: type[BaseException]) -> None:
    def read(item: int) -> int:
        if item == 2:
            raise error("damaged")
        return item

    items = read_ahead(range(4), read, _nothing)
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(error, match="damaged"):
        next(items)


def test_a_caller_that_leaves_ends_the_read_that_is_under_way() -> None:
    begun, stopped = Event(), Event()

    def read(item: int) -> int:
        if item:
            begun.set()
            assert stopped.wait(30)
        return item

    with closing(read_ahead(range(3), read, stopped.set)) as items:
        assert next(items) == 0
        begun.wait(30)
    assert stopped.is_set()
