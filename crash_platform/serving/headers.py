"""The headers that every answer has, whatever it is. A page may bring a content policy of its own.

Nothing about the content of an answer.
"""

from typing import Final

SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
REQUEST_ID: Final = b"x-request-id"
_ALL: Final = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]

Headers = list[tuple[bytes, bytes]]


def secured(own: Headers, request_id: str) -> Headers:
    """What an answer says itself, and what every answer has besides."""
    said = {name.lower() for name, _ in own}
    added = [header for header in _ALL if header[0] not in said]
    return [*own, *added, (REQUEST_ID, request_id.encode())]
