import pytest
from fastapi import APIRouter, Depends
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from crash_platform.serving.guarding import AccessError
from crash_platform.serving.pages.doors import COOKIE, inner_path, page_admission
from crash_platform.serving.site import Site
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.pages.browsing import HTML, Browser, room


def test_an_open_site_shows_its_pages_to_this_machine_only() -> None:
    assert Browser().get("/overview").status_code == 200
    stranger = Browser(client="10.0.0.9").get("/overview")
    assert stranger.status_code == 403
    assert "Without keys only programs of this machine are answered" in stranger.text


def test_a_name_that_leads_here_from_another_site_is_refused() -> None:
    answer = Browser().get("/overview", headers={**HTML, "Host": "rebound.example"})
    assert answer.status_code == 403


def test_whoever_is_not_signed_in_is_led_to_the_form_and_back() -> None:
    answer = Browser(StrictGuard()).get("/overview?from=2022-01-01&borough=QUEENS")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=/overview%3Ffrom%3D2022-01-01%26borough%3DQUEENS",
    )


def test_a_program_without_a_key_gets_the_api_s_refusal() -> None:
    answer = Browser(StrictGuard()).get("/overview", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_the_key_of_the_cookie_opens_what_its_role_may() -> None:
    browser = Browser(StrictGuard())
    browser.cookies.set(COOKIE, "reader")
    assert browser.get("/overview").status_code == 200
    refused = browser.send("/reports", {})
    assert refused.status_code == 403
    assert "not a scorer" in refused.text


def test_the_api_never_looks_at_the_cookie() -> None:
    guard = StrictGuard()
    browser = Browser(guard)
    browser.cookies.set(COOKIE, "reader")
    answer = browser.get("/model", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert [header for header, *_ in guard.asked] == [None]


def test_too_many_requests_are_a_page_that_says_when_to_come_again() -> None:
    guard = StrictGuard(error=AccessError("too_many_requests", "Too many.", 7))
    answer = Browser(guard).get("/overview")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert "Too many." in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 200),
    ],
)
def test_only_forms_of_this_site_are_taken(headers: dict[str, str], status: int) -> None:
    assert Browser().send("/reports", {"a": "b"}, **headers).status_code == status


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ("/overview?per=day", "/overview?per=day"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("overview", "/"),
        ("/a\nb", "/"),
    ],
)
def test_after_signing_in_nobody_is_led_to_another_site(told: str, path: str) -> None:
    assert inner_path(told) == path


@given(st.text())
def test_any_text_leads_to_a_path_of_this_site(told: str) -> None:
    path = inner_path(told)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


def start(site: Site) -> APIRouter:
    """A start page that only those may open who may report."""
    router = APIRouter()

    @router.get("/", dependencies=[Depends(page_admission(site.guard, "scorer"))])
    async def form() -> Response:
        return Response("a form")

    return router


def test_whoever_may_only_read_begins_at_the_overview() -> None:
    browser = Browser(StrictGuard(), rooms=(start, room))
    browser.cookies.set(COOKIE, "reader")
    answer = browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/overview")
    browser.cookies.set(COOKIE, "scorer")
    assert browser.get("/").text == "a form"


def test_a_stranger_at_an_open_start_page_is_refused_and_not_led_around() -> None:
    stranger = Browser(client="10.0.0.9", rooms=(start, room))
    assert stranger.get("/").headers["location"] == "/overview"
    assert stranger.get("/overview").status_code == 403
