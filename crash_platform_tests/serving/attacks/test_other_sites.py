"""What another site can make a browser do here: nothing. And where this one leads: nowhere else."""

import re
from collections.abc import Iterator

import pytest

from crash_platform.serving.pages.doors import COOKIE
from crash_platform_tests.serving.attacks.attacker import Answer, Attacker
from crash_platform_tests.serving.test_who_may import Roles, paths, whole_server

FORMS = ("/sign-in", "/sign-out", "/reports", "/reports/x/withdraw")
ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:8001"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example/localhost"},
    {"Origin": "http://localhost@evil.example"},
    {"Origin": "http://["},
    {"Origin": "http://\xe9"},
    {"Origin": "localhost"},
    {"Origin": "http://evil.example", "Referer": "http://localhost/"},
    {"Referer": "http://evil.example/http://localhost/"},
    {"Referer": "http://localhost:8001/"},
    {"Referer": "http://["},
    {"Referer": "about:blank"},
)
OURS: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Origin": "http://LOCALHOST"},
    {"Referer": "http://localhost/reports"},
    {},
)
AWAY = (
    *("//evil.example", "///evil.example", "https://evil.example", "http:evil.example", "//["),
    *("/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "http://["),
    *("javascript:alert(1)", "data:text/html,x", "\x00//evil.example", " //evil.example"),
    *("//\u2100.example", "/\u2028/evil", "evil.example", "?next=//evil.example", "//evil%00"),
    "/" + "a" * 5_000,
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    """A server that wants a key, and somebody signed in."""
    with whole_server(tmp_path_factory.mktemp("closed"), Roles()) as app:
        yield Attacker(app, cookies={COOKIE: "admin"})


def test_these_are_all_forms(closed: Attacker) -> None:
    posts = {path for method, path in paths(closed.app) if method == "POST"}
    forms = {re.sub(r"\{\w+\}", "x", path) for path in posts} | {"/sign-in"}
    assert forms == {*FORMS, "/predict", "/predict/batch", "/invocations"}


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_form_of_another_site_is_refused_whatever_it_is(
    closed: Attacker, headers: dict[str, str]
) -> None:
    for path in FORMS:
        answer = closed.post(path, {"key": "admin"}, **headers)
        assert answer.status == 403, path
        assert answer.cookies == ()


@pytest.mark.parametrize("headers", OURS)
def test_forms_of_this_site_are_taken(closed: Attacker, headers: dict[str, str]) -> None:
    assert [closed.post(path, {"key": "admin"}, **headers).status for path in FORMS] == [
        *(303, 303, 422, 404)
    ]


def test_the_api_knows_no_cookie(closed: Attacker) -> None:
    for path in ("/predict", "/predict/batch", "/invocations"):
        assert closed.ask("POST", path, b"", {"Content-Type": "application/json"}).status == 401
    assert closed.ask("GET", "/model").status == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "X"])
def test_a_page_takes_no_other_method_also_not_by_another_name(
    closed: Attacker, method: str
) -> None:
    for path in ("/", "/about", "/overview", "/reports/x", "/live/events"):
        answer = closed.ask(method, path)
        assert answer.status == 405
        assert not [name for name in answer.headers if name.startswith("access-control")]
    renamed = {
        "X-HTTP-Method-Override": "POST",
        "X-Method-Override": "POST",
        "X-HTTP-Method": "PUT",
    }
    for path in ("/sign-out", "/reports/x/withdraw"):
        answer = closed.ask("GET", path, b"_method=POST", renamed)
        assert answer.status == 405


def test_opening_a_page_changes_nothing_but_the_number_of_a_browser(closed: Attacker) -> None:
    opened = [path for method, path in paths(closed.app) if method == "GET"]
    for path in opened:
        if path not in ("/live/events", "/data-quality"):  # one without end, and a slow one
            answer = closed.get(re.sub(r"\{\w+\}", "x", path))
            assert not any(COOKIE in each for each in answer.cookies)


def flags(answer: Answer) -> list[set[str]]:
    """What is said of every cookie that is set."""
    return [{part.strip().lower() for part in each.split(";")[1:]} for each in answer.cookies]


@pytest.mark.parametrize(("proxy", "is_secure"), [("https", True), ("HTTPS, http", True), ("", 0)])
def test_cookies_are_for_this_site_alone_and_behind_https_for_https_alone(
    closed: Attacker, proxy: str, is_secure: bool
) -> None:
    headers = {"X-Forwarded-Proto": proxy}
    for answer in (
        closed.post("/sign-in", {"key": "admin"}, **headers),
        closed.get("/", **headers),
    ):
        (said,) = flags(answer)
        assert {"httponly", "samesite=strict", "path=/"} <= said
        assert ("secure" in said) == is_secure
        assert not [each for each in said if each.startswith("domain")]


@pytest.mark.parametrize("away", AWAY)
def test_after_signing_in_nobody_is_led_away(closed: Attacker, away: str) -> None:
    assert closed.post("/sign-in", {"key": "admin", "next": away}).headers["location"] == "/"
    assert 'name="next" value="/"' in closed.get("/sign-in", {"next": away}).text


@pytest.mark.parametrize("path", ["//evil.example/%2e", "/\\evil.example", "/a%0d%0aX-Evil:%201"])
def test_whoever_is_not_signed_in_is_led_back_to_this_site_only(
    closed: Attacker, path: str
) -> None:
    stranger = Attacker(closed.app)
    answer = stranger.get(f"/reports/{path}", b"next=//evil.example", Host="evil.example//a")
    assert answer.status in (303, 404)
    assert answer.headers.get("location", "/sign-in").startswith("/sign-in")
    answer = stranger.get("/overview", b"first_day=" + b"x" * 50_000)
    assert answer.headers["location"] == "/sign-in?next=/"


@pytest.mark.parametrize(
    "form",
    [
        *(b"key=%ff%fe", b"key=%zz", b"key=%E2%98%83", b"key=a%0d%0aSet-Cookie:+a=b", b"key=%00"),
        *(b"&".join(b"a%d=1" % number for number in range(99)), b"\xff", b"{", b"key", b""),
        b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nadmin\r\n--x--\r\n',
    ],
)
def test_a_sign_in_that_is_none_signs_nobody_in(closed: Attacker, form: bytes) -> None:
    answer = closed.post("/sign-in", form)
    assert answer.status in (401, 422)
    assert answer.cookies == ()


@pytest.mark.parametrize("key", ["a\r\nSet-Cookie: a=b", "\u2603", "\x00", "a\u0085b"])
def test_no_text_becomes_a_header_also_where_any_key_is_good(empty: Attacker, key: str) -> None:
    answer = empty.post("/sign-in", {"key": key})
    assert (answer.status, answer.cookies) == (401, ())
