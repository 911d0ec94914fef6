"""How Matrix writes what is signed: canonical JSON, and base64 without padding."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

# Whoever signs an object leaves these out: https://spec.matrix.org/v1.16/appendices/#signing-details
_UNSIGNED = ("signatures", "unsigned")


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Return the one form of an object that is signed: shortest, keys in order, UTF-8.

    Raises:
        ValueError: It holds text that UTF-8 cannot write.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def signed_part(value: Mapping[str, Any]) -> bytes:
    """Return the bytes of an object over which its signatures are made."""
    return canonical_json({key: part for key, part in value.items() if key not in _UNSIGNED})


def encode_base64(raw: bytes) -> str:
    """Return bytes as base64 without padding."""
    return base64.b64encode(raw).decode().rstrip("=")


def decode_base64(text: str) -> bytes:
    """Return the bytes of base64, padded or not.

    Raises:
        ValueError: It is none.
    """
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
