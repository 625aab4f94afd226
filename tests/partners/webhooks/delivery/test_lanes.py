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
    assert lanes.free == 6


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


def test_dead_endpoints_leave_half_of_the_threads_to_others():
    lanes = Lanes(8)
    proven(lanes, 99, 5)
    assert len(start(lanes, list(range(50)))) == 4
    assert start(lanes, [*range(50), 99]) == {99: 4}
    assert lanes.free == 0
    assert start(lanes, [99]) == {}


def test_endpoints_take_turns():
    lanes, first = Lanes(4), []
    for _ in range(2):
        shares = start(lanes, [1, 2, 3, 4])
        first += shares
        for endpoint in shares:
            lanes.ended(endpoint, succeeded=False)
    assert sorted(first) == [1, 2, 3, 4]


def test_nothing_is_shared_out_if_nothing_is_due():
    assert Lanes(1).share([]) == {}
    assert start(Lanes(1), [1]) == {1: 1}
