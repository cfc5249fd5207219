// One route in the panel: its figures, and its trips stop by stop.

function drawDetail() {
  const { route } = state;
  byId("detail").hidden = !route;
  for (const id of ["totals", "filters", "lists"]) byId(id).hidden = Boolean(route);
  if (!route) return;
  replace(byId("detail"),
    h("nav", { class: "back" },
      h("button", { type: "button", class: "link", id: "back", onclick: clearSelection }, icon("back", 15), t("route.back")),
      h("button", { type: "button", class: "link", onclick: () => window.print() }, icon("print", 15), t("app.print"))),
    h("header", { class: "who", vars: colourVars(route) },
      h("span", { class: "swatch big" }, icon(route.mode, 22)),
      h("div", {},
        h("h2", {}, route.worker),
        h("p", {}, [t(`role.${route.role}`), t(`mode.${route.mode}`)].join(" · ")),
        h("p", { class: "muted" }, `${t("route.shift")} ${route.shift} · ${clockRange(...route.hours)}`)),
      h("b", { class: "busy" }, percent(route.busy), h("small", {}, t("totals.utilisation")))),
    h("div", { vars: colourVars(route) }, shiftBar(route), barLegend()),
    routeFigures(route),
    route.skills.length ? h("p", { class: "skills" }, h("span", { class: "muted" }, t("route.skills")),
      route.skills.map((id) => h("span", { class: "tag" }, inLanguage(RAW.skills[id]) || id))) : null,
    route.trips.map((trip) => tripSection(route, trip)));
}

const barLegend = () => h("p", { class: "bar-legend" },
  ["service", "travel", "wait"].map((name) => h("span", { class: `key-${name}` }, h("i", {}), t(`segment.${name}`))));

function routeFigures(route) {
  const figure = (name, value) => h("div", { class: "figure" }, h("dt", {}, t(name)), h("dd", {}, value));
  return h("dl", { class: "figures" },
    figure("totals.stops", number(route.stops.length)),
    figure("totals.service", duration(route.service)),
    figure("totals.travel", duration(route.travel)),
    figure("totals.wait", duration(route.wait)),
    figure("totals.distance", distance(route.distance)),
    figure("totals.cost", number(route.cost / 100, 2)));
}

function tripSection(route, trip) {
  const many = route.trips.length > 1;
  const load = loadText(trip.load);
  const end = trip.end === null
    ? h("li", { class: "end" }, h("span", { class: "node" }), h("span", {}, t("route.ends")))
    : h("li", { class: "end" },
      h("span", { class: "node" }, icon(places.get(trip.end).kind, 14)),
      h("span", { class: "stop-main" }, h("b", {}, t("route.to", { place: trip.end })),
        h("span", { class: "leg" }, `${duration(trip.endTravel)} · ${distance(trip.endDistance)}`)),
      h("time", {}, clockTime(trip.endAt)));
  return h("section", { class: "trip", vars: colourVars(route) },
    many ? h("h3", {}, t("route.trip", { n: trip.index + 1 }), h("span", {}, countText("route.stops", trip.stops.length))) : null,
    h("ol", { class: "stops" },
      h("li", { class: "begin" },
        h("span", { class: "node" }, icon(places.get(trip.start).kind, 14)),
        h("span", { class: "stop-main" },
          h("b", {}, t("route.from", { place: trip.start })),
          load ? h("span", { class: "load" }, `${t("route.load")}: ${load}`) : null),
        h("time", {}, clockTime(trip.leave))),
      trip.stops.map(stopRow), end));
}

// After the end of every window: soft promises may be kept late.
const isLate = ({ order, start }) => order.windows.length > 0 && order.windows.every(([, end]) => start > end);

function stopRow(stop) {
  const { order } = stop;
  const wait = stop.start - stop.arrival;
  return h("li", {},
    h("button", {
      type: "button", class: "stop", "data-order": order.id, "aria-pressed": String(state.order === order),
      onclick: () => selectOrder(order),
    },
    badge(order.kind, stop.number),
    h("span", { class: "stop-main" },
      h("span", { class: "row-title" }, h("b", {}, serviceName(order)), h("span", {}, order.client)),
      h("span", { class: "leg" }, `${t("stop.travel")} ${duration(stop.travel)} · ${distance(stop.distance)}`),
      h("span", { class: "row-facts" },
        h("span", {}, `${t("stop.window")} ${windowsText(order)}`),
        stop.member ? h("span", {}, stop.member) : null,
        stop.batch ? h("span", {}, t("route.batch", { id: stop.batch })) : null)),
    h("span", { class: "stop-times" },
      h("b", {}, clockTime(stop.start)),
      h("span", {}, `${t("stop.arrival")} ${clockTime(stop.arrival)}`),
      isLate(stop) ? h("span", { class: "late" }, t("stop.late")) : null,
      wait > 0 ? h("span", { class: "waits" }, t("stop.waits", { time: duration(wait) })) : null)));
}
