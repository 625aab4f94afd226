"""The system check of how long a link to a recording may work."""

import pytest

from encounters.checks import LONGEST, SHORTEST, recordings_can_be_linked


@pytest.mark.parametrize(("seconds", "faults"), [(SHORTEST - 1, 1), (SHORTEST, 0), (LONGEST, 0), (LONGEST + 1, 1)])
def test_the_allowed_lifetime_of_a_link(settings, seconds, faults):
    settings.AUDIO_URL_SECONDS = seconds
    assert len(recordings_can_be_linked(None)) == faults
