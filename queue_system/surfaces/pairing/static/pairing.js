"use strict";
// Asks every few seconds for the state of the pairing. Without this file the page reloads instead.

const card = document.getElementById("pairing");
const { kind, state, every } = card.dataset;

async function ask() {
  try {
    const answer = await fetch(`/pair/state?kind=${kind}`, { method: "POST", cache: "no-store" });
    if (answer.ok) {
      const { state: now } = await answer.json();
      if (now === "approved") return location.replace(`/${kind}`);
      if (now !== "pending") return location.replace(`/pair?kind=${kind}`);
    }
  } catch {
    // The server is away; the code stays valid meanwhile.
  }
  setTimeout(ask, every * 1000);
}

if (state === "pending") setTimeout(ask, every * 1000);
