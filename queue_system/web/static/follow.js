"use strict";
// The connection by which a page follows the server. It reconnects after every break, with one try at a time and with
// jitter, gives up a connection that has fallen silent, and reports when the news is old.
// A plain script, because the address of our files holds the hash of their contents, which an `import` cannot know.
// Written in the JavaScript of 2018, because televisions keep the browser that they were sold with.

// Close codes of our own (RFC 6455, 7.4.2). queue_system/live/codes.py has the same; a test compares them.
const CLOSED = Object.freeze({ SIGNED_OUT: 4401, FOREIGN_ORIGIN: 4403, NOT_THERE: 4404 });

// Follows `path` until `stop()`, or until the server closes with one of the codes in `onCode`. All times in ms.
//   first, cap   the pause after the first failure, and the longest; each failure doubles it, any message resets it
//   silence      how long a connection may be silent before it is given up; the server speaks at least every 15 s
//   opening      how long it may take to open
//   onFrame      called with each message, in the order of sending
//   onLost       called once when nothing was heard for `silence`; onBack at the first message after that
//   onCode       what to do at a close code: {4401: () => …}
function follow(path, options) {
  const nothing = () => {};
  const { first = 500, cap, silence, opening = silence, onFrame } = options;
  const { onLost = nothing, onBack = nothing, onCode = {} } = options;
  const address = new URL(path, location.href.replace(/^http/, "ws"));

  let socket = null;
  let opened = false; // Whether the present connection is open.
  let since = clocks(); // When the present connection was started, opened, or last received a message.
  let heard = clocks(); // When any connection last received a message.
  let failures = 0;
  let lost = false;
  let next = 0; // The timer of the next try; 0 when none is planned.

  function connect() {
    next = 0;
    const mine = new WebSocket(address);
    socket = mine;
    opened = false;
    since = clocks();
    // A connection that was given up still reports its end, possibly after the next one has begun.
    const ifPresent = (act) => (event) => { if (mine === socket) act(event); };
    mine.onopen = ifPresent(() => {
      opened = true;
      since = clocks();
    });
    mine.onmessage = ifPresent(({ data }) => {
      failures = 0;
      since = heard = clocks();
      if (lost) {
        lost = false;
        onBack();
      }
      onFrame(JSON.parse(data));
    });
    mine.onclose = ifPresent(({ code }) => {
      if (!onCode[code]) return lose();
      stop();
      onCode[code]();
    });
  }

  // Not left to the socket, because it needs a minute to notice that the other end has vanished.
  function lose() {
    const old = socket;
    socket = null;
    old.close();
    tryAgain(Math.min(cap, first * 2 ** failures));
    failures += 1;
  }

  // With jitter, because a whole waiting room must not come back in the same moment.
  function tryAgain(pause) {
    clearTimeout(next);
    next = setTimeout(connect, pause * (0.5 + Math.random()));
  }

  function watch() {
    if (!lost && elapsed(heard) > silence) {
      lost = true;
      onLost();
    }
    // Silence counts from the start of this connection, because a busy server needs a while for its first message.
    if (socket && elapsed(since) > (opened ? silence : opening)) lose();
  }

  // After sleep, or when the network is back, do not wait for the end of the old pause.
  function hurry() {
    if (document.hidden) return;
    watch();
    if (next) tryAgain(first);
  }

  function stop() {
    clearInterval(watching);
    clearTimeout(next);
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    const old = socket;
    socket = null;
    if (old) old.close();
  }

  const watching = setInterval(watch, 1000);
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  connect();
  return {
    stop,
    isOpen: () => socket !== null && opened,
    isCut: () => socket === null,
    silentFor: () => elapsed(heard),
  };

  // Two clocks, because one stands still while the machine sleeps, and the other can be set back.
  function clocks() {
    return { steady: performance.now(), wall: Date.now() };
  }
  function elapsed(from) {
    return Math.max(performance.now() - from.steady, Date.now() - from.wall);
  }
}
