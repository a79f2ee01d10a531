// Parts of a form that belong to one choice: `data-when="name=value"` shows them only with it.
for (const part of document.querySelectorAll("[data-when]")) {
  const [name, value] = part.dataset.when.split("=");
  const form = part.closest("form");
  const show = () => { part.hidden = new FormData(form).get(name) !== value; };
  form.addEventListener("change", show);
  show();
}
// A second click while the first is on its way sends nothing. Who stopped it, or waits for too long, may send it again.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    else setTimeout(() => delete form.dataset.sent, 10_000);
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
