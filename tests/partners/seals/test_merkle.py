"""The tree of RFC 9162: the test vectors of Certificate Transparency, and its definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.seals import merkle

LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
]


def defined(leaves: list[bytes]) -> bytes:
    """Return the root as section 2.1.1 defines it."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


@pytest.mark.parametrize("number", range(8))
def test_the_roots_are_those_of_certificate_transparency(number):
    assert merkle.root(LEAVES[:number]).hex() == ROOTS[number]


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_the_root_is_the_one_that_the_rfc_defines(leaves):
    assert merkle.root(leaves) == defined(leaves)
