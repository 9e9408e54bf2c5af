"use strict";
// Keeps a hall's screen up to date, unattended, for months: shows every new board, announces new calls one after the
// other, reconnects after every kind of break, and covers the board when it is old.
// Written in the JavaScript of 2018, because televisions keep the browser that they were sold with. plain.js serves even
// older browsers; a test reads both.

const LATE_MS = 20000; // the server speaks at least every 15 s
const STALE_MS = 40000;
const OPENING_MS = 8000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 4000;
const STAGE_MS = 8000;
const YOUNG_S = 60;
const RELOAD_HOUR = 3;
const SHIFT_MS = 120000;

const hall = document.getElementById("hall");
const { zone, digits, live, pair, look } = hall.dataset;
const silent = "silent" in hall.dataset;
const cover = document.getElementById("stale");
const soundOff = document.getElementById("sound-off");
const wall = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23", numberingSystem: "latn",
});

let epoch = null;
let seq = -1;
let heard = 0;
let calls = []; // those of the present board
let announcements = []; // calls whose turn to be announced is still to come
let onStage = null; // the call being announced
let ahead = null; // ms by which the server's clock is ahead of performance.now()
let lastNews = performance.now();
let reloadDue = false;

// ---------- the connection

function hear(news) {
  lastNews = performance.now();
  if (news.type === "board") show(news);
  watch();
}

// ---------- the board

function show(board) {
  if (board.epoch === epoch && board.seq < seq) return;
  setClock(Date.parse(board.server_time));
  if (board.epoch !== epoch) heard = 0;
  ({ epoch, seq, calls } = board);
  if (board.look !== look) reloadDue = true;
  hall.innerHTML = board.html;
  const since = serverNow() - Date.parse(board.server_time);
  for (const call of [...calls].reverse()) {
    if (call.seq <= heard) continue;
    heard = call.seq;
    if (call.age_s + since / 1000 < YOUNG_S) announcements.push(call);
  }
  // Announce a visitor who is called twice only once, and drop visitors who are not called any more.
  announcements = announcements.filter(isCalled);
  if (onStage && !isCalled(onStage)) onStage = null;
  arrange();
  if (!onStage) announceNext();
}

const isCalled = (call) => calls.some((other) => other.seq === call.seq);

// Above, the call being announced or else the newest; below, the others.
function arrange() {
  const shown = onStage || calls[0];
  const above = shown && shown.seq;
  for (const article of hall.querySelectorAll(".newest")) {
    article.hidden = Number(article.dataset.seq) !== above;
    article.classList.toggle("is-fresh", onStage !== null && Number(article.dataset.seq) === onStage.seq);
  }
  for (const line of hall.querySelectorAll(".calls > li")) line.hidden = Number(line.dataset.seq) === above;
}

let stageTimer = null;

function announceNext() {
  clearTimeout(stageTimer);
  onStage = announcements.shift() || null;
  arrange();
  if (!onStage) return;
  chime();
  const article = hall.querySelector(".newest:not([hidden])");
  document.getElementById("spoken").textContent = article && onStage.spoken ? article.innerText : "";
  stageTimer = setTimeout(announceNext, STAGE_MS);
}

// ---------- sound

let audio = null;

function prepareSound() {
  const Audio = window.AudioContext || window.webkitAudioContext;
  if (silent || !Audio) return;
  if (!audio || audio.state === "closed") {
    audio = new Audio();
    audio.onstatechange = tellSound;
  }
  if (audio.state !== "running") audio.resume().catch(() => {});
  setTimeout(tellSound, 1000);
}

function tellSound() {
  soundOff.hidden = audio.state === "running";
}

// Two soft tones, the lower one second: like a doorbell, and unlike an alarm.
function chime() {
  if (silent || !audio || audio.state !== "running") return;
  for (const [frequency, at] of [[659.26, 0], [523.25, 0.45]]) {
    const start = audio.currentTime + 0.05 + at;
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = frequency;
    loudness.gain.value = 0;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.5, start + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 1.2);
    tone.connect(loudness);
    loudness.connect(audio.destination);
    tone.start(start);
    tone.stop(start + 1.3);
  }
}

// ---------- time

// A message can be late but never early, so the largest difference between the clocks is the best estimate.
// A difference that is more than two minutes smaller is accepted too, because the server's clock was set back.
function setClock(serverMs) {
  const difference = serverMs - performance.now();
  if (ahead === null || difference > ahead || difference < ahead - 120000) ahead = difference;
}

const serverNow = () => performance.now() + (ahead === null ? Date.now() - performance.now() : ahead);

function wallTime(ms) {
  const text = wall.format(ms);
  return digits === "arab" ? text.replace(/\d/g, (digit) => "٠١٢٣٤٥٦٧٨٩"[digit]) : text;
}

function write(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

// ---------- every second

const reloadMinute = String(Math.floor(Math.random() * 20)).padStart(2, "0");
const born = performance.now();

function watch() {
  const silence = performance.now() - lastNews;
  const connected = following.isOpen();
  document.body.classList.toggle("is-late", silence > LATE_MS);
  cover.hidden = silence <= STALE_MS;
  if (!cover.hidden) {
    for (const place of cover.querySelectorAll("[data-news]")) write(place, wallTime(serverNow() - silence));
  }
  // The clock stops when the news stops, because a running clock would make an old board look right.
  if (silence <= STALE_MS) write(hall.querySelector("[data-clock] bdi"), wallTime(serverNow()));
  const grown = performance.now() - born > 3600000;
  if (grown && wall.format(serverNow()) === `0${RELOAD_HOUR}:${reloadMinute}`) reloadDue = true;
  // Reload only while the server answers, because a browser that cannot load the page keeps its own error page for ever.
  if (reloadDue && connected && !onStage && silence < LATE_MS) location.reload();
}

let shift = 0;
setInterval(() => { shift = (shift + 1) % 4; hall.dataset.shift = shift; }, SHIFT_MS);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  watch();
  prepareSound();
  stayAwake();
});
addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
addEventListener("pointerdown", prepareSound);
addEventListener("keydown", prepareSound);

function stayAwake() {
  if (navigator.wakeLock) navigator.wakeLock.request("screen").catch(() => {});
}

prepareSound();
stayAwake();
const following = follow(live, {
  first: FIRST_PAUSE_MS,
  cap: LONGEST_PAUSE_MS,
  silence: LATE_MS,
  opening: OPENING_MS,
  onFrame: hear,
  onCode: { [CLOSED.SIGNED_OUT]: () => location.replace(pair) },
});
setInterval(watch, 1000);
// The script has got this far, so it keeps the board up to date, and plain.js and the cover are not needed.
document.documentElement.setAttribute("data-runs", "");
