from obman_gen.streams import RandomStreams


def first_word(seed: int, address: str, stage: str, attempt: int = 0) -> int:
    """Read the raw bits: unlike the distributions, numpy keeps them fixed across versions."""
    return RandomStreams(seed, address)(stage, attempt).bit_generator.random_raw()


def test_seed_address_stage_and_attempt_each_select_their_own_stream():
    words = {
        first_word(seed, address, stage, attempt)
        for seed in (0, 1)
        for address in ("train-00000000", "train-00000001")
        for stage in ("place", "background")
        for attempt in (0, 1)
    }
    assert len(words) == 16


def test_streams_are_the_same_in_every_process_and_release():
    assert first_word(7, "train-00004071", "place") == 8121129325038769901
