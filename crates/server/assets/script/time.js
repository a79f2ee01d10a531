// Times in the browser's zone, which the foot of the page names; and pills that count down without a reload.
// The server's clock goes on from when it made the page: that of this computer may be wrong. The one that counts evenly may
// stand still while the computer sleeps, and the other may be set back: whichever went further is right.
const serverNow = (() => {
  const made = Number(document.documentElement.dataset.now);
  const [even, wall] = [made - performance.now(), made - Date.now()];
  return () => Math.max(even + performance.now(), wall + Date.now());
})();
// The first question for the zone of the browser takes longer than the rest of the scripts.
const hereZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
// A moment in that zone, written as the server writes one in UTC.
const written = (at) => {
  const month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[at.getMonth()];
  const [hour, minute] = [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, "0"));
  return `${at.getDate()} ${month} ${at.getFullYear()}, ${hour}:${minute}`;
};
(() => {
  for (const time of document.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    time.textContent = written(at);
    time.title = time.dateTime;
  }
  // In a task of its own, so that the page is there before.
  setTimeout(() => {
    const zone = hereZone();
    const offset = new Intl.DateTimeFormat("en-GB", { timeZoneName: "shortOffset" })
      .formatToParts(new Date()).find((part) => part.type === "timeZoneName").value.replace("GMT", "UTC");
    for (const place of document.querySelectorAll("[data-zone]")) place.textContent = `Times in ${zone} (now ${offset})`;
    for (const field of document.querySelectorAll("input[type=hidden][name=zone]")) field.value = zone;
  });

  // As on the server: the remaining time in days, rounded up; exactly 24 hours are one day.
  const hour = 3600_000;
  const pill = (left) => {
    if (left <= 0) return ["bad", "Expired"];
    if (left < 24 * hour) return ["warning", "Less than 24 hours"];
    const days = Math.ceil(left / (24 * hour));
    return [left <= 120 * hour ? "warning" : "plain", days === 1 ? "1 day" : `${days} days`];
  };
  const pills = document.querySelectorAll(".pill[data-until]");
  const count = () => {
    for (const one of pills) {
      const [look, text] = pill(Date.parse(one.dataset.until) - serverNow());
      const place = one.querySelector(".pill-text");
      if (place.textContent === text) continue;
      place.textContent = text;
      one.classList.remove("plain", "warning", "bad");
      one.classList.add(look);
    }
  };
  if (pills.length) {
    count();
    setInterval(count, 1000);
    document.addEventListener("visibilitychange", count);
  }
})();
