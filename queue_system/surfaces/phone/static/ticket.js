"use strict";
// The place in line, live. Without this file the page reloads every twenty seconds. Written in the JavaScript of 2018,
// because telephones grow old; plain.js serves even older browsers.
(() => {
  const SILENCE_MS = 40000;
  const LONGEST_PAUSE_MS = 20000;
  const TAKE_BACK_MS = 20000; // A mistake at the desk is taken back within 15 s.

  const place = document.getElementById("place");
  if (!place || !place.dataset.live) return;
  const stale = document.getElementById("stale");
  const said = document.getElementById("said");
  const title = document.title;
  const ticket = () => document.getElementById("ticket");

  let calls = Number(ticket().dataset.calls);
  let spoken = ticket().dataset.say || "";
  let over = false;
  let closing = 0;

  function show(frame) {
    const before = place.querySelector("details");
    const open = before !== null && before.open;
    place.innerHTML = frame.html;
    const details = place.querySelector("details");
    if (details) details.open = open;
    tell();
  }

  function tell() {
    const { state, say = "" } = ticket().dataset;
    const called = Number(ticket().dataset.calls) > calls && state === "called";
    calls = Number(ticket().dataset.calls);
    document.title = state === "called" ? `● ${say}` : title;
    if (called && navigator.vibrate) navigator.vibrate([400, 150, 400, 150, 800]);
    if (called || say !== spoken) said.textContent = called && say === said.textContent ? `${say}.` : say;
    spoken = say;
    over = state === "over";
    // Keep following, because the clerk may undo the end of a visit.
    clearTimeout(closing);
    if (over) closing = setTimeout(following.stop, TAKE_BACK_MS);
  }

  function alive(now) {
    stale.hidden = now;
    document.body.classList.toggle("is-stale", !now);
  }

  // A telephone sleeps in a pocket, and its owner must see the present state at once.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || over) return;
    if (following.isCut() || following.silentFor() > SILENCE_MS / 2) location.reload();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  const following = follow(place.dataset.live, {
    cap: LONGEST_PAUSE_MS,
    silence: SILENCE_MS,
    onFrame: (frame) => { if (frame.type === "ticket") show(frame); },
    onLost: () => alive(false),
    onBack: () => alive(true),
    onCode: { [CLOSED.NOT_THERE]: () => location.reload() },
  });
  document.documentElement.setAttribute("data-runs", "");
})();
