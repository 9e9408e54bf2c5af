"use strict";
// A list that narrows as one types: the server's own answer to the form, shown in place. Without this file the form is sent.

for (const form of document.querySelectorAll("form[data-filter]")) {
  const list = document.getElementById(form.dataset.filter);
  let latest = 0;
  let pause;
  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(async () => {
      const mine = ++latest;
      try {
        const answer = await fetch("?" + new URLSearchParams(new FormData(form)));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.getElementById(form.dataset.filter);
        // An answer that comes late must not replace that of what was typed since.
        if (answer.ok && found && mine === latest) list.replaceChildren(...found.childNodes);
      } catch {
        // Without a connection the list stays as it is; sending the form will say what is wrong.
      }
    }, 200);
  });
}
