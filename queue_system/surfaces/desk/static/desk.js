"use strict";
// The desk: follows its branch, lets times tick, and can be worked by single keys. Complete without this file.
(() => {
  const SILENCE_MS = 35_000;
  const LONGEST_PAUSE_MS = 15_000;
  const MOVING_MS = 3_000; // A pointer that moved so lately is about to press.
  const JUST_NOW_MS = 600;
  const DOUBLE_MS = 400; // Quicker than anybody decides twice.

  const page = document.querySelector("[data-live]");
  if (!page) return;
  const stale = document.getElementById("desk-stale");
  const ahead = Date.parse(page.dataset.now) - Date.now();
  const desk = () => document.getElementById("desk");
  const said = (name) => document.getElementById(`said-${name}`).content.textContent;

  // ---------------------------------------------------------------- times

  const digits = page.dataset.digits === "arab"
    ? (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)))
    : (text) => text;
  const seconds = (since) => Math.max(0, Math.floor((Date.now() + ahead - Date.parse(since)) / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const elapsed = (since) => {
    const all = seconds(since);
    const hours = Math.floor(all / 3600);
    const minutes = Math.floor(all / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
  };
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  function tick() {
    for (const button of document.querySelectorAll("[data-until]")) {
      if (Date.now() + ahead <= Date.parse(button.dataset.until)) continue;
      button.removeAttribute("data-until");
      button.setAttribute("aria-disabled", "true");
      button.title = said("nothing-to-take-back");
    }
    for (const element of document.querySelectorAll("[data-elapsed]")) put(element, digits(elapsed(element.dataset.elapsed)));
    for (const element of document.querySelectorAll("[data-minutes]")) {
      put(element, digits(String(Math.floor(seconds(element.dataset.minutes) / 60))));
    }
  }
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:after:swap", tick);

  // ---------------------------------------------------------------- news from the server

  let newest = null; // The last picture that came by itself.
  let waiting = null; // A picture that came while the pointer was over a button of the line.
  let movedAt = 0;
  let lineChangedAt = 0;

  const overLine = () => document.querySelector("#desk-line button:hover") !== null;
  const aboutToPress = () => overLine() && Date.now() - movedAt < MOVING_MS;
  document.addEventListener("pointermove", () => { movedAt = Date.now(); }, { passive: true });
  setInterval(() => { if (waiting && !aboutToPress()) show(waiting); }, 250);

  // What the line above the actions says may be overtaken by the news: another visitor, or a button that works again.
  function stillTrue(frame) {
    if (page.hasAttribute("data-busy")) return true; // The answer on its way says it better.
    const coming = new DOMParser().parseFromString(frame.html, "text/html").getElementById("desk");
    if (coming.dataset.expected !== desk().dataset.expected) return false;
    return !reason || coming.querySelector(`#${reason}`)?.getAttribute("aria-disabled") === "true";
  }

  // A question stays open while the visitor that it is about stands as it says.
  function openQuestion(frame) {
    const coming = new DOMParser().parseFromString(frame.html, "text/html").getElementById("desk");
    return coming.dataset.state === desk().dataset.state ? document.getElementById("desk-ask") : null;
  }

  function show(frame) {
    const present = desk();
    const older = frame.epoch === present.dataset.epoch && frame.seq < Number(present.dataset.seq);
    if (older) {
      waiting = null;
      return;
    }
    waiting = aboutToPress() ? frame : null;
    const kept = [];
    if (stillTrue(frame)) kept.push(document.getElementById("desk-said"), openQuestion(frame));
    if (waiting) kept.push(document.getElementById("desk-line"));
    else if (overLine()) lineChangedAt = Date.now();
    const before = present.dataset.expected;
    const held = document.activeElement?.id;
    for (const part of kept) part?.setAttribute("hx-morph-skip", "");
    htmx.swap({ sourceElement: present, target: present, swap: "outerMorph", text: frame.html }).then(() => {
      for (const part of kept) part?.removeAttribute("hx-morph-skip");
      // Another tab went on to another visitor: a dialog about the one before must not act on the next.
      if (desk().dataset.expected !== before) document.getElementById("transfer")?.hidePopover();
      if (held && document.activeElement === document.body) document.getElementById(held)?.focus({ preventScroll: true });
    });
  }

  const signIn = () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  // A socket that was refused says no more than one that failed: the page itself says why.
  async function ask() {
    try {
      const answer = await fetch(location.href, { headers: { "HX-Request": "true" }, cache: "no-store" });
      if (answer.status === 401) signIn();
    } catch {
      // Nobody there: the watchdog tells the clerk.
    }
  }
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  follow(page.dataset.live, {
    cap: LONGEST_PAUSE_MS,
    silence: SILENCE_MS,
    onFrame: (frame) => { if (frame.type === "desk") show(newest = frame); },
    onLost: () => { stale.hidden = false; },
    onBack: () => { stale.hidden = true; },
    onRefused: ask,
    onCode: { [CLOSED.SIGNED_OUT]: signIn, [CLOSED.NOT_THERE]: () => location.assign("/desk") },
  });

  // ---------------------------------------------------------------- presses

  let pressed = ""; // The button that was pressed last.
  let focused = false; // Whether something had the focus then.
  let settling = 0;
  let reason = ""; // The button whose reason for being shut is told.
  function settle() {
    clearTimeout(settling);
    page.setAttribute("data-settling", "");
    settling = setTimeout(() => page.removeAttribute("data-settling"), DOUBLE_MS);
  }
  function tell(text, why = "") {
    const line = document.getElementById("desk-said");
    if (!line) return;
    line.className = "said said-warning";
    line.textContent = text;
    reason = why;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#desk button");
    if (!button) return;
    // Where a press moved the line, the next row lies under the finger now.
    const again = button.id === pressed || button.closest("#desk-line") !== null;
    // Another button while the answer is on its way is meant: that press waits for its turn (hx-sync in the template).
    const unsettled = page.hasAttribute("data-busy") || page.hasAttribute("data-settling");
    const twice = event.detail > 1 || (again && unsettled);
    const slipped = button.closest("#desk-line") && Date.now() - lineChangedAt < JUST_NOW_MS;
    const impossible = button.getAttribute("aria-disabled") === "true";
    if (!impossible && !slipped && !(twice && button.form)) {
      pressed = button.id;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (impossible) tell(button.title, button.id);
    else if (slipped) tell(said("moved"));
  }, true);

  document.addEventListener("htmx:after:swap", (event) => {
    if (!event.detail.ctx.response) return; // News, not an answer to a press.
    settle();
    waiting = null;
    reason = "";
    // The answer came another way than the news: what has happened since may have been here before it.
    const { epoch, seq } = desk().dataset;
    if (newest?.epoch === epoch && newest.seq > Number(seq)) show(newest);
    const answer = document.querySelector("#desk-ask .button");
    if (answer) answer.focus({ preventScroll: true });
    // What was pressed may be gone, with its row: go on at the actions.
    if (focused && document.activeElement === document.body) document.getElementById("act-N")?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:before:request", () => {
    focused = document.activeElement !== document.body;
    page.setAttribute("data-busy", "");
    document.getElementById("transfer")?.hidePopover();
  });
  document.addEventListener("htmx:finally:request", () => page.removeAttribute("data-busy"));
  document.addEventListener("htmx:error", () => tell(said("offline")));
  // base.js has kept out an answer that is none of ours.
  document.addEventListener("htmx:after:request", (event) => { if (event.defaultPrevented) tell(said("offline")); });

  // ---------------------------------------------------------------- keys

  const KEPT = "desk:keys";
  const switcher = document.getElementById("keys-switch");
  const box = switcher.querySelector("input");
  switcher.hidden = false;
  try {
    box.checked = localStorage.getItem(KEPT) !== "off";
    box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
  } catch {
    // A browser that keeps nothing: the switch holds for this page.
  }
  const showKeys = () => document.documentElement.classList.toggle("keys-off", !box.checked);
  box.addEventListener("change", showKeys);
  showKeys();

  // The letter on the cap where the layout is Latin, the place of the key where it is not (Arabic).
  function letter(event) {
    if (/^(Digit|Numpad)[1-9]$/.test(event.code)) return event.code.slice(-1);
    if (/^[a-z]$/i.test(event.key)) return event.key.toUpperCase();
    return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : "";
  }
  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input:not([type=checkbox]), select, textarea, [contenteditable], [popover]")) return;
    if (document.querySelector("[popover]:popover-open")) return;
    const wanted = letter(event);
    const keyed = (where) => document.querySelector(`${where} [data-key="${wanted}"]`);
    const button = event.key === "Escape"
      ? document.querySelector("#desk-ask [data-escape]")
      : wanted && (keyed("#desk-ask") || keyed("#desk"));
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();
