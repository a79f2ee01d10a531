// The panel Generate token: tells when the token will end, in the browser's zone, and offers only days that are allowed.
for (const form of document.querySelectorAll("form[data-generate]")) {
  const { expiration, date } = form.elements;
  const place = form.querySelector("[data-result]");
  // The last second of a day here, also of one on which the clocks change.
  const endOf = (year, month, day) => new Date(new Date(year, month - 1, day + 1) - 1000);
  const text = (at) => [String(at.getFullYear()).padStart(4, "0"), String(at.getMonth() + 1).padStart(2, "0"), String(at.getDate()).padStart(2, "0")].join("-");
  const result = () => {
    if (expiration.value === "never") return "It will not expire.";
    let at = new Date(serverNow() + Number(expiration.value) * 86400_000);
    if (expiration.value === "date") {
      if (!date.value) return "";
      at = endOf(...date.value.split("-").map(Number));
    }
    return Number.isNaN(at.valueOf()) ? "" : `Until ${written(at)} (${hereZone()})`;
  };
  // Told by a screen reader when it changes, and not while a name is typed.
  const tell = () => { place.textContent = result(); place.hidden = !place.textContent; };
  date.min = text(new Date(serverNow()));
  if (form.dataset.latest) {
    const latest = new Date(form.dataset.latest);
    const isWhole = endOf(latest.getFullYear(), latest.getMonth() + 1, latest.getDate()) <= latest;
    date.max = text(isWhole ? latest : new Date(latest.getFullYear(), latest.getMonth(), latest.getDate() - 1));
  }
  for (const field of [expiration, date]) field.addEventListener("input", tell);
  // The panel is not open yet, and the page is there before the zone is known.
  setTimeout(tell);
}
