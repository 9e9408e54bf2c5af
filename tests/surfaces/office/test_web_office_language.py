"""Staff read their pages in any language of the interface, also where the branch offers its visitors only one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.i18n.words import available_languages
from queue_system.store.tables import Branch, table
from tests.kit.hall import Hall, edit
from tests.kit.web_hall import sign_in

PAGES = ("/office/hours/doha-main", "/office/closing/doha-main", "/reception/doha-main")


@pytest.mark.parametrize("page", PAGES)
def test_staff_choose_a_language_that_the_branch_does_not_offer(here: tuple[TestClient, Hall], page: str) -> None:
    client, hall = here
    sign_in(client, "admin")
    branch = table(Branch)

    only_arabic = sa.update(branch).where(branch.c.id == hall.branch.id).values(languages=["ar"])
    edit(hall, lambda tx: tx.execute(only_arabic))
    found = client.get(page, params={"lang": "en"})
    assert found.status_code == 200
    assert '<html lang="en" dir="ltr"' in found.text
    for language in available_languages():
        assert f'lang="{language}"' in found.text
    # The visitors of the branch have its own language.
    assert '<html lang="ar" dir="rtl"' in client.get("/book/doha-main", params={"lang": "en"}).text
