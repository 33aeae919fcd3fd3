from crash_platform.serving.pages.doors import COOKIE
from crash_platform.serving.pages.sign_in import MOST_BYTES, NOT_VALID
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.pages.browsing import FORM, Browser


def test_a_good_key_is_kept_in_a_cookie_that_no_script_and_no_other_site_can_use() -> None:
    browser = Browser(StrictGuard())
    answer = browser.send("/sign-in", {"key": " reader ", "next": "/overview?per=day"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/overview?per=day")
    assert answer.headers["set-cookie"] == f"{COOKIE}=reader; HttpOnly; Path=/; SameSite=strict"
    assert browser.get("/overview").status_code == 200


def test_over_https_the_cookie_never_travels_without_it() -> None:
    answer = Browser(StrictGuard(), scheme="https").send("/sign-in", {"key": "reader"})
    assert answer.headers["set-cookie"].endswith("SameSite=strict; Secure")


class Knows(StrictGuard):
    """Refuses a key it does not know, as the real guard does."""

    def admit(self, authorization, role, client):  # type: ignore[no-untyped-def]
        super().admit(None if authorization == "Bearer wrong" else authorization, role, client)


def test_a_wrong_key_is_told_and_neither_kept_nor_repeated() -> None:
    answer = Browser(Knows()).send("/sign-in", {"key": "wrong", "next": "/overview"})
    assert answer.status_code == 401
    assert NOT_VALID in answer.text
    assert "wrong" not in answer.text
    assert 'name="next" value="/overview"' in answer.text
    assert "set-cookie" not in answer.headers


def test_signing_out_forgets_the_key() -> None:
    browser = Browser(StrictGuard())
    browser.send("/sign-in", {"key": "reader"})
    assert browser.send("/sign-out", {}).headers["location"] == "/sign-in"
    assert browser.get("/overview").status_code == 303


def test_nobody_can_be_signed_in_by_another_site() -> None:
    answer = Browser(StrictGuard()).send(
        "/sign-in", {"key": "reader"}, **{"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_form_that_is_too_large_or_no_text_is_refused() -> None:
    browser = Browser(StrictGuard())
    large = browser.ask("POST", "/sign-in", content=b"key=" + b"a" * MOST_BYTES, headers=FORM)
    binary = browser.ask("POST", "/sign-in", content=b"key=\xff", headers=FORM)
    assert [large.status_code, binary.status_code] == [413, 422]


def test_a_path_to_come_back_to_is_escaped_in_the_form() -> None:
    page = Browser(StrictGuard()).get("/sign-in", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in page.text
