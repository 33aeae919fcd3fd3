"""What strangers typed is text: in pages, in the data of charts, in refusals, in the feed."""

import asyncio
import html
import json
import re

import pytest

from crash_platform.serving.pages.page import POLICY, STATIC
from crash_platform_tests.serving.asking import BODY
from crash_platform_tests.serving.attacks.attacker import Attacker
from crash_platform_tests.serving.attacks.poisoned import HTML
from crash_platform_tests.serving.attacks.reading import dangers, data_of, text_of
from crash_platform_tests.serving.reporting.office import TOLD

BOARDS = ("/overview", "/hotspots", "/causes", "/model-quality", "/streams")
SHOWING = ("/live", "/overview", "/causes", "/model-quality", "/data-quality", "/streams")
"""Pages that show texts of the lake."""
PAGES = ("/", "/about", "/reports", "/sign-in", "/hotspots", *SHOWING)
FORM = {**TOLD, "crash_date": "2023-09-19"}


@pytest.mark.parametrize("path", PAGES)
def test_a_lake_full_of_attacks_gives_pages_that_run_nothing(poisoned: Attacker, path: str) -> None:
    page = poisoned.get(path)
    assert (page.status, page.headers["content-security-policy"]) == (200, POLICY)
    for block in data_of(page.text):
        assert "<" not in block
    if path in SHOWING:
        assert HTML.casefold() in html.unescape(page.text).casefold()


def test_the_reader_of_pages_finds_what_would_run() -> None:
    for evil in (
        *(HTML, "<script>1</script>", "<p onclick=a()>", "<a href=javascript:a>", "<p style='a'>"),
        *("<script src=//evil.example/a.js></script>", "<iframe>", '<a href="/\\evil">', "<base>"),
        *('<script type="application/json">{"a": "</script><b>"}</script>', "<style>a</style>"),
        *('<meta http-equiv="refresh">', "<img src=x>", '<form action="https://evil.example">'),
    ):
        assert dangers(evil) != [], evil
    assert dangers('<a href="/x">&lt;script&gt;</a><script src="/static/a.js"></script>') == []


@pytest.mark.parametrize("name", ["on_street_name", "off_street_name", "vehicle_1", "factor_2"])
def test_a_report_full_of_attacks_is_shown_to_its_sender_as_text(
    empty: Attacker, name: str
) -> None:
    sender = Attacker(empty.app)
    cookie = sender.get("/").cookies[0].partition(";")[0]
    sender.cookies = dict([cookie.split("=", 1)])
    told = HTML[:99]
    taken = sender.post("/reports", {**FORM, name: told, "form": name})
    if taken.status == 422:  # the form was filled at a fixed time: mended, it is taken
        taken = sender.post("/reports", {**_today(sender), name: told, "form": name})
    assert taken.status == 303
    pages = [sender.get(taken.headers["location"]), sender.get("/reports")]
    assert told in html.unescape(pages[0].text)
    state = sender.get(f"{taken.headers['location']}/state")
    assert state.headers["content-type"] == "application/json"
    assert Attacker(empty.app).get(taken.headers["location"]).status == 404


def _today(sender: Attacker) -> dict[str, str]:
    (day,) = re.findall(r'name="crash_date"[^>]*value="([^"]+)"', sender.get("/").text)
    return {**TOLD, "crash_date": day, "crash_time": ""}


def test_a_form_that_comes_back_holds_every_attack_as_text(empty: Attacker) -> None:
    page = empty.post("/reports", {**dict.fromkeys(FORM, HTML), "crash_date": HTML})
    assert page.status == 422
    assert page.text.count(html.escape("<script>alert(1)</script>")) >= 5


@pytest.mark.parametrize("path", [*BOARDS, "/sign-in", "/reports/x", "/nothing", "/live"])
def test_what_an_address_holds_is_never_run(empty: Attacker, path: str) -> None:
    names = ("next", "first_day", "boroughs", "per", "factor", "cells", "after", "period")
    for page in (
        empty.get(path, dict.fromkeys(names, HTML)),
        empty.get(path, {HTML: HTML}),
        empty.get(f"{path}/{HTML}"),
        empty.get(path, Cookie=f"crash_platform_visitor={HTML}; {HTML}", Referer=HTML),
    ):
        assert "alert(1)" not in text_of(page.text)
        assert page.status in (200, 404, 422)


@pytest.mark.parametrize("host", [HTML, "evil.example", "[::1", "a b", "localhost\x00", "a/b?c#d"])
def test_the_name_of_the_server_is_in_no_page(empty: Attacker, host: str) -> None:
    for path in ("/about", "/nothing", "/sign-in", "/static/app.css", "/openapi.json"):
        answer = empty.get(path, Host=host)
        assert host not in answer.told
        assert "evil.example" not in answer.told


def test_what_the_api_is_told_is_not_answered_as_a_page(empty: Attacker) -> None:
    headers = {"Accept": "text/html", "Content-Type": "application/json"}
    body = json.dumps(BODY | {HTML: HTML, "borough": HTML}).encode()
    page = empty.ask("POST", "/predict", b"", headers, body)
    assert (page.status, page.is_page) == (422, True)
    answer = empty.ask("POST", "/predict", b"", headers | {"Accept": "*/*"}, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_refusal_of_a_page_is_a_page_with_the_policy(empty: Attacker) -> None:
    asked = [
        empty.get("/nothing"),
        empty.ask("DELETE", "/about", b"", {"Accept": "text/html"}),
        empty.get("/overview", b"first_day=x"),
        empty.post("/sign-out", Origin="null"),
        Attacker(empty.app, client="10.0.0.9").get("/about"),
    ]
    assert [each.status for each in asked] == [404, 405, 422, 403, 403]
    assert {each.headers["content-security-policy"] for each in asked} == {POLICY}


def test_no_script_of_this_site_makes_html_or_code_of_texts() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    own = [each for each in STATIC.rglob("*.js") if "vendor" not in each.parts]
    assert len(own) > 5
    assert [each.name for each in own if re.search(ways, each.read_text())] == []


def test_an_event_of_the_feed_is_one_event_whatever_was_typed(poisoned: Attacker) -> None:
    sent = asyncio.run(first_bytes(poisoned, b"after=1:0=0"))
    lines = sent.decode().split("\n")
    allowed = re.compile(r"(retry: \d+|id: [^\r]*|event: (report|beat|gap)|: alive|data: \{.*\})?")
    assert [line for line in lines if not allowed.fullmatch(line)] == []
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line[:5] == "data:"]
    assert HTML in [each.get("on_street_name") for each in told]


async def first_bytes(attacker: Attacker, query: bytes) -> bytes:
    """What the feed says at once."""
    said = bytearray()
    gone = asyncio.Event()

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, bytes]) -> None:
        said.extend(message.get("body", b""))
        if b"event: beat" in said:
            gone.set()

    scope = attacker.scope("GET", "/live/events", query, {})
    await asyncio.wait_for(attacker.app(scope, receive, send), 10)  # type: ignore[arg-type]
    return bytes(said)
