"""Whom a report is shown to, and what of strangers is refused: ids, cookies, sites, bodies."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crash_platform.serving.limits import Limits
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.reporting.office import FORM, TOLD, Browser, Office, sent


def test_only_the_browser_that_sent_a_report_sees_it(office: Office, somebody: Browser) -> None:
    path, stranger = somebody.report(), Browser(office)
    stranger.report()
    for browser in (stranger, Browser(office)):
        for each in (
            browser.get(path),
            browser.get(f"{path}/state"),
            browser.post(f"{path}/withdraw", b""),
        ):
            assert each.status_code == 404
            assert "FULTON" not in each.text
    assert path not in stranger.get("/reports").text
    office.sender.send_waiting()
    assert not [each for each in sent(office.hub) if each["is_withdrawn"]]


@pytest.mark.parametrize("event_id", ["nothing", "' OR 1=1 --", "%00", "x" * 3000, "../../etc"])
def test_ids_that_are_none_lead_nowhere(somebody: Browser, event_id: str) -> None:
    somebody.report()
    assert somebody.get(f"/reports/{event_id}").status_code == 404
    assert somebody.post(f"/reports/{event_id}/withdraw", b"").status_code in {404, 405}


def test_the_cookie_is_a_number_that_scripts_and_other_sites_never_get(
    office: Office, somebody: Browser
) -> None:
    told = somebody.get("/").headers["Set-Cookie"]
    assert re.fullmatch(
        r"crash_platform_visitor=[0-9a-f]{32}; HttpOnly; Max-Age=2592000; Path=/; SameSite=strict",
        told,
    )
    assert "Secure" in Browser(office, scheme="https").get("/").headers["Set-Cookie"]
    token = somebody.cookies["crash_platform_visitor"]
    somebody.report()
    assert somebody.cookies["crash_platform_visitor"] == token


def test_a_cookie_that_is_none_of_ours_is_no_visitor(office: Office) -> None:
    for value in ("", "short", "0" * 33, "' OR 1=1 --"):
        headers = {"Cookie": f"crash_platform_visitor={value}", "Accept": "text/html"}
        page = Browser(office).get("/reports", headers=headers)
        assert "None yet" in page.text


def test_the_visitor_is_in_no_page_no_log_and_no_file(office: Office, somebody: Browser) -> None:
    path = somebody.report()
    pages = [somebody.get(each).text for each in ("/", path, f"{path}/state", "/reports")]
    office.sender.send_waiting()
    token = somebody.cookies["crash_platform_visitor"]
    file = office.outbox.path.read_bytes()
    kept = "".join([*pages, *office.lines, *office.requests, str(sent(office.hub))])
    assert token not in kept
    assert token.encode() not in file
    assert path.split("/")[-1] not in "".join(office.requests)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_forms_of_other_sites_are_refused(
    office: Office, somebody: Browser, headers: dict[str, str]
) -> None:
    path = somebody.report()
    assert somebody.send(TOLD | {"form": "1"}, **headers).status_code == 403
    assert somebody.post(f"{path}/withdraw", b"", **headers).status_code == 403
    office.sender.send_waiting()
    assert len(sent(office.hub)) == 1


def test_bodies_that_are_too_long_or_no_form_are_refused(somebody: Browser) -> None:
    assert somebody.post("/reports", b"a=" + b"x" * 40_000).status_code == 413
    assert somebody.post("/reports", b"a=1&" * 2_000).status_code == 422
    assert somebody.post("/reports", b"\xff\xfe").status_code == 422
    json = {"Content-Type": "application/json"}
    assert somebody.post("/reports", b"{}", **json).status_code == 415
    assert somebody.post("/reports", b"", **{"Content-Encoding": "gzip"}).status_code == 415


def test_a_body_that_comes_too_slowly_is_refused(tmp_path: Path) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"crash_date="
        await asyncio.sleep(0.3)
        yield b"2023-09-20"

    office = Office(tmp_path, limits=Limits(body_seconds=0.05))
    assert Browser(office).ask("POST", "/reports", content=slow(), headers=FORM).status_code == 408


def test_the_form_and_its_report_need_a_scorer_and_the_history_a_reader(tmp_path: Path) -> None:
    guard = StrictGuard()
    somebody = Browser(Office(tmp_path, guard=guard))
    somebody.cookies.set("crash_platform_key", "reader")
    asked = [
        somebody.get("/"),
        somebody.send(TOLD),
        somebody.post("/reports/some/withdraw", b""),
        somebody.get("/reports"),
        somebody.get("/reports/some"),
        somebody.get("/reports/some/state"),
    ]
    assert [each.status_code for each in asked] == [303, 403, 403, 200, 404, 404]
    roles = [role for _, role, _ in guard.asked]
    assert roles == ["scorer"] * 3 + ["reader"] * 3
