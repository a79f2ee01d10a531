// Buttons that copy: `data-copy` names the element whose text is copied. A secret is cleared when the page is left.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const name = [...button.childNodes];
  const said = document.querySelector("[data-copied]");
  let later;
  const tell = (text) => {
    button.replaceChildren(text);
    // A button is no live region: this is what a screen reader says.
    if (said) said.textContent = text;
    clearTimeout(later);
    later = setTimeout(() => {
      button.replaceChildren(...name);
      if (said) said.textContent = "";
    }, 3000);
  };
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      tell("Copied");
    } catch {
      // No clipboard without https or permission: the text is marked, for the keyboard to copy.
      getSelection().selectAllChildren(source);
      tell("Marked: copy it with the keyboard");
    }
  });
}
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret]")) secret.textContent = "";
});
