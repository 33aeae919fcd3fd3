"""Who a Microsoft Entra ID access token says is asking. Keys of our own are not known here."""

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final
from uuid import UUID

from crash_platform.errors import PlatformError
from crash_platform.serving.access.rules import RANK, Caller
from crash_platform.serving.access.signers import Fetch, Signers, fetch_from
from crash_platform.serving.guarding import Role

AUTHORITY: Final = "https://login.microsoftonline.com"
LEEWAY_SECONDS = 60
REQUIRED = ["exp", "nbf", "iss", "aud"]
ROLES: Final[Mapping[str, Role]] = {role: role for role in RANK}
"""App roles (their values in the app registration) and the roles they give here."""


class EntraError(PlatformError):
    """Signing in with Entra ID is set up wrongly."""


class Entra:
    """Checks access tokens of one tenant for one application.

    A token must be signed with RS256 by a key of the tenant, be issued by it (either version of
    its end point), be meant for this application, and be valid now, give or take a minute.

    Args:
        tenant: the directory's id, a GUID; "common" or a domain name would not do, as a token
            names its tenant by the id.
        audience: the application's client id, or the address it is exposed at.
        fetch: gets the tenant's key set; by default from Microsoft.
        monotonic: seconds of a clock that never goes back.
        roles: app roles and what they give.

    Raises:
        EntraError: tenant or audience cannot be used, or PyJWT is not installed.
    """

    def __init__(
        self,
        tenant: str,
        audience: str,
        *,
        fetch: Fetch | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        roles: Mapping[str, Role] = ROLES,
    ) -> None:
        if find_spec("jwt") is None or find_spec("cryptography") is None:
            raise EntraError(
                "Signing in with Entra ID needs PyJWT: pip install 'crash-platform[azure]'."
            )
        tenant = _guid(tenant)
        self._audiences = _audiences(audience)
        self._issuers = (f"{AUTHORITY}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/")
        address = f"{AUTHORITY}/{tenant}/discovery/v2.0/keys"
        self._signers = Signers(fetch or fetch_from(address), monotonic)
        self._roles = roles

    def caller(self, token: str) -> Caller | None:
        """Who is asking; None where the token is not good.

        Raises:
            AccessError: ``unavailable``, as the tenant's keys cannot be fetched.
        """
        claims = self._claims(token)
        subject = None if claims is None else claims.get("oid", claims.get("sub"))
        if claims is None or not isinstance(subject, str) or not subject:
            return None
        return Caller(f"entra:{subject}", self._role(claims.get("roles")))

    def _role(self, named: object) -> Role | None:
        names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
        held = [self._roles[name] for name in names if name in self._roles]
        return max(held, key=RANK.__getitem__, default=None)

    def _claims(self, token: str) -> dict[str, Any] | None:
        """The claims of a good token. Its times are compared with this machine's own clock."""
        import jwt

        try:
            header = jwt.get_unverified_header(token)
        # JSON nested a thousand deep is a RecursionError.
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            return None
        key = self._signers.find(key_id)
        if key is None:
            return None
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audiences,
                issuer=self._issuers,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED},
            )
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError):
            return None


def entra_of(tenant: str, audience: str) -> Entra | None:
    """What checks Entra tokens as two settings say; None where both are empty.

    Raises:
        EntraError: only one is set, or they cannot be used.
    """
    if not tenant and not audience:
        return None
    if not tenant or not audience:
        missing = "audience" if tenant else "tenant"
        raise EntraError(
            f"Signing in with Entra ID needs a tenant and an audience, and the {missing} is not "
            "set: set both or none."
        )
    return Entra(tenant, audience)


def _guid(tenant: str) -> str:
    try:
        return str(UUID(tenant))
    except ValueError:
        raise EntraError(
            f"The Entra tenant {tenant!r} is not a directory id: give the GUID that the portal "
            "shows as 'Directory (tenant) ID'."
        ) from None


def _audiences(audience: str) -> tuple[str, ...]:
    """The ways in which tokens name the application."""
    if not audience.strip():
        raise EntraError(
            "The Entra audience is empty: give the client id of the application, or the address "
            "it is exposed at."
        )
    try:
        client_id = str(UUID(audience.removeprefix("api://")))
    except ValueError:
        return (audience,)
    return (client_id, f"api://{client_id}")
