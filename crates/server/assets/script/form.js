// Parts of a form that belong to one choice: `data-when="name=value"` shows them only with it, and their fields are sent only
// then.
for (const part of document.querySelectorAll("[data-when]")) {
  const [name, value] = part.dataset.when.split("=");
  const form = part.closest("form");
  const show = () => {
    part.hidden = new FormData(form).get(name) !== value;
    for (const field of part.querySelectorAll("input")) field.disabled = part.hidden;
  };
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
// A button that checks all boxes of the name `data-choose` in its form, or none when all are.
for (const button of document.querySelectorAll("button[data-choose]")) {
  const boxes = [...button.form.querySelectorAll("input[type=checkbox]")].filter((box) => box.name === button.dataset.choose);
  const name = button.textContent;
  const areAll = () => boxes.every((box) => box.checked);
  const tell = () => { button.textContent = areAll() ? "Choose none" : name; };
  button.hidden = boxes.length === 0;
  button.addEventListener("click", () => {
    const wanted = !areAll();
    for (const box of boxes) box.checked = wanted;
    tell();
  });
  button.form.addEventListener("change", tell);
  tell();
}
