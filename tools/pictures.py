"""Makes docs/pictures/*.png from a running demonstration, in Arabic: `python -m tools.pictures` in the checkout.

It starts a busy demonstration on a free port, waits until the hall is busy, and takes a picture of each surface.
"""

from __future__ import annotations

import io
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import ViewportSize, expect

from tests.kit import demo_process
from tests.kit.chromium import chromium
from tests.kit.demo_process import Demo
from tests.kit.tree import ROOT
from tests.kit.whole_house import Tab, sign_in, tab

FOLDER: Final = ROOT / "docs" / "pictures"
LARGEST_BYTES: Final = 200_000
BRANCH: Final = "doha-main"
# Visitors in addition to the made-up ones, so that every queue has somebody in it.
VISITORS: Final = (
    "attest-single", "passport-lost", "birth", "attest-single", "attest-collect", "passport-lost",
    "marriage", "attest-single", "birth", "passport-collect", "attest-single", "passport-lost",
)  # fmt: skip
# Tall enough for the whole card of an appointment.
WHOLE_CARD: Final[ViewportSize] = {"width": 390, "height": 1100}
# The first hours of a day with all its columns.
WHOLE_BOOK: Final[ViewportSize] = {"width": 1366, "height": 900}
PATIENCE_SECONDS: Final = 150.0
CALLS_ON_SCREEN: Final = 5


def main() -> int:
    """Make all pictures; returns the exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = demo_process.start(Path(folder), "--busy")
        try:
            photograph(demo)
        finally:
            demo.stop(signal.SIGINT)
    return 0


def photograph(demo: Demo) -> None:
    """Every surface once, while the hall is busy."""
    with (
        chromium("--lang=ar") as browser,
        tab(browser, demo, (1920, 1080)) as screen,
        tab(browser, demo, (1366, 768)) as staff,
        tab(browser, demo, (1080, 1920)) as kiosk,
        tab(browser, demo, (390, 844)) as phone,
    ):
        screen.open("/demo/display")
        # A browser plays no sound before it was touched.
        screen.page.mouse.click(10, 10)
        for service in VISITORS:
            come(demo, service)
        kiosk.open("/demo/kiosk")
        expect(kiosk.page.locator("main .kiosk-card").first).to_be_visible()
        keep("kiosk", shot(kiosk), width=720)
        kiosk.click("a.kiosk-card[href*='/groups/']", 1)
        kiosk.click("a.kiosk-card[href*='/services/']")
        kiosk.click("form.kiosk-take button.kiosk-card-main")
        token = kiosk.number_on_kiosk()

        phone.open(f"/t/{token}")
        keep("ticket", shot(phone))
        phone.page.set_viewport_size(WHOLE_CARD)
        book(phone)
        keep("booking", shot(phone))

        sign_in(staff, "admin")
        staff.open("/paper")
        expect(staff.page.locator("main img").first).to_be_visible()
        keep("slip", demo.get(staff.page.locator("main img").first.get_attribute("src") or "").content, width=480)

        expect(screen.page.locator(".calls li")).to_have_count(CALLS_ON_SCREEN, timeout=PATIENCE_SECONDS * 1000)
        keep("screen", shot(screen), width=1280)
        desk(staff)
        keep("desk", shot(staff))
        staff.open("/office/audit")
        keep("office", shot(staff))
        staff.open("/office/printers")
        keep("printers", shot(staff))
        book_of_staff(staff)


def come(demo: Demo, service: str) -> None:
    """Take a number without a device; a service that gives none now is skipped."""
    wish = {"service": service, "request_id": uuid.uuid4().hex}
    demo.post(f"/api/v1/branches/{BRANCH}/tickets", json=wish)


def book(phone: Tab) -> None:
    """To the page of a confirmed appointment."""
    phone.open(f"/book/{BRANCH}/passport-lost/days")
    phone.click(".days a.choice", 1)
    phone.click("a.time", 2)
    phone.page.fill("#name", "سمر الحلبي")
    phone.page.fill("#contact", "+974 5512 3456")
    phone.click("main form button")
    phone.click("form[action$=confirmation] button")
    expect(phone.page.locator(".panel h1")).to_be_visible()


def desk(staff: Tab) -> None:
    """Open a counter with a visitor and a line of waiting people."""
    staff.open("/desk")
    staff.page.locator("form[action$='/sitting'] button").first.click()
    expect(staff.page.locator("#act-N")).to_be_visible()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        staff.page.keyboard.press("n")
        expect(staff.page.locator("[data-busy], [data-settling]")).to_have_count(0)
        if staff.page.locator("#desk-mine .code").count():
            break
        come(staff.demo, "attest-single")
    staff.page.keyboard.press("s")
    expect(staff.page.locator("[data-busy], [data-settling]")).to_have_count(0)


def book_of_staff(staff: Tab) -> None:
    """The made-up appointments of a day and of the week, and one that is booked for somebody who calls."""
    here = f"/appointments/{BRANCH}"
    staff.page.set_viewport_size(WHOLE_BOOK)
    staff.open(here)
    keep("book-day", shot(staff))
    staff.open(f"{here}/week")
    keep("book-week", shot(staff))
    staff.open(f"{here}/new?service=passport-lost")
    staff.click("button[name=start]", 1)
    staff.page.fill("#name", "سمر الحلبي")
    staff.page.fill("#contact", "55123456")
    keep("book-call", shot(staff))


def shot(tab: Tab) -> bytes:
    """The window as PNG, once its fonts are loaded."""
    tab.page.evaluate("document.fonts.ready.then(() => true)")
    return tab.page.screenshot()


def keep(name: str, png: bytes, width: int | None = None) -> None:
    """Store a picture, not wider than `width` pixels, in as few colours as keep it below LARGEST_BYTES."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if width and picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    # Other properties, such as a slip's transparent colour, would be wrong for the reduced colours.
    picture.info.clear()
    for colours in (256, 128, 64, 32):
        small = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        stored = io.BytesIO()
        small.save(stored, "PNG", optimize=True)
        if len(stored.getvalue()) < LARGEST_BYTES:
            break
    else:
        raise SystemExit(f"{name}.png does not fit into {LARGEST_BYTES} bytes")
    (FOLDER / f"{name}.png").write_bytes(stored.getvalue())
    print(f"{name}.png  {picture.width} × {picture.height}  {len(stored.getvalue()) // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
