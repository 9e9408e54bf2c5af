"use strict";
// Makes passkeys, and signs in with them. The button is shown only where the browser can do that.

const button = document.querySelector("[data-passkey]");
const said = document.getElementById("passkey-said");

async function send(address, body) {
  const answer = await fetch(address, { method: "POST", cache: "no-store", body });
  if (answer.redirected) return location.assign(answer.url);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

async function work() {
  const { passkey: kind, challenge, address, trouble } = button.dataset;
  said.textContent = "";
  button.disabled = true;
  try {
    const options = await send(challenge);
    if (!options) return;
    const made =
      kind === "new"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const { next } = await send(address, JSON.stringify(made.toJSON()));
    location.assign(next);
  } catch (problem) {
    // The browser's own errors are for programmers; ours come from the server as sentences.
    said.textContent = problem instanceof DOMException || problem instanceof TypeError ? trouble : problem.message;
    button.disabled = false;
  }
}

if (button && window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON) {
  button.closest("[hidden]").hidden = false;
  button.addEventListener("click", work);
}
