"""Whether a token lets its bearer in: the signature of a shared access key, for one namespace."""

import base64
import hashlib
import hmac
import re
from urllib.parse import unquote

SAS_TOKEN, JWT = "servicebus.windows.net:sastoken", "jwt"
_PREFIX = "SharedAccessSignature "


def objection(token: str, token_type: str, key: str, now: float) -> str | None:
    """Why a token is refused, or None where it is good.

    A token of an identity provider (``jwt``) is never refused: nobody here could verify it.

    Args:
        token: what the client put.
        token_type: as the client names it.
        key: the shared access key the token must be signed with.
        now: seconds since 1970.
    """
    if token_type == JWT:
        return None
    if token_type != SAS_TOKEN or not token.startswith(_PREFIX):
        return "InvalidToken: only shared access signatures and JWT are understood."
    parts = dict(part.partition("=")[::2] for part in token.removeprefix(_PREFIX).split("&"))
    scope, expiry, signature = (parts.get(name, "") for name in ("sr", "se", "sig"))
    if not hmac.compare_digest(_signature(scope, expiry, key), unquote(signature).encode("utf-8")):
        return "InvalidSignature: The token has an invalid signature."
    if not re.fullmatch("[0-9]{1,15}", expiry) or int(expiry) < now:
        return "ExpiredToken: The token is expired."
    return None


def _signature(scope: str, expiry: str, key: str) -> bytes:
    text = f"{scope}\n{expiry}".encode()
    return base64.b64encode(hmac.digest(key.encode("utf-8"), text, hashlib.sha256))
