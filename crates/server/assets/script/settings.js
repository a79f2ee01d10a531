// The switch for SSO users and its two cells of the table follow each other. The table is right then, so the form no longer
// says how the switch was shown.
{
  const sso = document.getElementById("sso");
  const shown = document.querySelector('input[name="sso_shown"]');
  const cells = ["deploy.sso", "others.sso"].map((name) => document.querySelector(`input[name="origins"][value="${name}"]`));
  if (sso && shown && cells.every(Boolean)) {
    shown.value = "";
    sso.addEventListener("change", () => { for (const cell of cells) cell.checked = sso.checked; });
    for (const cell of cells) cell.addEventListener("change", () => { sso.checked = cells.every((one) => one.checked); });
  }
}
