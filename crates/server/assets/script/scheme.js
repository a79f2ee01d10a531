// The switch between light and dark colours. The choice stays in this browser.
(() => {
  const root = document.documentElement;
  const remembered = (() => { try { return localStorage.getItem("scheme"); } catch { return null; } })();
  if (remembered === "light" || remembered === "dark") root.dataset.scheme = remembered;
  const button = document.querySelector("[data-scheme]:not(html)");
  if (!button) return;
  const isDark = () => root.dataset.scheme ? root.dataset.scheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const tell = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; };
  button.hidden = false;
  tell();
  button.addEventListener("click", () => {
    root.dataset.scheme = isDark() ? "light" : "dark";
    try { localStorage.setItem("scheme", root.dataset.scheme); } catch { /* not kept, then */ }
    tell();
  });
})();
