// Buttons that copy: `data-copy` names the element whose text is copied. A secret is cleared when the page is left.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const name = button.textContent;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = "Copied";
    } catch {
      // No clipboard without https or permission: the text is marked, for the keyboard to copy.
      getSelection().selectAllChildren(source);
      button.textContent = "Marked: copy it with the keyboard";
    }
    setTimeout(() => { button.textContent = name; }, 3000);
  });
}
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret]")) secret.textContent = "";
});
