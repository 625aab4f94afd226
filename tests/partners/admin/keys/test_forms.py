"""The forms for keys."""

import pytest

from partners.admin.keys.forms import RotateForm
from tests.moments import DAY, NONE, TICK
from tests.partners.support import aged
from tests.partners.support.counting import NOW


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("tick", "own"), [(-TICK, True), (NONE, False), (TICK, False)])
def test_the_page_of_a_rotation_names_the_keys_own_end_where_it_comes_first(organization, tick, own):
    key, _ = aged.key(organization, expires_at=NOW + DAY + tick)
    ends = {end: is_own for box, end, is_own in RotateForm().ends(key) if box.data["value"] == "24"}
    assert ends == {min(NOW + DAY, key.expires_at): own}
