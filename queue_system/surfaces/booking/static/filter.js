"use strict";
// Narrows a list while the person types: shows the server's answer to the form in place. Without it the form is sent.

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
        // A late answer must not replace the answer to newer input.
        if (answer.ok && found && mine === latest) list.replaceChildren(...found.childNodes);
      } catch {
        // Without a connection the list stays as it is; when the form is sent, the browser shows the error.
      }
    }, 200);
  });
}
