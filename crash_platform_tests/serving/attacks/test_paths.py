"""Paths that lead elsewhere, headers that ask for what is not there, pages that others keep."""

import pytest

from crash_platform.serving.pages.page import STATIC
from crash_platform_tests.serving.attacks.attacker import Attacker

CSS = "/static/app.css"
SIZE = (STATIC / "app.css").stat().st_size
CLIMBING = (
    *(
        "/static/../page.py",
        "/static/%2e%2e/page.py",
        "/static/..%2fpage.py",
        "/static/..%5cpage.py",
    ),
    *(
        "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fsettings.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
    ),
    *("/static/....//page.py", "/static/vendor/../../page.py", "/static/%c0%ae%c0%ae/page.py"),
    *("/static/%00", "/static/app.css%00.js", "/static/app.css/x", "/static/."),
    *("/static", "/static/", "/static/vendor", "/static/vendor/", "/static/" + "a/" * 900 + "b"),
    *("/static/" + "a" * 5_000, "/static/%ff%fe", "/static/~root/.profile", "/static/file:///etc"),
    *("//static/app.css", "/STATIC/app.css", "/static\\app.css"),
)


@pytest.mark.parametrize("path", CLIMBING)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_static_files_are_those_of_the_folder(empty: Attacker, path: str, method: str) -> None:
    answer = empty.ask(method, path)
    assert answer.status == 404
    assert "root:" not in answer.told
    assert "import " not in answer.told


@pytest.mark.parametrize(
    ("ranges", "status"),
    [
        *(("bytes=0-1", 206), ("bytes=-5", 206), ("bytes=0-1,3-4", 206), ("items=0-1", 400)),
        *(("bytes=5-1", 400), ("bytes=a-b", 400), (f"bytes={SIZE}-", 416), ("bytes=,", 400)),
        *(("bytes=" + "9" * 5_000 + "-", 400), ("bytes=\xb2-", 400), ("", 400), ("bytes", 400)),
        ("bytes=" + ",".join(["0-1"] * 20_000), 200),
        ("bytes=" + ",".join(["0-"] * 20_000), 200),
    ],
)
def test_parts_of_a_file_are_never_more_than_the_file(
    empty: Attacker, ranges: str, status: int
) -> None:
    answer = empty.ask("GET", CSS, b"", {"Range": ranges})
    assert answer.status == status
    assert len(answer.content) < SIZE + 1_000


@pytest.mark.parametrize(
    "accept",
    [
        *(
            "",
            "*/*",
            "text/html",
            "text/html;q=0",
            "TEXT/HTML",
            "text/html\xff",
            "application/json",
        ),
        *("text/html," * 5_000, "q=1;;;,,", "image/png, text/html", "text/htmlx", "\x7f"),
    ],
)
def test_whatever_is_accepted_a_refusal_is_a_page_or_json(empty: Attacker, accept: str) -> None:
    answer = empty.ask("GET", "/nothing", b"", {"Accept": accept})
    assert answer.status == 404
    assert answer.is_page or answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/overview", "/overview/trend.csv", "/live", "/model", "/sign-in"]
)
def test_what_is_for_one_person_is_kept_nowhere(poisoned: Attacker, path: str) -> None:
    for name, value in (("Accept", "text/html"), ("If-None-Match", "*"), ("Range", "bytes=0-1")):
        answer = poisoned.ask("GET", path, b"", {name: value})
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


def test_a_picture_is_kept_by_the_browser_that_may_see_it_only(poisoned: Attacker) -> None:
    path = poisoned.get("/model-quality").text.partition('<img src="')[2].partition('"')[0]
    answer = poisoned.get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert poisoned.get(path, If_None_Match='W/"a", ' * 9_000).status == 200


@pytest.mark.parametrize(
    "headers", [{"Host": ""}, {"Cookie": "=;" * 9_000}, {"Cookie": "\xff=\xff"}]
)
def test_headers_that_make_no_sense_change_nothing(
    empty: Attacker, headers: dict[str, str]
) -> None:
    status = 403 if "Host" in headers else 200
    assert empty.get("/reports", **headers).status == status


@pytest.mark.parametrize("event_id", ["%00", "%ff", "..%2f..", "' OR 1=1 --", "%0d%0aX:%201", "*"])
def test_no_id_finds_the_report_of_somebody_else(empty: Attacker, event_id: str) -> None:
    visitor = Attacker(empty.app, cookies={"crash_platform_visitor": "0" * 32})
    for answer in (
        visitor.get(f"/reports/{event_id}"),
        visitor.get(f"/reports/{event_id}/state"),
        visitor.post(f"/reports/{event_id}/withdraw"),
    ):
        assert answer.status == 404
