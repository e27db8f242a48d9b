// Forms that a passkey fills in: ask the browser for one with the form's options, put its answer in, and send the form.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const says = form.querySelector("[data-passkey-says]");
  const say = (text) => {
    says.textContent = text;
    says.hidden = !text;
  };
  form.querySelector("[data-passkey-needs]").remove();
  button.hidden = false;
  const isNew = form.dataset.passkey === "create";
  const read = window.PublicKeyCredential && (isNew
    ? PublicKeyCredential.parseCreationOptionsFromJSON
    : PublicKeyCredential.parseRequestOptionsFromJSON);
  if (!read) {
    button.disabled = true;
    say(form.dataset.cannot);
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    try {
      const publicKey = read.call(PublicKeyCredential, JSON.parse(form.dataset.options));
      const made = await navigator.credentials[form.dataset.passkey]({ publicKey });
      form.elements.answer.value = JSON.stringify(made.toJSON());
      form.submit();
    } catch {
      button.disabled = false;
      say(form.dataset.failed);
    }
  });
}
