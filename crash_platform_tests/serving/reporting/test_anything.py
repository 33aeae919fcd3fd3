"""Whatever is sent as a form: a report, the form again, or a refusal; never a mistake of ours."""

from urllib.parse import urlencode

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from crash_platform.serving.reporting.form import NAMES
from crash_platform_tests.serving.reporting.office import TOLD, Browser, Office

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.sampled_from(NAMES) | st.text(max_size=6)
values = st.text(max_size=30) | st.sampled_from(list(TOLD.values()))
changes = st.dictionaries(names, values, max_size=6)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@FEW
@given(more=changes, is_whole=st.booleans())
def test_any_fields_are_a_report_or_the_form_again(
    desk: Office, more: dict[str, str], is_whole: bool
) -> None:
    form = (TOLD if is_whole else {}) | more
    body = urlencode(form, errors="surrogatepass").encode()
    assert Browser(desk).post("/reports", body).status_code in {303, 422}


@FEW
@given(body=st.binary(max_size=200))
def test_any_bytes_are_the_form_again_or_refused(desk: Office, body: bytes) -> None:
    assert Browser(desk).post("/reports", body).status_code in {303, 422}
