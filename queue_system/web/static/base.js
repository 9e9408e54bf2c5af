"use strict";
// What a page may have on top of plain HTML. Every page is complete without this file.

// A list of mistakes is read out and stands in view.
for (const summary of document.querySelectorAll("[data-focus]")) summary.focus();

// A second press while the first is under way must not send twice; the server refuses it as well (request_id).
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

// What has been typed goes along into another language: the form is sent to be shown there, not to be acted on.
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
      // Whoever comes back finds the form as it was, to be acted on.
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
    // A browser that keeps nothing still shows the list.
  }
}

// While the server is away a proxy answers in its place, and htmx would show that page inside of ours, from where
// nothing comes back: such an answer replaces only what it brings anew.
document.addEventListener("htmx:after:request", (event) => {
  const { response, target, text } = event.detail.ctx;
  if (response.status >= 500 && target && target.id && !text.includes(`id="${target.id}"`)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  // Leaving for safety leaves no way back in the history.
  const exit = event.target.closest("a[data-exit]");
  if (exit) {
    event.preventDefault();
    location.replace(exit.href);
  }
});
