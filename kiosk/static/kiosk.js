"use strict";
// The kiosk on top of plain HTML: pages change without a flash and leave no history, idle time brings the first page
// back, a lost server is announced and waited for, keys and scanners type, the state of the slip is shown. The pages
// also work without it.
(() => {
  const IDLE_SECONDS = 60;
  const WARNING_SECONDS = 20; // WCAG 2.2, 2.2.1: at least twenty seconds to ask for more.
  const FOLLOW_MS = 15_000;
  const ANSWER_MS = 8_000;
  const LONGEST_PAUSE_MS = 5_000;
  const SILENCE_MS = 40_000;
  const PATIENCE_MS = 20_000; // Nobody waits longer at a screen; the request is given up.

  const $ = (selector) => document.querySelector(selector);
  const main = () => $("#main");
  const home = () => main().dataset.home;
  const kind = () => main().dataset.page;

  let here = location.href; // The page that is shown; the address bar always shows the first page.
  let busy = false;
  let touchedAt = Date.now();
  let leavesAt = 0; // When the number is taken from the screen.
  let following = null; // The connection for the state of the slip, while a number is shown.

  // ---------------------------------------------------------------- from page to page

  async function go(address, init = {}) {
    if (busy) return;
    busy = true;
    try {
      const answer = await patiently(address, init);
      if (!new URL(answer.url).pathname.startsWith("/kiosk")) return location.replace(answer.url);
      show(await answer.text(), answer.url);
    } catch {
      // The request is given up; the first page is requested until it comes.
      await comeBack();
    } finally {
      busy = false;
    }
  }

  // Repeats the request while the server is away. That is safe because requests are idempotent: a ticket has a request_id.
  async function patiently(address, init) {
    const until = Date.now() + PATIENCE_MS;
    for (let pause = 300; ; pause = Math.min(pause * 2, 3_000)) {
      try {
        const answer = await ask(address, init);
        lost(false);
        return answer;
      } catch (error) {
        lost(true);
        if (Date.now() + pause > until) throw error;
        await sleep(pause * (0.5 + Math.random()));
      }
    }
  }

  async function comeBack() {
    stopFollowing();
    for (;;) {
      await sleep(2_000 * (0.5 + Math.random()));
      try {
        const answer = await ask(home(), {});
        if (!new URL(answer.url).pathname.startsWith("/kiosk")) return location.replace(answer.url);
        show(await answer.text(), answer.url);
        return lost(false);
      } catch {
        // Still away.
      }
    }
  }

  async function ask(address, init) {
    const answer = await fetch(address, { cache: "no-store", ...init, signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.status >= 500) throw new Error(`status ${answer.status}`);
    return answer;
  }

  function show(html, address) {
    const page = new DOMParser().parseFromString(html, "text/html");
    if (!page.getElementById("main")) return location.replace(home());
    stopFollowing();
    here = address;
    document.title = page.title;
    for (const name of ["lang", "dir"]) document.documentElement.setAttribute(name, page.documentElement.getAttribute(name));
    document.body.className = page.body.className;
    document.body.replaceChildren(...page.body.childNodes);
    touchedAt = Date.now();
    arrive();
    focusFirst();
  }

  function arrive() {
    history.replaceState(null, "", home());
    if (kind() === "number") followPaper();
  }

  function focusFirst() {
    ($("[autofocus]") ?? $("[role=alert]:not([hidden])") ?? $("h1"))?.focus({ preventScroll: true });
  }

  function lost(yes) {
    $("#lost").hidden = !yes;
  }

  document.addEventListener("click", (event) => {
    const key = event.target.closest("button[name=key]");
    if (key) {
      event.preventDefault();
      return type(key.value);
    }
    if (event.target.closest("[data-more]")) return moreTime();
    const link = event.target.closest("a[href^='/kiosk']");
    if (!link) return;
    event.preventDefault();
    link.classList.add("is-pressed");
    go(link.href);
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    event.submitter?.classList.add("is-pressed");
    send(event.target, event.submitter);
  });
  function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    go(form.action, { method: "POST", body });
  }
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(home()); });

  // ---------------------------------------------------------------- time

  const number = (seconds) => String(Math.max(0, Math.ceil(seconds)));
  function say(seconds) {
    for (const place of document.querySelectorAll("[data-left]")) place.textContent = number(seconds);
  }

  function moreTime() {
    touchedAt = Date.now();
    $("#still-there").close();
    if (kind() === "number") leavesAt = Date.now() + Number(main().dataset.seconds) * 1000;
  }

  setInterval(() => {
    if (busy) return;
    const page = main();
    if (kind() === "number") {
      say((leavesAt - Date.now()) / 1000);
      if (Date.now() >= leavesAt) go(home());
      return;
    }
    const idle = (Date.now() - touchedAt) / 1000;
    if ("pristine" in page.dataset) {
      if (idle >= IDLE_SECONDS) $("[popover]:popover-open")?.hidePopover();
      return;
    }
    const dialog = $("#still-there");
    if (idle >= IDLE_SECONDS) go(home());
    else if (idle >= IDLE_SECONDS - WARNING_SECONDS) {
      if (!dialog.open) dialog.showModal();
      say(IDLE_SECONDS - idle);
    }
  }, 250);
  for (const kindOfTouch of ["pointerdown", "keydown"]) {
    document.addEventListener(kindOfTouch, () => {
      if (!$("#still-there").open) touchedAt = Date.now();
      if (kind() === "number") leavesAt = Math.max(leavesAt, Date.now() + Number(main().dataset.seconds) * 1000);
    }, true);
  }
  document.addEventListener("close", () => { touchedAt = Date.now(); }, true);

  // ---------------------------------------------------------------- the first pages follow the day

  setInterval(async () => {
    if (busy || !("follow" in main().dataset) || $("[popover]:popover-open") || $("#still-there").open) return;
    const asked = here;
    try {
      const answer = await ask(asked, {});
      if (!new URL(answer.url).pathname.startsWith("/kiosk")) return location.replace(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      lost(false);
      if (busy || here !== asked || !page.getElementById("main")) return;
      for (const part of [".kiosk-who", ".kiosk-question", "#main"]) renew($(part), page.querySelector(part));
    } catch {
      // If the visitor has gone on meanwhile, the answer is ignored, so that their page stays.
      if (busy || here !== asked) return;
      lost(true);
      await go(home());
    }
  }, FOLLOW_MS);
  const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
  // Pages that differ only in the request_id count as the same.
  const gist = (element) => element.innerHTML.replace(/name="request_id" value="[^"]*"/g, "");
  function renew(old, fresh) {
    if (!old || !fresh || gist(old) === gist(fresh)) return;
    const held = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const scrolled = old.scrollTop;
    old.innerHTML = fresh.innerHTML;
    old.scrollTop = scrolled;
    if (held) old.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  // ---------------------------------------------------------------- the number and its slip

  function followPaper() {
    leavesAt = Date.now() + Number(main().dataset.seconds) * 1000;
    for (const button of document.querySelectorAll("footer [data-more]")) button.hidden = false;
    following = follow(main().dataset.live, {
      first: 300,
      cap: LONGEST_PAUSE_MS,
      silence: SILENCE_MS,
      onFrame: showPaper,
      onCode: { [CLOSED.SIGNED_OUT]: () => go(home()), [CLOSED.NOT_THERE]: () => go(home()) },
    });
  }
  function stopFollowing() {
    following?.stop();
    following = null;
  }
  function showPaper(news) {
    if (news.type !== "paper" || news.state === $("#paper").dataset.state) return;
    $("#paper").outerHTML = news.html;
    // A question or an error restarts the idle time.
    if (news.state === "ask" || news.state === "trouble") leavesAt = Date.now() + Number(main().dataset.seconds) * 1000;
  }

  // ---------------------------------------------------------------- keys and scanners

  function type(key) {
    const field = $("#code");
    if (key === "erase") field.value = field.value.slice(0, -1);
    else if (field.value.replace(/\s/g, "").length < 8) field.value += key;
  }

  // A scanner types like a keyboard and ends with Enter, on any page. Letters are read from the positions of the keys,
  // so that the keyboard language of the machine does not matter.
  let read = "";
  let readAt = 0;
  const PLACES = { Minus: "-_", Slash: "/?", Period: ".>", Semicolon: ";:", Equal: "=+" };
  function sign(event) {
    if (/^[!-~]$/.test(event.key)) return event.key;
    const [, letter] = /^Key([A-Z])$/.exec(event.code) ?? [];
    if (letter) return event.shiftKey ? letter : letter.toLowerCase();
    const [, digit] = /^(?:Digit|Numpad)(\d)$/.exec(event.code) ?? [];
    if (digit) return digit;
    return PLACES[event.code]?.[event.shiftKey ? 1 : 0] ?? "";
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || busy) return;
    const field = $("#code");
    if (event.target === field) {
      const typed = sign(event);
      if (typed && typed !== event.key) {
        event.preventDefault();
        field.setRangeText(typed, field.selectionStart, field.selectionEnd, "end");
      }
      return;
    }
    if (Date.now() - readAt > 500) read = "";
    readAt = Date.now();
    if (event.key === "Enter" && read.length >= 8) {
      event.preventDefault();
      const body = new URLSearchParams({ code: read });
      read = "";
      const [, language] = new URL(here).pathname.split("/").slice(1);
      return go(`/kiosk/${language}/check-in${new URL(here).search}`, { method: "POST", body });
    }
    read += sign(event);
  }, true);

  arrive();
})();
