"""Random streams of a run: a new one at the end changes none before it."""

import numpy as np

from training.streams import Streams, streams_of


def test_each_use_has_its_own_stream_and_the_same_seed_gives_the_same() -> None:
    first = [stream.random() for stream in streams_of(7)]
    assert [stream.random() for stream in streams_of(7)] == first
    assert len(set(first)) == len(Streams._fields)


def test_a_stream_does_not_depend_on_how_many_come_after_it() -> None:
    fewer = [child.random() for child in np.random.default_rng(7).spawn(6)]
    assert [stream.random() for stream in streams_of(7)][:6] == fewer
