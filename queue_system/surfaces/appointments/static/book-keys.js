"use strict";
// The book of a day or a week by single keys.
(() => {
  const APPOINTMENT = ".appointments a[data-appointment]";
  const said = document.getElementById("keys-said");
  document.getElementById("keys-button").hidden = false;

  singleKeys((name, target) => {
    if (name === "M") return move(target);
    if (name === "ArrowDown" || name === "ArrowUp") return goOn(target, name === "ArrowDown" ? 1 : -1);
    // A table that is wider than its place is pushed aside by these keys.
    const region = target.closest?.(".table-scroll");
    if (name.startsWith("Arrow") && region && region.scrollWidth > region.clientWidth) return false;
    const wanted = document.querySelector(`[data-key="${name}"]`);
    if (!wanted) return false;
    if (wanted.matches("input")) {
      wanted.closest("details")?.setAttribute("open", "");
      wanted.focus();
    } else {
      wanted.click();
    }
    return true;
  });

  const shown = () => [...document.querySelectorAll(APPOINTMENT)].filter((one) => one.checkVisibility());

  // From one appointment to the next, because between them are many free times. Elsewhere these keys scroll.
  function goOn(target, step) {
    const all = shown();
    const at = all.indexOf(target);
    if (at < 0 || !all[at + step]) return false;
    all[at + step].focus();
    return true;
  }

  // Whoever has chosen no appointment is led to the first one.
  function move(target) {
    const first = shown()[0];
    if (!said || !first) return false;
    if (target.matches?.(APPOINTMENT)) {
      location.assign(`${target.href}/time`);
    } else {
      first.focus();
      said.hidden = false;
    }
    return true;
  }
})();
