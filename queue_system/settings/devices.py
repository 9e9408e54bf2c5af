"""Devices of a hall (kiosks, printers, screens, counter displays), their models, and the planned ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from .declared import (
    Between,
    Declared,
    Form,
    Informs,
    Kind,
    Names,
    NotYet,
    OnlyActedOn,
    Ref,
    Text,
    Thing,
    Told,
    WordsNotYet,
)
from .faults import Fault

#: The transports that this program prints over, with the settings that form the address of each.
PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "tcp9100": ("host", "port"),
    "usb_lp": ("path", "node"),
    "serial": ("path", "baud", "flow", "node"),
}


class Screen(Declared):
    """Any device that shows pages."""

    screen_in: Annotated[float | None, Between(3, 200), "diagonal in inches"] = None
    orientation: Annotated[
        Literal["portrait", "landscape"] | None, Kind("orientation"), Informs(), "its orientation"
    ] = None
    pixels: Annotated[Text | None, Informs(), "width×height"] = None
    browser: Annotated[Text | None, Informs(), "the browser that shows the pages"] = None


class KioskKit(Screen):
    """A kiosk."""

    kind: Literal["kiosk"] = "kiosk"
    touch: Annotated[bool, Informs(), "whether it has a touch screen"] = False
    audio_jack: Annotated[bool, Informs(), "whether headphones can be plugged in"] = False
    keypad_tactile: Annotated[bool, Informs(), "whether it has keys that can be felt"] = False
    max_operable_height_mm: Annotated[
        int | None, Between(300, 2500), Informs(), "height of the highest thing to touch"
    ] = None
    battery: Annotated[bool, Informs(), "whether it runs on a battery"] = False
    offline_first: Annotated[bool, NotYet("offline", Told.PLACE), "whether it is to work without a connection"] = False


class PrinterHabits(Declared):
    """How a printer behaves: the defaults of its model, which one printer can change."""

    dots: Annotated[Literal[576, 512, 384], Kind("paper width in dots"), "width of its head"]
    cutter: Annotated[bool, "whether it cuts the paper"] = True
    left_margin: Annotated[bool, "yes: it obeys `GS L`"] = False
    feed_per_line: Annotated[Literal[1, 2], Kind("step of the paper feed"), "units of `ESC J` in a dot line"] = 1
    mute: Annotated[bool, "yes: it never answers"] = False
    completion: Annotated[bool | None, "whether it knows `GS ( H`; left out, it is found out"] = None
    baud: Annotated[Literal[9600, 19200, 38400, 57600, 115200], Kind("speed"), "speed of a serial line"] = 9600
    flow: Annotated[Literal["none", "xon_xoff", "rts_cts"], Kind("flow control"), "of a serial line"] = "none"


class PrinterKit(PrinterHabits):
    """A printer."""

    kind: Literal["printer"] = "printer"
    transport: Annotated[
        Literal["tcp9100", "usb_lp", "serial", "cloudprnt", "epson_sdp"],
        Kind("transport"),
        OnlyActedOn("printer-transport", frozenset(PLACES)),
        "how slips are sent to it",
    ]
    language: Annotated[
        Literal["escpos", "star_raster_png", "epos_xml"],
        Kind("printer language"),
        OnlyActedOn("printer-transport", frozenset({"escpos"})),
        "the printer language that it reads",
    ]
    near_end_sensor: Annotated[bool, Informs(), "whether it reports that the paper is running out"] = False
    battery: Annotated[bool, Informs(), "whether it runs on a battery"] = False
    poll_s: Annotated[int | None, Between(1, 300), Informs(), "seconds between its requests for slips"] = None


class DisplayKit(Screen):
    """A screen of the hall."""

    kind: Literal["display"] = "display"
    viewing_distance_m: Annotated[float | None, Between(0.5, 50), "the distance from which it is read, in metres"] = (
        None
    )
    min_code_height_mm: Annotated[
        int | None,
        Between(5, 1000),
        Informs(),
        "height of a number that can be read from there; screens work it out from the distance",
    ] = None


class CounterDisplayKit(Declared):
    """A small display above a counter."""

    kind: Annotated[Literal["counter_display"], WordsNotYet({"counter_display": "counter-display"})] = "counter_display"
    digits: Annotated[int | None, Between(1, 8), "how many characters it shows"] = None
    adapters: Annotated[
        tuple[Annotated[Literal["rs485", "modbus", "udp"], Kind("adapter")], ...], "protocols by which it is reached"
    ] = ()


Kit = KioskKit | PrinterKit | DisplayKit | CounterDisplayKit
KITS: Final[dict[str, type[Kit]]] = {
    "kiosk": KioskKit,
    "printer": PrinterKit,
    "display": DisplayKit,
    "counter_display": CounterDisplayKit,
}


class DeviceModel(Thing):
    """A model of device that can be bought."""

    kind_of_thing: ClassVar[str] = "device model"

    names: Annotated[Names | None, "its name"] = None
    kit: Annotated[Kit, Field(discriminator="kind"), "what it is and can do"]

    @property
    def kind(self) -> str:
        """kiosk, printer, display or counter_display."""
        return self.kit.kind


class PrinterPlace(Declared):
    """How a printer is connected, and its role."""

    role: Annotated[Literal["main", "fallback"] | None, Kind("role"), "fallback: prints if no main printer can"] = None
    host: Annotated[str, Form.HOST, "its name or address on the network"] = ""
    port: Annotated[int, Between(1, 65_535), "its port on the network"] = 9100
    path: Annotated[str, Form.DEVICE_FILE, "a file below /dev, on a cable"] = ""
    node: Annotated[str, Form.HOST, "the server with the cable, if there are several"] = ""


class Device(Thing):
    """A planned device: its model, how it differs from the model, and where it is."""

    kind_of_thing: ClassVar[str] = "device"

    model: Annotated[str, Ref("device model"), "what it is"]
    names: Annotated[Names | None, "its name"] = None
    zone: Annotated[str | None, Ref("zone"), "where it stands"] = None
    attached_to: Annotated[str | None, Ref("kiosk"), "the kiosk that a printer belongs to"] = None
    operated_by: Annotated[Literal["staff", "visitor"] | None, Kind("operator"), "who uses it"] = None
    place: Annotated[PrinterPlace | None, "where a printer is found; None of other devices"] = None
    kit: Annotated[Kit, Field(discriminator="kind"), "what it is and can do"]

    @property
    def kind(self) -> str:
        """kiosk, printer, display or counter_display."""
        return self.kit.kind

    def mistake(self) -> Fault | None:
        """It has no place, or it is attached to a kiosk but is not a printer."""
        if self.attached_to is not None and self.kind != "printer":
            return Fault("setting-attached-not-printer", "attached_to")
        if self.zone is None and self.attached_to is None:
            return Fault("setting-no-place", "zone")
        return None
