// Links and buttons that lead to a page of their own open a dialog instead where there is one: `data-dialog` names it. Escape
// closes it, and the focus returns to the link, by the nature of `<dialog>`.
for (const link of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!dialog) continue;
  const isLink = link.matches("a");
  if (isLink) link.setAttribute("role", "button");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // What the dialog acts on is told by the link: its form is sent to `data-action`, or else to the page of the link; its
    // text names what the link names for screen readers, last of all.
    const form = dialog.querySelector("form");
    if (form) form.action = link.dataset.action ?? (isLink ? link.href : link.formAction);
    const named = document.getElementById(link.getAttribute("aria-labelledby")?.split(" ").pop());
    const name = (named ?? link.querySelector(".hidden-text"))?.textContent.trim() ?? "";
    for (const place of dialog.querySelectorAll("[data-name-here]")) place.textContent = name;
    dialog.showModal();
  });
  if (isLink) link.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); link.click(); } });
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
