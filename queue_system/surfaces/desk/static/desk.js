"use strict";
// The desk: follows its branch, updates the times, and offers single keys. The page also works without this file.
(() => {
  const SILENCE_MS = 35_000;
  const LONGEST_PAUSE_MS = 15_000;
  const MOVING_MS = 3_000; // A pointer that moved this recently is about to press.
  const JUST_NOW_MS = 600;
  const DOUBLE_MS = 400; // Nobody decides twice in less time.

  const page = document.querySelector("[data-live]");
  if (!page) return;
  const stale = document.getElementById("desk-stale");
  const ahead = Date.parse(page.dataset.now) - Date.now();
  const desk = () => document.getElementById("desk");
  const hideDialogs = () => { for (const dialog of document.querySelectorAll("#desk [popover]")) dialog.hidePopover(); };
  const said = (name) => document.getElementById(`said-${name}`).content.textContent;

  let reason = ""; // The disabled button whose reason is shown.

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
    for (const element of document.querySelectorAll("[data-from]")) {
      const left = Math.ceil((Date.parse(element.dataset.from) - Date.now() - ahead) / 1000);
      if (left > 0) put(element, digits(String(left)));
      else possible(element.closest("button"), element);
    }
    for (const element of document.querySelectorAll("[data-elapsed]")) put(element, digits(elapsed(element.dataset.elapsed)));
    for (const element of document.querySelectorAll("[data-minutes]")) {
      put(element, digits(String(Math.floor(seconds(element.dataset.minutes) / 60))));
    }
  }
  // A button whose pause is over works again, and says so no more.
  function possible(button, countdown) {
    countdown.remove();
    button.removeAttribute("aria-disabled");
    button.removeAttribute("title");
    button.removeAttribute("aria-describedby");
    if (reason !== button.id) return;
    reason = "";
    const line = document.getElementById("desk-said");
    line.className = "said";
    line.textContent = "";
  }
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:after:swap", tick);

  // ---------------------------------------------------------------- news from the server

  let newest = null; // The last update over the socket.
  let waiting = null; // An update that waits, because the pointer is over a button of the line.
  let movedAt = 0;
  let lineChangedAt = 0;

  const overLine = () => document.querySelector("#desk-line button:hover") !== null;
  const aboutToPress = () => overLine() && Date.now() - movedAt < MOVING_MS;
  document.addEventListener("pointermove", () => { movedAt = Date.now(); }, { passive: true });
  setInterval(() => { if (waiting && !aboutToPress()) show(waiting); }, 250);

  // News may outdate the line above the actions: there is another visitor, or a button works again.
  function stillTrue(frame) {
    if (page.hasAttribute("data-busy")) return true; // The answer that is coming replaces it.
    const coming = new DOMParser().parseFromString(frame.html, "text/html").getElementById("desk");
    if (coming.dataset.expected !== desk().dataset.expected) return false;
    return !reason || coming.querySelector(`#${reason}`)?.getAttribute("aria-disabled") === "true";
  }

  // A question stays open while the state of its visitor is still the one that it asks about.
  function openQuestion(frame) {
    const coming = new DOMParser().parseFromString(frame.html, "text/html").getElementById("desk");
    return coming.dataset.state === desk().dataset.state ? document.getElementById("desk-ask") : null;
  }

  // A dialog stays as it is while it is being filled in, because a choice that the news take away would be another choice.
  function openDialog(frame) {
    const coming = new DOMParser().parseFromString(frame.html, "text/html").getElementById("desk");
    return coming.dataset.expected === desk().dataset.expected ? document.querySelector("#desk [popover]:popover-open") : null;
  }
  document.addEventListener("toggle", (event) => {
    const closed = event.newState === "closed" && event.target.matches("#desk [popover]");
    if (closed && newest && !page.hasAttribute("data-busy")) show(newest);
  }, true);

  // A dialog whose press was refused.
  function openAgain() {
    const dialog = document.querySelector("#desk [data-again]");
    if (!dialog) return;
    // What somebody has chosen in a list before does not follow the attribute.
    for (const kept of dialog.querySelectorAll("option[selected]")) kept.selected = true;
    dialog.setAttribute("popover", "");
    dialog.showPopover();
  }
  openAgain();

  // What is being typed about a visitor stays while the same visitor is at the counter.
  function openNote(frame) {
    const coming = new DOMParser().parseFromString(frame.html, "text/html").getElementById("desk");
    const note = document.querySelector("#desk details[id^=note-][open]");
    return coming.dataset.expected === desk().dataset.expected ? note : null;
  }

  function show(frame) {
    const present = desk();
    const older = frame.epoch === present.dataset.epoch && frame.seq < Number(present.dataset.seq);
    if (older) {
      waiting = null;
      return;
    }
    waiting = aboutToPress() ? frame : null;
    const kept = [document.querySelector("#desk-alarm[data-asked]")]; // The second press must find what it confirms.
    if (stillTrue(frame)) kept.push(document.getElementById("desk-said"), openQuestion(frame));
    kept.push(openNote(frame), openDialog(frame), document.querySelector("#desk-families[open]"));
    if (waiting) kept.push(document.getElementById("desk-line"));
    else if (overLine()) lineChangedAt = Date.now();
    const before = present.dataset.expected;
    const held = document.activeElement?.id;
    for (const part of kept) part?.setAttribute("hx-morph-skip", "");
    htmx.swap({ sourceElement: present, target: present, swap: "outerMorph", text: frame.html }).then(() => {
      for (const part of kept) part?.removeAttribute("hx-morph-skip");
      // Another tab has called another visitor, and a dialog about the previous one must not act on the next.
      if (desk().dataset.expected !== before) hideDialogs();
      if (held && document.activeElement === document.body) {
        document.getElementById(held.replace("-sure", ""))?.focus({ preventScroll: true });
      }
    });
  }

  // A question whether to call for help ends by itself, so that it does not stand there for whoever comes next.
  setInterval(() => {
    const asked = document.querySelector("#desk-alarm[data-asked]");
    if (!asked || Date.now() + ahead <= Date.parse(asked.dataset.asked)) return;
    asked.removeAttribute("data-asked");
    if (newest) show(newest);
  }, 1000);

  const signIn = () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  follow(page.dataset.live, {
    cap: LONGEST_PAUSE_MS,
    silence: SILENCE_MS,
    onFrame: (frame) => { if (frame.type === "desk") show(newest = frame); },
    onLost: () => { stale.hidden = false; },
    onBack: () => { stale.hidden = true; },
    onCode: { [CLOSED.SIGNED_OUT]: signIn, [CLOSED.NOT_THERE]: () => location.assign("/desk") },
  });

  // ---------------------------------------------------------------- presses

  let pressed = ""; // The button that was pressed last.
  let focused = false; // Whether something had the focus then.
  let settling = 0;
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
    // After a press has moved the line, the next row is under the finger.
    const again = button.id === pressed || button.closest("#desk-line") !== null;
    // Another button pressed before the answer is intended, so that press waits for its turn (hx-sync in the template).
    const unsettled = page.hasAttribute("data-busy") || page.hasAttribute("data-settling");
    // Help is called in two presses of one place, as quick as somebody can.
    const twice = !button.closest("#desk-alarm") && (event.detail > 1 || (again && unsettled));
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
    openAgain();
    // The answer did not come through the socket, so newer news may have arrived before it.
    const { epoch, seq } = desk().dataset;
    if (newest?.epoch === epoch && newest.seq > Number(seq)) show(newest);
    // Where nothing is to be chosen by default, the question itself gets the focus.
    const answer = document.querySelector("#desk-ask[tabindex], #desk-ask .button");
    if (answer) answer.focus({ preventScroll: true });
    // If the pressed button has gone with its row, the focus moves to the actions.
    if (focused && document.activeElement === document.body) document.getElementById("act-N")?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:before:request", () => {
    focused = document.activeElement !== document.body;
    page.setAttribute("data-busy", "");
    hideDialogs();
  });
  document.addEventListener("htmx:finally:request", () => page.removeAttribute("data-busy"));
  document.addEventListener("htmx:error", () => tell(said("offline")));
  // base.js has rejected an answer that is not from our server.
  document.addEventListener("htmx:after:request", (event) => { if (event.defaultPrevented) tell(said("offline")); });

  // ---------------------------------------------------------------- keys

  singleKeys((name) => {
    const keyed = (where) => document.querySelector(`${where} [data-key="${name}"]`);
    const button = name === "Escape"
      ? document.querySelector("#desk-ask [data-escape]")
      : keyed("#desk-ask") || keyed("#desk");
    button?.click();
    return Boolean(button);
  }, () => document.querySelector("#desk-alarm [data-key]")?.dataset.key); // Nobody closes a dialog first to call for help.
})();
