"use strict";
// The book of a day or a week by single keys.
(() => {
  const APPOINTMENT = ".appointments a[data-appointment]";
  const said = document.getElementById("keys-said");
  document.getElementById("keys-button").hidden = false;

  singleKeys((name, target) => {
    if (name === "M") return move(target);
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

  // Whoever has chosen no appointment is led to the first one.
  function move(target) {
    const first = [...document.querySelectorAll(APPOINTMENT)].find((one) => one.checkVisibility());
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
