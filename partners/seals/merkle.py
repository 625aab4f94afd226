"""The Merkle tree of RFC 9162, section 2.1, over SHA-256."""

from collections.abc import Iterable
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the hash of the tree. A node that is left without a sibling moves up, which is what section 2.1.1 says."""
    level = [sha256(LEAF + leaf).digest() for leaf in leaves]
    if not level:
        return sha256().digest()
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(NODE + left + right).digest() for left, right in pairs]
        level = above + level[len(above) * 2 :]
    return level[0]
