"use strict";
// The place in line, live. Complete without this file: the page then comes anew every twenty seconds. In the JavaScript
// of 2018, because telephones grow old; what does not know that is served by plain.js.
(() => {
  const SILENCE_MS = 40000; // The server speaks every 15 s.
  const NOT_THERE = 4404;
  const TAKE_BACK_MS = 20000; // A mistake at the desk is taken back within 15 s.

  const place = document.getElementById("place");
  if (!place || !place.dataset.live) return;
  const stale = document.getElementById("stale");
  const said = document.getElementById("said");
  const title = document.title;
  const ticket = () => document.getElementById("ticket");

  let calls = Number(ticket().dataset.calls);
  let spoken = ticket().dataset.say || "";
  let heardAt = Date.now();
  let triedAt = 0;
  let tries = 0;
  let over = false;
  let closing = 0;
  let socket = null;

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
    // The end of a visit may be a slip of the hand that is taken back.
    clearTimeout(closing);
    if (over) closing = setTimeout(() => socket && socket.close(), TAKE_BACK_MS);
  }

  function alive(now) {
    if (now) heardAt = Date.now();
    stale.hidden = now;
    document.body.classList.toggle("is-stale", !now);
  }

  function connect() {
    const address = new URL(place.dataset.live, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    triedAt = Date.now();
    socket = new WebSocket(address);
    socket.onmessage = (event) => {
      tries = 0;
      alive(true);
      const frame = JSON.parse(event.data);
      if (frame.type === "ticket") show(frame);
    };
    socket.onclose = (event) => {
      socket = null;
      if (over) return;
      if (event.code === NOT_THERE) return location.reload();
      // A whole waiting room must not come back in the same moment.
      const pause = Math.min(20000, 500 * 2 ** tries) * (0.5 + Math.random());
      tries = Math.min(tries + 1, 6);
      setTimeout(connect, pause);
    };
  }

  setInterval(() => {
    if (over || Date.now() - heardAt < SILENCE_MS) return;
    alive(false);
    // A socket that stays silent is trouble too: away with it, onclose begins anew. A new one answers for its own
    // silence only: after a break a busy server needs a while for its first word.
    if (socket && Date.now() - triedAt >= SILENCE_MS) socket.close();
  }, 1000);
  // A telephone sleeps in a pocket: whoever looks at it sees the truth at once.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || over) return;
    if (socket === null || Date.now() - heardAt > SILENCE_MS / 2) location.reload();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.documentElement.setAttribute("data-runs", "");
  connect();
})();
