// A release and the log of a task, as they go on.
(() => {
  const told = document.querySelector("[data-release]");
  if (!told || !window.EventSource) return;
  const log = document.querySelector("[data-log]");
  const events = new EventSource(told.dataset.release);
  events.addEventListener("open", () => { told.hidden = false; });
  events.addEventListener("error", () => {
    // Opened again it would tell the same lines once more.
    events.close();
    told.hidden = true;
  });
  // Lines of another run than the last one that is there already have a heading, as on the server.
  let run = Number(log?.dataset.log);
  events.addEventListener("line", (event) => {
    if (!log) return;
    const line = JSON.parse(event.data);
    const item = document.createElement("li");
    if (line.run !== run && line.run > 1) {
      item.className = "begins";
      const begins = item.appendChild(document.createElement("p"));
      begins.className = "quiet-text";
      begins.textContent = `Run ${line.run}`;
    }
    run = line.run;
    const time = item.appendChild(document.createElement("time"));
    time.dateTime = line.at;
    time.title = line.at;
    time.textContent = written(new Date(line.at));
    item.append(" ");
    const said = item.appendChild(document.createElement("span"));
    said.className = "said";
    said.textContent = line.said;
    log.append(item);
    log.hidden = false;
    for (const empty of document.querySelectorAll("[data-log-empty]")) empty.remove();
  });
  events.addEventListener("changed", () => {
    events.close();
    location.reload();
  });
  addEventListener("pagehide", () => events.close());
})();
