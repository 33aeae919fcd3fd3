"""What people see: the form, its faults, the answer, their own reports, and nobody else's."""

import re
from pathlib import Path

import pytest

from crash_platform.pipelines.injuries.answering import Answerer, NoModelError
from crash_platform.streams.log import LogUnreachableError
from crash_platform_tests.serving.reporting.office import NOW, TOLD, Browser, Office, sent

XSS = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{98765*43210}}"
TEXTS = ("on_street_name", "off_street_name", "cross_street_name", "vehicle_1", "factor_1")


def text(html: str) -> str:
    """A page as it is read: without tags, with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def nobody() -> Answerer:
    raise NoModelError("No injury model is champion yet.")


def test_the_form_has_a_label_for_every_field_and_opens_at_now(somebody: Browser) -> None:
    page = somebody.get("/")
    assert page.status_code == 200
    names = re.findall(r'<(?:input|select) id="(\w+)"', page.text)
    assert len(names) == len(set(names)) == 20
    assert {f'for="{name}"' for name in names} <= set(re.findall(r'for="\w+"', page.text))
    assert 'value="2023-09-20"' in page.text
    assert 'value="12:30"' in page.text
    assert '<option value="STATEN ISLAND">Staten Island</option>' in page.text
    assert '<option value="E-bike">' in page.text
    assert page.text.count('class="borough"') == 5


def test_no_page_has_a_script_or_a_style_inside(somebody: Browser) -> None:
    path = somebody.report()
    for page in (somebody.get("/"), somebody.get(path), somebody.get("/reports")):
        assert page.status_code == 200
        assert "style=" not in page.text
        assert not re.search(r"<script(?! type=\"module\" src=)|<style|\son\w+=", page.text)
        assert not re.search(r"(src|href|action)=\"(?!/|#)", page.text)


def test_a_report_goes_to_the_hub_and_is_answered(office: Office, somebody: Browser) -> None:
    with office.sending():
        path = somebody.report()
        office.sender.wait_for(path.split("/")[-1], 1, 5)
    (event,) = sent(office.hub)
    assert path == f"/reports/{event['event_id']}"
    assert event["vehicle_types"] == ["Sedan", "Bike"]
    assert event["persons_injured"] == 1
    page = text(somebody.get(path).text)
    assert re.search(r"About \d+ of 100 crashes reported like this one had somebody", page)
    assert "version 7" in page
    assert "It does not replace calling 911" in page
    assert re.search(r"Vehicles: Sedan, Bi\w+ (raises|lowers) the odds ", page)
    assert "The hub has taken the report." in page


def test_what_is_wrong_is_listed_linked_and_said_at_its_field(somebody: Browser) -> None:
    faulty = TOLD | {"crash_date": "2031-01-01", "latitude": "12", "vehicle_5": "Tank"}
    page = somebody.send(faulty)
    assert page.status_code == 422
    assert "<title>Problem: Report a crash" in page.text
    assert "2 fields need mending" in page.text
    for name in ("crash_date", "latitude"):
        assert f'href="#{name}"' in page.text
        (field,) = re.findall(rf'<input id="{name}"[^>]*>', page.text)
        assert 'aria-invalid="true"' in field
        assert re.search(rf'aria-describedby="{name}-problem', field)
        assert f'id="{name}-problem"' in page.text
    for value in ("2031-01-01", "12", "Tank", "FULTON STREET", "Unsafe Speed"):
        assert f'value="{value}"' in page.text
    assert '<option value="BROOKLYN" selected>' in page.text


def test_nothing_is_sent_or_kept_of_a_form_that_is_wrong(office: Office, somebody: Browser) -> None:
    somebody.send(TOLD | {"crash_date": ""})
    office.sender.send_waiting()
    assert sent(office.hub) == []
    assert "None yet" in somebody.get("/reports").text


@pytest.mark.parametrize("name", TEXTS)
def test_scripts_in_a_report_come_back_as_text(
    office: Office, somebody: Browser, name: str
) -> None:
    path = somebody.report(**{name: XSS})
    faulty = somebody.send(TOLD | {name: XSS, "crash_date": "<script>alert(3)</script>"})
    for page in (somebody.get(path), somebody.get("/reports"), faulty):
        assert "<script>" not in page.text
        assert "<img" not in page.text
        assert str(98765 * 43210) not in page.text
    assert "&lt;script&gt;" in faulty.text
    assert "&lt;script&gt;" in somebody.get(path).text


def test_scripts_in_every_field_of_a_form_that_is_wrong_come_back_as_text(
    somebody: Browser,
) -> None:
    page = somebody.send(dict.fromkeys(TOLD, XSS))
    assert page.status_code == 422
    assert "<script>" not in page.text


def test_a_hub_that_is_away_is_told_and_the_report_comes_later(
    office: Office, somebody: Browser
) -> None:
    office.hub.fail_next(LogUnreachableError("The hub at secret-host cannot be reached."), 4)
    path = somebody.report()
    office.sender.send_waiting()
    page = somebody.get(path).text
    assert "has not taken it yet" in page
    assert "The hub cannot be reached right now." in page
    assert "secret-host" not in page
    assert "waits for the hub" in somebody.get("/reports").text
    office.hub._failures.clear()
    office.sender.send_waiting()
    assert len(sent(office.hub)) == 1
    assert "has not taken it yet" not in somebody.get(path).text


def test_a_report_that_is_refused_for_good_is_shown_with_the_reason(
    office: Office, somebody: Browser
) -> None:
    path = somebody.report()
    parcel = office.outbox.take()
    assert parcel is not None
    office.outbox.refused(parcel, "It is <larger> than the hub takes.", None)
    page = somebody.get(path).text
    assert "refuses this report for good" in page
    assert "&lt;larger&gt;" in page
    assert "refused by the hub" in somebody.get("/reports").text


def test_without_a_model_the_report_is_sent_all_the_same(tmp_path: Path) -> None:
    office = Office(tmp_path, answerer=nobody)
    somebody = Browser(office)
    path = somebody.report()
    office.sender.send_waiting()
    assert len(sent(office.hub)) == 1
    assert "No model answered this report" in somebody.get(path).text
    assert "no model answered" in somebody.get("/reports").text


def test_a_report_is_taken_back_once(office: Office, somebody: Browser) -> None:
    path = somebody.report()
    for _ in range(2):
        answer = somebody.post(f"{path}/withdraw", b"")
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
    office.sender.send_waiting()
    first, last = sorted(sent(office.hub), key=lambda each: each["event_version"])
    assert last == first | {"event_version": 2, "is_withdrawn": True}
    page = somebody.get(path).text
    assert "You have taken this report back" in page
    assert "/withdraw" not in page
    assert "taken back" in somebody.get("/reports").text


def test_own_reports_are_listed_the_newest_first(office: Office, somebody: Browser) -> None:
    for street in ("FIRST AVENUE", "SECOND AVENUE", "THIRD AVENUE"):
        somebody.report(on_street_name=street)
        office.now = office.now.replace(second=office.now.second + 1)
    found = re.findall(r'<a href="/reports/.+?">(.+?)</a>', somebody.get("/reports").text)
    assert [each.split(", ")[1] for each in found] == [
        *("THIRD AVENUE", "SECOND AVENUE", "FIRST AVENUE"),
    ]


def test_a_form_that_is_sent_twice_is_one_report_and_a_changed_one_another(
    office: Office, somebody: Browser
) -> None:
    somebody.get("/")
    first, again = somebody.report(), somebody.report()
    other = somebody.report(on_street_name="ELSEWHERE")
    assert first == again != other
    office.sender.send_waiting()
    assert len(sent(office.hub)) == 2


def test_an_outbox_that_cannot_be_used_is_told_and_the_form_is_kept(
    office: Office, somebody: Browser
) -> None:
    somebody.get("/")
    office.outbox.path.unlink()
    office.outbox.path.mkdir()
    page = somebody.send(TOLD)
    assert page.status_code == 503
    assert "The report was not taken" in page.text
    assert 'value="FULTON STREET"' in page.text
    assert str(office.folder) not in page.text
    assert somebody.get("/reports").status_code == 503
    assert "web_reports.sqlite cannot be used" in office.lines[0]


def test_the_state_says_for_programs_what_the_page_says(office: Office, somebody: Browser) -> None:
    path = somebody.report()
    office.sender.send_waiting()
    state = somebody.get(f"{path}/state", headers={"Accept": "application/json"}).json()
    assert [(each["key"], each["progress"]) for each in state["steps"]] == [
        ("kept", "done"),
        ("sent", "done"),
        ("landed", "waiting"),
        ("scored", "waiting"),
        ("shown", "waiting"),
        ("official", "waiting"),
    ]
    assert state["steps"][0]["at"]["iso"] == NOW.isoformat()
    assert state["is_settled"] is False
