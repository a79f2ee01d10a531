// The API page: sends a call in one's own session, and shows the answer below it, without leaving the page as the form would.
// What deletes is asked about once more.
for (const form of document.querySelectorAll("form[data-try]")) {
  const sure = form.querySelector("[data-sure]");
  const ask = (isAsked) => {
    sure.hidden = !isAsked;
    (isAsked ? sure.querySelector("button") : form.querySelector("button[type=submit]")).focus();
  };
  sure?.querySelector("[data-unsure]").addEventListener("click", () => ask(false));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sure && event.submitter?.name !== ":sure") return ask(true);
    if (sure) ask(false);
    const answer = form.querySelector("output");
    const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrf" && !name.startsWith(":") && value !== "");
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const [name, value] of fields) {
      if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(value));
      else query.append(name, value);
    }
    const headers = { "X-CSRF-Token": form.elements.csrf.value };
    const body = form.elements[":body"]?.value;
    if (body) headers["Content-Type"] = "application/json";
    answer.textContent = "Waiting…";
    try {
      const response = await fetch(`${form.dataset.base}${path}${query.size ? `?${query}` : ""}`, { method: form.dataset.try, headers, body: body || undefined });
      const text = await response.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it came */ }
      answer.textContent = `${response.status} ${response.statusText}\n${shown}`;
    } catch (error) {
      answer.textContent = `No answer: ${error.message}`;
    }
  });
}
