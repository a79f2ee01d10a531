// The switch for SSO users and its cells of the table follow each other: off closes all, on opens those that it closed. The
// table is right then, so the form no longer says how the switch was shown.
{
  const sso = document.getElementById("sso");
  const shown = document.querySelector('input[name="sso_shown"]');
  const cells = ["release.sso", "deploy.sso", "others.sso"].map((name) => document.querySelector(`input[name="origins"][value="${name}"]`));
  if (sso && shown && cells.every(Boolean)) {
    let opens = sso.dataset.opens.split(",");
    shown.value = "";
    sso.addEventListener("change", () => {
      const open = cells.filter((cell) => cell.checked).map((cell) => cell.value);
      if (!sso.checked && open.length) opens = open;
      for (const cell of cells) cell.checked = sso.checked && opens.includes(cell.value);
    });
    for (const cell of cells) cell.addEventListener("change", () => { sso.checked = cells.some((one) => one.checked); });
  }
}
