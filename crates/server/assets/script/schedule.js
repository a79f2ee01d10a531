// Forms that ask for a date in a time zone: the browser's zone is proposed, and typing a time chooses "later".
for (const form of document.querySelectorAll("form[data-schedule]")) {
  const { zone, at, when } = form.elements;
  if (zone && zone.value === "UTC" && !(at && at.value)) {
    zone.value = hereZone();
  }
  if (at && when) at.addEventListener("input", () => { when.value = "later"; });
}
