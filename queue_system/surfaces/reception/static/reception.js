"use strict";
// Reception: finds services while the person types, and removes names from a page that is left open.
(() => {
  const COVER_AFTER_MS = 60_000;

  const filter = document.querySelector("[data-filter]");
  filter?.addEventListener("input", () => {
    const words = sameLetters(filter.value).split(/\s+/).filter(Boolean);
    for (const button of document.querySelectorAll("#services button")) {
      const text = sameLetters(button.textContent + " " + button.closest("fieldset").querySelector("legend").textContent);
      button.hidden = !words.every((word) => text.includes(word));
    }
  });

  const covered = document.querySelector("[data-cover]");
  if (!covered) return;
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => location.replace(covered.dataset.cover), COVER_AFTER_MS);
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"]) addEventListener(kind, wait, { passive: true });
  wait();
})();
