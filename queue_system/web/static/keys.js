"use strict";
// Single keys for what a page names with data-key. Needs the switch #keys-switch. The page also works without this file.

// `press` gets the name of a pressed key, and returns whether it did something. `always` names the key that also works in
// dialogs and lists; nothing but text is typed in a text field.
function singleKeys(press, always = () => "") {
  // One name for all pages: whoever switches the keys off at one place does not want them at another.
  const KEPT = "desk:keys";
  const switcher = document.getElementById("keys-switch");
  const box = switcher.querySelector("input");
  switcher.hidden = false;
  try {
    box.checked = localStorage.getItem(KEPT) !== "off";
    box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
  } catch {
    // The browser stores nothing, so the switch applies to this page only.
  }
  const showKeys = () => document.documentElement.classList.toggle("keys-off", !box.checked);
  box.addEventListener("change", showKeys);
  showKeys();

  // What the cap says on a Latin layout; the position of the key on another one (Arabic).
  function nameOf(event) {
    if (event.key === "؟") return "?";
    if (/^([/?]|Escape|Arrow\w+)$/.test(event.key)) return event.key;
    if (/^(Digit|Numpad)[1-9]$/.test(event.code)) return event.code.slice(-1);
    if (/^[a-z]$/i.test(event.key)) return event.key.toUpperCase();
    if (event.code === "Slash" && !/^[!-~]$/.test(event.key)) return event.shiftKey ? "?" : "/";
    return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : "";
  }
  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, [contenteditable]")) return;
    const name = nameOf(event);
    const busy = event.target.closest?.("select, [type=radio], [popover]") || document.querySelector("[popover]:popover-open");
    if (busy && name !== always()) return;
    if (name && press(name, event.target)) event.preventDefault();
  });
}
