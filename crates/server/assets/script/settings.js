// The switch for SSO users and its cells of the table follow each other: off closes all, on opens Deploy and all others. The
// table is right then, so the form no longer says how the switch was shown.
{
  const sso = document.getElementById("sso");
  const shown = document.querySelector('input[name="sso_shown"]');
  const cells = ["release.sso", "deploy.sso", "others.sso"].map((name) => document.querySelector(`input[name="origins"][value="${name}"]`));
  if (sso && shown && cells.every(Boolean)) {
    const [release, ...rest] = cells;
    shown.value = "";
    sso.addEventListener("change", () => {
      for (const cell of rest) cell.checked = sso.checked;
      if (!sso.checked) release.checked = false;
    });
    for (const cell of cells) cell.addEventListener("change", () => { sso.checked = cells.some((one) => one.checked); });
  }
}
