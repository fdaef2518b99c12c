"""Orders of rows: every row once per epoch, and scikit-learn's own order where they are shuffled."""

import numpy as np
import pytest
from sklearn.utils import shuffle

from skbackprop.optimize.batches import Batches

sizes = pytest.mark.parametrize(
    ("n", "size", "lengths"), [(10, 3, [3, 3, 3, 1]), (9, 3, [3, 3, 3]), (5, 1, [1] * 5), (4, 9, [4])]
)
shuffled = pytest.mark.parametrize("seed", [None, 0])


def generator(seed):
    return None if seed is None else np.random.RandomState(seed)


def indices(batches):
    """One epoch as arrays of indices."""
    return [np.arange(batches.n)[rows] if isinstance(rows, slice) else rows for rows in batches.epoch()]


@sizes
@shuffled
@pytest.mark.parametrize("chosen", [False, True])
def test_every_row_comes_once_per_epoch_in_batches_of_the_size(n, size, lengths, seed, chosen):
    rows = 100 + 7 * np.arange(n) if chosen else n
    batches = Batches(rows, size, generator(seed))
    for _ in range(3):
        epoch = [np.arange(n)[batch] if isinstance(batch, slice) else batch for batch in batches.epoch()]
        assert [len(batch) for batch in epoch] == lengths
        np.testing.assert_array_equal(np.sort(np.concatenate(epoch)), rows if chosen else np.arange(n))
    assert len(batches) == len(lengths)


@sizes
def test_without_a_generator_rows_come_as_they_are(n, size, lengths):
    np.testing.assert_array_equal(np.concatenate(indices(Batches(n, size))), np.arange(n))
    rows = np.arange(n)[::-1].copy()
    np.testing.assert_array_equal(np.concatenate(indices(Batches(rows, size))), rows)


def test_all_rows_in_order_are_slices_which_copy_nothing():
    assert list(Batches(5, 2).epoch()) == [slice(0, 2), slice(2, 4), slice(4, 5)]


@shuffled
@pytest.mark.parametrize("size", [5, 8])
def test_a_batch_that_holds_everything_is_one_slice_and_draws_nothing(seed, size):
    rng = generator(seed)
    batches = Batches(5, size, rng)
    for _ in range(3):
        assert list(batches.epoch()) == [slice(0, 5)]
    assert len(batches) == 1
    assert batches.size == 5
    if rng is not None:
        assert rng.randint(1 << 30) == generator(seed).randint(1 << 30)


def test_a_batch_that_holds_all_chosen_rows_gives_them_as_they_are():
    rows = np.array([7, 2, 5])
    (batch,) = Batches(rows, 3, np.random.RandomState(0)).epoch()
    np.testing.assert_array_equal(batch, rows)


@pytest.mark.parametrize("chosen", [False, True])
def test_shuffling_is_scikit_learn_s_epoch_after_epoch(chosen):
    """`sklearn.utils.shuffle` applied to the order of the epoch before, with the same generator."""
    order = np.array([50, 3, 21, 8, 13, 34, 1]) if chosen else np.arange(7)
    batches, rng = Batches(order.copy() if chosen else 7, 3, np.random.RandomState(4)), np.random.RandomState(4)
    for _ in range(3):
        order = shuffle(order, random_state=rng)
        np.testing.assert_array_equal(np.concatenate(list(batches.epoch())), order)


def test_epochs_differ_and_the_same_generator_gives_them_again():
    batches, again = (Batches(50, 10, np.random.RandomState(1)) for _ in range(2))
    first, second = np.concatenate(indices(batches)), np.concatenate(indices(batches))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.concatenate(indices(again)), first)
    np.testing.assert_array_equal(np.concatenate(indices(again)), second)


def test_batches_of_an_epoch_stay_what_they_were_in_the_next_one():
    batches = Batches(9, 4, np.random.RandomState(0))
    first = list(batches.epoch())
    kept = [rows.copy() for rows in first]
    list(batches.epoch())
    for rows, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(rows, before)


def test_the_rows_that_were_given_are_not_written():
    rows = np.arange(9)
    rows.flags.writeable = False
    batches = Batches(rows, 4, np.random.RandomState(0))
    for _ in range(2):
        list(batches.epoch())
    np.testing.assert_array_equal(rows, np.arange(9))
