// The form of a webhook endpoint shows the fields that its method and its action need.
(() => {
  const needs = {
    authentication: {
      secretToken: ["token", "gitlab"],
      username: ["basic"],
      password: ["basic"],
      signingSecret: ["github", "standard"],
      previousSigningSecret: ["github", "standard"],
    },
    action: {
      template: ["start"],
      forwardUrl: ["forward"],
      forwardHeaders: ["forward"],
      forwardAuthorizationSecret: ["forward"],
      forwardSigningSecret: ["forward"],
    },
  };
  for (const [name, fields] of Object.entries(needs)) {
    const chosen = document.querySelector(`main select[name=${name}]`);
    if (!chosen || !document.querySelector("main [name=requestRetention]")) continue;
    const show = () => {
      for (const [field, values] of Object.entries(fields)) {
        const input = document.querySelector(`main .field [name=${field}]`);
        const place = input && input.closest(".field");
        if (!place) continue;
        place.hidden = !values.includes(chosen.value);
        const more = place.nextElementSibling;
        if (more && more.matches("p.hint")) more.hidden = place.hidden;
      }
    };
    chosen.addEventListener("change", show);
    show();
  }
})();
// Requests of an endpoint as they arrive: each becomes a row on top of the list.
(() => {
  const told = document.querySelector("[data-live]");
  const rows = document.querySelector("[data-live-rows]");
  if (!told || !rows || !window.EventSource) return;
  const most = 50;
  // What was shown last: a view that begins again goes on there.
  const address = new URL(told.dataset.live, location.href);
  let events, later, tries = 0;
  // What the log does not keep, or came faster than it is looked at.
  let others = 0;
  const count = (event) => {
    address.searchParams.set("after", event.lastEventId);
    others += JSON.parse(event.data).requests;
    const place = told.querySelector("[data-live-others]");
    place.textContent = `${others} more arrived that are not shown.`;
  };
  const show = (event) => {
    address.searchParams.set("after", event.lastEventId);
    const request = JSON.parse(event.data);
    const row = document.createElement("tr");
    const cell = (kind, label, text, inner) => {
      const one = document.createElement(kind);
      one.dataset.label = label;
      const holder = inner ? one.appendChild(document.createElement(inner)) : one;
      holder.textContent = text || "–";
      row.append(one);
      return holder;
    };
    const link = cell("th", "Request", request.id, "a");
    link.href = told.dataset.path + request.id;
    link.parentElement.scope = "row";
    const time = cell("td", "Received", written(new Date(request.at)), "time");
    time.dateTime = request.at;
    time.title = request.at;
    cell("td", "Sender", request.sender);
    cell("td", "Id of the sender", request.messageId, request.messageId ? "code" : null);
    const parameters = request.parameters.map((one) => `${one.name}=${one.value}`).join(" ");
    cell("td", "Parameters", parameters, parameters ? "code" : null);
    cell("td", "Bytes", String(request.size)).className = "number";
    rows.prepend(row);
    while (rows.children.length > most) rows.lastElementChild.remove();
    rows.closest(".sheet").hidden = false;
    for (const empty of document.querySelectorAll("[data-live-empty]")) empty.remove();
  };
  const watch = () => {
    events = new EventSource(address);
    events.addEventListener("open", () => {
      told.hidden = false;
      tries = 0;
    });
    // A browser connects again by itself, but not after a refusal: while the server starts, or when too many watch.
    events.addEventListener("error", () => {
      if (events.readyState !== EventSource.CLOSED) return;
      told.hidden = true;
      tries += 1;
      if (tries < 8) later = setTimeout(watch, 1000 * 2 ** tries);
    });
    events.addEventListener("others", count);
    events.addEventListener("request", show);
  };
  const leave = () => {
    clearTimeout(later);
    events.close();
  };
  watch();
  addEventListener("pagehide", leave);
  // A page that is gone back to is as it was left.
  addEventListener("pageshow", (event) => {
    if (event.persisted) watch();
  });
})();
