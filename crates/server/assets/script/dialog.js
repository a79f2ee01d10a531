// Links that have a page of their own open a dialog instead where there is one: `data-dialog` names it. Escape closes it, and
// the focus returns to the link, by the nature of `<dialog>`.
for (const link of document.querySelectorAll("a[data-dialog]")) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!dialog) continue;
  link.setAttribute("role", "button");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // What the dialog acts on is told by the link: its form is sent to `data-action`, or else to the page of the link; its
    // text names what the link names for screen readers.
    const form = dialog.querySelector("form");
    if (form) form.action = link.dataset.action ?? link.href;
    const name = link.querySelector(".hidden-text")?.textContent.trim() ?? "";
    for (const place of dialog.querySelectorAll("[data-name-here]")) place.textContent = name;
    dialog.showModal();
  });
  link.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); link.click(); } });
}
for (const close of document.querySelectorAll("[data-close]")) {
  close.addEventListener("click", (event) => {
    const dialog = close.closest("dialog");
    if (dialog?.open) { event.preventDefault(); dialog.close(); }
  });
}
// A menu closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
});
