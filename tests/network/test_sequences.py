"""Lengths and padding: what is read right, and what is refused in one sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbackprop import pad_sequences, sequence_lengths
from tests.network.samples import ragged

nan, inf = np.nan, np.inf


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(1, 3), st.booleans())
def test_padding_and_lengths_are_each_others_inverse(lengths, channels, narrow):
    dtype = np.float32 if narrow else np.float64
    sequences = [np.random.default_rng(0).normal(size=(length, channels)).astype(dtype) for length in lengths]
    X = pad_sequences(sequences)
    assert X.dtype == dtype
    assert X.shape == (len(lengths), max(lengths), channels)
    found = sequence_lengths(X)
    assert (found is None) == (len(set(lengths)) == 1)
    for row, length, sequence in zip(X, lengths, sequences, strict=True):
        np.testing.assert_array_equal(row[:length], sequence)
        assert np.isnan(row[length:]).all()
    if found is not None:
        np.testing.assert_array_equal(found, lengths)


def test_lengths_do_not_write_X(rng):
    X = ragged(rng.standard_normal((3, 4, 2)), [4, 1, 2])
    X.flags.writeable = False
    np.testing.assert_array_equal(sequence_lengths(X), [4, 1, 2])


def test_large_numbers_whose_sum_overflows_are_no_padding():
    assert sequence_lengths(np.full((2, 3, 1), 1e308)) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            [[1.0, 1.0], [nan, nan], [1.0, 1.0]],
            "got NaN in sequence 1 at step 1, before its last step 2",
        ),
        (
            [[nan, nan], [1.0, 1.0], [nan, nan]],
            "got NaN in sequence 1 at step 0, before its last step 1",
        ),
        (
            [[1.0, 1.0], [1.0, nan], [1.0, 1.0]],
            "in all channels of a step or in none, got some in sequence 1 at step 1",
        ),
        (
            [[1.0, 1.0], [1.0, nan], [nan, nan]],
            "in all channels of a step or in none, got some in sequence 1 at step 1",
        ),
        ([[nan, nan]] * 3, "have sequences of at least one step, got only NaN in sequence 1"),
        (
            [[1.0, 1.0], [1.0, -inf], [nan, nan]],
            "be finite but for padding, got infinity in sequence 1 at step 1",
        ),
    ],
)
def test_what_is_no_padding_is_refused(row, message):
    """One sentence that says where."""
    with pytest.raises(ValueError, match=f"^`X` must .*{message}"):
        sequence_lengths(np.array([[[0.0, 0.0]] * 3, row]))


@pytest.mark.parametrize("shape", [(3, 4), (0, 3, 1), (3, 0, 1), (3, 3, 0)])
def test_lengths_of_what_is_no_set_of_sequences(shape):
    with pytest.raises(ValueError, match=r"`X` must have shape \(n_sequences, n_steps, n_channels\)"):
        sequence_lengths(np.zeros(shape))


def test_padding_takes_lists_of_numbers_and_one_channel():
    X = pad_sequences([[1, 2], [3]])
    np.testing.assert_array_equal(X[:, :, 0], [[1.0, 2.0], [3.0, nan]])
    assert X.dtype == np.float64
    mixed = pad_sequences([np.ones(2, np.float32), np.ones(1)])
    assert mixed.dtype == np.float64


@pytest.mark.parametrize(
    ("labels", "fill"), [([[1, 2], [3]], -1), ([["a", "b"], ["word"]], ""), ([["a"], ["b"]], "none")]
)
def test_padding_of_labels_keeps_their_type(labels, fill):
    y = pad_sequences(labels, fill=fill)
    assert y.dtype.kind == np.asarray(fill).dtype.kind
    length = max(map(len, labels))
    assert y.tolist() == [row + [fill] * (length - len(row)) for row in labels]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_padding_of_numbers_to_be_predicted(dtype):
    """Of the shape of the targets, which may be missing."""
    one, several = np.array([1, nan, 3], dtype), np.array([[1, 2], [nan, 4]], dtype)
    y = pad_sequences([one, one[:1]], fill=nan)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, [[1, nan, 3], [1, nan, nan]])
    y = pad_sequences([several[:1], several], fill=nan)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, [[[1, 2], [nan, nan]], [[1, 2], [nan, 4]]])
    np.testing.assert_array_equal(pad_sequences([[1, 2], [3]], fill=nan), [[1, 2], [3, nan]])


def test_padding_of_an_indicator_of_labels_per_step():
    y = pad_sequences([[[1, 0], [1, 1]], [[0, 1]]], fill=0)
    assert y.dtype == int
    assert y.tolist() == [[[1, 0], [1, 1]], [[0, 1], [0, 0]]]


@pytest.mark.parametrize("sequences", [[[1.0, nan]], [["a", "b"]]])
def test_what_might_be_targets_asks_for_a_fill(sequences):
    with pytest.raises(ValueError, match=r"^`sequences\[0\]` must be .*; for targets, give `fill`$"):
        pad_sequences(sequences)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([np.ones((2, 2)), np.ones((2, 3))], "must all have the same number of channels, got 2 .* and 3 in"),
        ([np.ones((2, 2, 2))], r"`sequences\[0\]` must hold a target for every step, .*, got \(2, 2, 2\)"),
    ],
)
def test_targets_that_cannot_be_padded(targets, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(targets, fill=nan)


def test_labels_without_steps_cannot_be_padded():
    with pytest.raises(ValueError, match=r"`sequences\[1\]` must hold a target for every step, .*, got \(0,\)"):
        pad_sequences([["a"], []], fill="")


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "`sequences` must hold at least one sequence, got none"),
        ([[1.0], []], r"`sequences\[1\]` must have shape .*, none of them 0, got \(0, 1\)"),
        (
            [np.ones((2, 2)), np.ones((2, 3))],
            r"same number of channels, got 2 in sequences\[0\] and 3 in sequences\[1\]",
        ),
        ([np.ones((2, 2, 2))], r"`sequences\[0\]` must have shape .*, got \(2, 2, 2\)"),
        ([[1.0, nan, 2.0]], r"`sequences\[0\]` must be finite, got NaN or infinity at step 1"),
        ([["a"]], r"`sequences\[0\]` must be an array of numbers"),
        ([[1j]], r"`sequences\[0\]` must be an array of numbers .* complex128"),
        ([np.array(["2026-01-01", "NaT"], "M8[D]")], r"`sequences\[0\]` must be an array of numbers .* datetime64"),
    ],
)
def test_what_cannot_be_padded_is_refused(sequences, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(sequences)


@pytest.mark.parametrize(
    ("labels", "fill"),
    [
        ([[1, 2], [1]], ""),
        ([["a", "b"], ["a"]], np.nan),
        ([["a", "b"], [1.0]], ""),
        ([[1, 2], [1]], [0]),
        ([[1, 2], [1]], {}),
        ([[1, 2], [1]], 1j),
        ([[1, 2], [1]], np.datetime64("2026-01-01")),
    ],
)
def test_a_fill_of_another_kind_is_refused(labels, fill):
    with pytest.raises(TypeError, match="`fill` must be a label or a number like all the others, which are"):
        pad_sequences(labels, fill=fill)


def test_labels_may_be_objects():
    padded = pad_sequences([np.array(["a", None], object), ["c"]], fill="")
    np.testing.assert_array_equal(padded, np.array([["a", None], ["c", ""]], object))


def test_what_holds_no_targets_is_refused():
    with pytest.raises(ValueError, match=r"`sequences\[0\]` must hold a target for every step, .* inhomogeneous"):
        pad_sequences([[[1], [2, 3]]], fill=0)
    with pytest.raises(TypeError, match=r"`sequences\[0\]` must hold numbers or labels, got datetime64"):
        pad_sequences([np.array(["2026-01-01"], "M8[D]")], fill=0)
    with pytest.raises(TypeError, match="`sequences` must be a list of arrays, got 3"):
        pad_sequences(3)


def test_whatever_can_be_indexed_is_a_list_of_sequences():
    class Lazy:
        def __getitem__(self, at):
            return [[1.0, 2.0], [3.0]][at]

    np.testing.assert_array_equal(pad_sequences(Lazy()), pad_sequences([[1.0, 2.0], [3.0]]))
