"""Who an Entra token says is asking."""

import base64
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.serving.access.entra import Entra, EntraError, entra_of
from crash_platform.serving.access.rules import Caller
from crash_platform.serving.guarding import AccessError, Role
from crash_platform_tests.serving.access.doubles import (
    AUDIENCE,
    OTHER_TENANT,
    TENANT,
    Clock,
    Provider,
    claims,
    entra,
    rsa_key,
    token,
)


@pytest.fixture
def checked() -> Entra:
    return entra(Provider(), Clock())


def test_a_good_token_names_its_caller_and_role(checked: Entra) -> None:
    assert checked.caller(token()) == Caller("entra:caller-1", "scorer")


def test_both_end_points_of_a_tenant_issue_good_tokens(checked: Entra) -> None:
    first = token(iss=f"https://sts.windows.net/{TENANT}/", aud=f"api://{AUDIENCE}")
    assert checked.caller(first) == Caller("entra:caller-1", "scorer")


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["reader", "admin"], "admin"),
        (["other", "reader"], "reader"),
        (["other"], None),
        ([], None),
        (None, None),
        ("admin", None),
        ({"admin": 1}, None),
        ([["admin"], 3], None),
    ],
)
def test_the_highest_known_role_counts_and_without_one_there_is_none(
    checked: Entra, roles: object, expected: Role | None
) -> None:
    assert checked.caller(token(roles=roles)) == Caller("entra:caller-1", expected)


def test_app_roles_may_be_named_otherwise() -> None:
    provider = Provider()
    checked = Entra(TENANT, AUDIENCE, fetch=provider.fetch, roles={"Crash.Score": "scorer"})
    assert checked.caller(token(roles=["Crash.Score"])) == Caller("entra:caller-1", "scorer")
    assert checked.caller(token(roles=["admin"])) == Caller("entra:caller-1", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0/"},
        {"iss": f"https://evil.example/{TENANT}/v2.0"},
        {"iss": [f"https://login.microsoftonline.com/{TENANT}/v2.0"]},
        {"iss": None},
        {"aud": "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"},
        {"aud": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"nbf": int(time.time()) + 600},
        {"nbf": None},
        {"oid": 3},
        {"oid": None},
        {"oid": ""},
    ],
)
def test_a_token_with_a_wrong_claim_is_no_good(checked: Entra, changes: dict[str, Any]) -> None:
    assert checked.caller(token(**changes)) is None


def test_a_minute_of_difference_between_clocks_is_forgiven(checked: Entra) -> None:
    assert checked.caller(token(exp=int(time.time()) - 20)) is not None


def test_a_token_signed_with_another_key_of_the_same_name_is_no_good(checked: Entra) -> None:
    assert checked.caller(token("foreign", named="first")) is None


def test_a_token_of_an_unknown_key_is_no_good(checked: Entra) -> None:
    assert checked.caller(token("foreign")) is None


def test_a_token_without_a_key_id_is_no_good(checked: Entra) -> None:
    assert checked.caller(jwt.encode(claims(), rsa_key("first"), algorithm="RS256")) is None


def test_an_unsigned_token_is_no_good(checked: Entra) -> None:
    unsigned = jwt.encode(claims(), "", algorithm="none", headers={"kid": "first"})
    assert checked.caller(unsigned) is None
    assert checked.caller(_headed(token(), '{"alg":"none","kid":"first"}')) is None


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_the_public_key_is_no_shared_secret(checked: Entra, form: PublicFormat) -> None:
    public = rsa_key("first").public_key().public_bytes(Encoding.PEM, form)
    # PyJWT refuses to sign so; whoever attacks does not ask PyJWT.
    forged = _hs256(claims(), public)
    assert checked.caller(forged) is None


def test_another_algorithm_is_no_good_even_with_the_right_key(checked: Entra) -> None:
    headers = {"kid": "first"}
    other = jwt.encode(claims(), rsa_key("first"), algorithm="RS512", headers=headers)
    assert checked.caller(other) is None


def test_a_key_offered_in_the_header_is_not_taken(checked: Entra) -> None:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("foreign").public_key(), as_dict=True)
    headers = {"kid": "foreign", "jwk": public, "jku": "https://evil.example/keys"}
    forged = jwt.encode(claims(), rsa_key("foreign"), algorithm="RS256", headers=headers)
    assert checked.caller(forged) is None


def test_a_changed_payload_is_no_good(checked: Entra) -> None:
    head, _, signature = token().split(".")
    _, payload, _ = token(roles=["admin"]).split(".")
    assert checked.caller(f"{head}.{payload}.{signature}") is None


def test_json_nested_a_thousand_deep_is_no_good(checked: Entra) -> None:
    assert checked.caller(_headed(token(), "[" * 9000)) is None
    assert checked.caller(_headed(token(), '{"alg":' * 1500)) is None


@pytest.mark.parametrize("key_id", ["3", "null", "[]", "{}", '"\\ud800"', '""'])
def test_a_key_id_of_any_kind_is_no_good(checked: Entra, key_id: str) -> None:
    assert checked.caller(_headed(token(), f'{{"alg":"RS256","kid":{key_id}}}')) is None


def test_tokens_cannot_be_judged_while_the_provider_is_away() -> None:
    provider = Provider()
    provider.is_down = True
    with pytest.raises(AccessError) as refused:
        entra(provider, Clock()).caller(token())
    assert refused.value.code == "unavailable"
    assert token() not in str(refused.value)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.text() | st.from_regex(r'\{"alg": ?"RS256", ?"kid": ?"first"\}', fullmatch=True),
    payload=st.text(),
    signature=st.binary(max_size=300),
)
def test_any_made_up_token_is_no_good(
    checked: Entra, head: str, payload: str, signature: bytes
) -> None:
    parts = (head.encode(), payload.encode(), signature)
    assert checked.caller(".".join(_encoded(part) for part in parts)) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
NAMES = ["iss", "aud", "exp", "nbf", "iat", "oid", "sub", "jti", "roles"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(NAMES), json_values, min_size=1))
def test_any_signed_claims_are_judged(checked: Entra, changes: dict[str, Any]) -> None:
    caller = checked.caller(token(**changes))
    assert caller is None or caller.who.startswith("entra:")


@pytest.mark.parametrize("tenant", ["common", "organizations", "contoso.onmicrosoft.com", " "])
def test_a_tenant_is_named_by_its_id(tenant: str) -> None:
    with pytest.raises(EntraError, match="not a directory id: give the GUID"):
        Entra(tenant, AUDIENCE)


def test_an_audience_that_is_no_client_id_is_taken_as_it_is() -> None:
    provider = Provider()
    checked = Entra(TENANT, "api://crashes", fetch=provider.fetch)
    assert checked.caller(token(aud="api://crashes")) is not None
    assert checked.caller(token(aud="crashes")) is None


@pytest.mark.parametrize(("tenant", "audience"), [(TENANT, ""), ("", AUDIENCE)])
def test_half_a_setup_is_refused(tenant: str, audience: str) -> None:
    with pytest.raises(EntraError, match="set both or none"):
        entra_of(tenant, audience)


def test_an_empty_audience_is_refused() -> None:
    with pytest.raises(EntraError, match="audience is empty"):
        entra_of(TENANT, " ")


def test_without_settings_there_is_no_entra() -> None:
    assert entra_of("", "") is None
    assert isinstance(entra_of(TENANT, AUDIENCE), Entra)


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _headed(good: str, header: str) -> str:
    """A token with another header."""
    return ".".join([_encoded(header.encode()), *good.split(".")[1:]])


def _hs256(content: dict[str, Any], secret: bytes) -> str:
    import hashlib
    import hmac
    import json

    head = _encoded(b'{"alg":"HS256","typ":"JWT","kid":"first"}')
    signed = f"{head}.{_encoded(json.dumps(content).encode())}"
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"
