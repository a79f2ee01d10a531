// What a mail looks like, while it is written: the form is sent to `data-preview` when one stops typing, and the part
// `#preview` of the answer is put in the place of the one that is there.
for (const form of document.querySelectorAll("form[data-preview]")) {
  let waiting;
  let asked;
  const show = async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: asked.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("preview");
      const old = document.getElementById("preview");
      if (!fresh || !old) return;
      const wasOpen = old.querySelector("details")?.open ?? false;
      old.hidden = false;
      old.replaceChildren(...fresh.childNodes);
      const text = old.querySelector("details");
      if (text) text.open = wasOpen;
    } catch { /* no answer, or a later one: what is shown stays */ }
  };
  const later = () => { clearTimeout(waiting); waiting = setTimeout(show, 400); };
  form.addEventListener("input", (event) => { if (["subject", "body", "digest"].includes(event.target.name)) later(); });
  if (document.getElementById("subject") && !form.querySelector("fieldset[disabled]")) show();
}
