"use strict";
// Silent emergency calls of the branch appear on the page as they are made. Needs follow.js and htmx; no sound, nothing moves.
// The page also works without this file: it shows the calls that were open when it was made.
(() => {
  const strip = () => document.getElementById("alarms");
  if (!strip()) return;
  let shown = "";
  follow(strip().dataset.alarms, {
    cap: 5_000,
    silence: 35_000,
    onFrame: (frame) => {
      if (frame.type !== "alarms" || frame.html === shown) return;
      shown = frame.html;
      htmx.swap({ sourceElement: strip(), target: strip(), swap: "outerMorph", text: frame.html });
    },
    // The page itself says that its person is signed out.
    onCode: { [CLOSED.SIGNED_OUT]: () => {}, [CLOSED.NOT_THERE]: () => {} },
  });
})();
