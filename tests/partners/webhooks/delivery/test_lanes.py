"""How many attempts may run at once, so that no endpoint holds up others."""

from partners.webhooks.delivery.lanes import MOST_OF_ONE, Lanes


def start(lanes: Lanes, due: list[int]) -> dict[int, int]:
    """Start what may start, and return how many of each."""
    shares = lanes.share(due)
    for endpoint in shares.elements():
        lanes.started(endpoint)
    return dict(shares)


def proven(lanes: Lanes, endpoint: int, times: int = 1) -> None:
    for _ in range(times):
        lanes.started(endpoint)
        lanes.ended(endpoint, succeeded=True)


def test_an_endpoint_begins_with_one_attempt():
    lanes = Lanes(8)
    assert start(lanes, [1, 2]) == {1: 1, 2: 1}
    assert start(lanes, [1, 2]) == {}
    assert lanes.free == 10


def test_each_success_allows_one_more_up_to_a_limit():
    lanes = Lanes(100)
    proven(lanes, 1)
    assert start(lanes, [1]) == {1: 2}
    proven(lanes, 2, 20)
    assert start(lanes, [2]) == {2: MOST_OF_ONE}


def test_a_failure_leaves_one():
    lanes = Lanes(8)
    proven(lanes, 1, 5)
    lanes.started(1)
    lanes.ended(1, succeeded=False)
    assert start(lanes, [1]) == {1: 1}


def test_dead_endpoints_take_no_thread_from_others():
    lanes = Lanes(8)
    proven(lanes, 99, 9)
    assert len(start(lanes, list(range(50)))) == 4
    assert start(lanes, [*range(50), 99]) == {99: 8}
    assert lanes.free == 0
    assert start(lanes, [*range(50), 99]) == {}


def test_others_take_no_thread_from_new_endpoints():
    lanes = Lanes(8)
    for endpoint in range(10):
        proven(lanes, endpoint)
    assert sum(start(lanes, list(range(10))).values()) == 8
    assert len(start(lanes, [*range(10), 20, 21])) == 2


def test_attempts_of_an_endpoint_that_just_died_are_counted_to_the_end():
    lanes = Lanes(8)
    proven(lanes, 1, 9)
    assert start(lanes, [1]) == {1: 8}
    lanes.ended(1, succeeded=False)
    assert start(lanes, [1, 2]) == {}
    proven(lanes, 3, 9)
    assert start(lanes, [3]) == {3: 5}
    assert lanes.free == 0


def test_endpoints_take_turns():
    lanes, first = Lanes(5), []
    for _ in range(2):
        shares = start(lanes, [1, 2, 3, 4])
        first += shares
        for endpoint in shares:
            lanes.ended(endpoint, succeeded=False)
    assert sorted(first) == [1, 2, 3, 4]


def test_nothing_is_shared_out_if_nothing_is_due():
    assert Lanes(1).share([]) == {}
    assert start(Lanes(1), [1]) == {1: 1}
