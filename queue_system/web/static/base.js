"use strict";
// Extras on top of plain HTML. Every page also works without this file.

// Bring a list of mistakes into view and let it be read out.
for (const summary of document.querySelectorAll("[data-focus]")) summary.focus();

// Ignore a second press while the first is under way. The server refuses it too (request_id).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.matches("[hx-post], [hx-get], [hx-put], [hx-delete]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Typed text is kept when the language changes: the form is sent only to be shown again in the new language.
for (const form of document.querySelectorAll("form[data-typed]")) {
  for (const link of document.querySelectorAll(".languages a")) {
    link.addEventListener("click", (event) => {
      const isTyped = [...form.elements].some((field) => field.type !== "hidden" && field.value);
      if (!isTyped || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const mark = Object.assign(document.createElement("input"), { type: "hidden", name: "switch", value: "1" });
      form.append(mark);
      form.action = link.href;
      form.submit();
      // Restore the form, so that it works normally when the person comes back.
      mark.remove();
      form.removeAttribute("action");
    });
  }
}

// Ticks on a list of documents stay on this phone, under the name the page gives.
for (const list of document.querySelectorAll("[data-keep]")) {
  const name = "ticks:" + list.dataset.keep;
  const boxes = [...list.querySelectorAll("input[type=checkbox]")];
  try {
    const kept = JSON.parse(localStorage.getItem(name) || "[]");
    boxes.forEach((box, place) => { box.checked = Boolean(kept[place]); });
    list.addEventListener("change", () => localStorage.setItem(name, JSON.stringify(boxes.map((box) => box.checked))));
  } catch {
    // The browser stores nothing, but the list still works.
  }
}

// While the server is away a proxy answers in its place, and htmx would put that page into ours, which could not
// recover. So such an answer replaces only the parts that it contains itself.
document.addEventListener("htmx:after:request", (event) => {
  const { response, target, text } = event.detail.ctx;
  if (response.status >= 500 && target && target.id && !text.includes(`id="${target.id}"`)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  const exit = event.target.closest("a[data-exit]");
  if (exit) {
    event.preventDefault();
    leave(exit.href);
  }
});

// The history entry is replaced, so that "back" does not show the page that was left for safety; and nothing can be read
// while the other page is still loading.
function leave(address) {
  document.title = "…";
  document.body.hidden = true;
  location.replace(address);
}

// Escape twice within a second leaves too, because a hand is on the keyboard sooner than on a button.
const exit = document.querySelector("a[data-exit]");
if (exit) {
  for (const hint of exit.querySelectorAll("[data-exit-key]")) hint.hidden = false;
  let pressed = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    if (event.timeStamp - pressed < 1000) leave(exit.href);
    pressed = event.timeStamp;
  });
}
