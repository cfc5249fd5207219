// The side panel: brand, totals, and the lists of routes and of unserved orders.

const PAGE = 200; // rows a list shows before "show more": a browser lays out no more with ease
let rowsShown = PAGE;

function drawBrand() {
  replace(byId("brand"),
    h("span", { class: "mark" }, icon("mark", 22)),
    h("div", {},
      h("h1", {}, h("span", { class: "product" }, "careroute"), h("span", { class: "what" }, t("app.title"))),
      h("p", { class: "when" }, longDate(RAW.day), h("span", { class: "problem" }, RAW.problem))));
  document.title = `${t("app.title")} · ${RAW.problem} · ${RAW.day}`;
  for (const button of byId("lang").children) button.setAttribute("aria-pressed", String(button.dataset.lang === state.lang));
}

function drawTotals() {
  const { totals } = RAW;
  const share = totals.orders ? totals.served / totals.orders : 1;
  const figure = (name, value, className = "") => h("div", { class: `figure ${className}` },
    h("dt", {}, t(name)), h("dd", {}, value));
  replace(byId("totals"),
    h("div", { class: "served" },
      h("strong", {}, number(totals.served)),
      h("span", {}, t("totals.served"), h("small", {}, t("totals.of", { n: number(totals.orders) }))),
      h("b", { class: "share" }, percent(share === 1 ? 1 : Math.min(share, 0.994)))),
    h("div", { class: "meter", role: "img", "aria-label": `${totals.served} / ${totals.orders}` },
      h("i", { style: { width: `${share * 100}%` } })),
    h("dl", { class: "figures" },
      figure("totals.routes", number(totals.routes)),
      figure("totals.unserved", number(totals.unserved), totals.unserved ? "is-alert" : ""),
      figure("totals.distance", distance(totals.distance_m)),
      figure("totals.service", longDuration(totals.service_s)),
      figure("totals.travel", longDuration(totals.travel_s)),
      figure("totals.wait", longDuration(totals.wait_s))));
}

const ROUTE_SORTS = {
  worker: (a, b) => a.worker.localeCompare(b.worker, "en", { numeric: true }) || a.from - b.from,
  stops: (a, b) => b.stops.length - a.stops.length,
  utilisation: (a, b) => b.busy - a.busy,
  travel: (a, b) => b.travel - a.travel,
  wait: (a, b) => b.wait - a.wait,
  start: (a, b) => a.from - b.from,
};
const firstWindow = (entry) => entry.order.windows[0]?.[0] ?? Infinity;
const UNSERVED_SORTS = {
  order: (a, b) => a.order.id.localeCompare(b.order.id, "en", { numeric: true }),
  reason: (a, b) => a.reason.localeCompare(b.reason),
  window: (a, b) => firstWindow(a) - firstWindow(b),
  priority: (a, b) => (b.order.guaranteed || 0) - (a.order.guaranteed || 0) || b.order.level - a.order.level,
};

function listedRoutes() {
  const { query } = state;
  return routes
    .filter((route) => routeShown(route) && (!query || fuzzyMatch(query, [
      route.worker, route.shift, t(`role.${route.role}`), t(`mode.${route.mode}`),
      ...route.stops.flatMap(({ order }) => [order.id, order.client]),
    ])))
    .sort((a, b) => ROUTE_SORTS[state.sort.routes](a, b) || ROUTE_SORTS.worker(a, b));
}

function listedUnserved() {
  const { query } = state;
  return unserved
    .filter(({ order, reason }) => orderShown(order) && (!query || fuzzyMatch(query, [
      order.id, order.client, serviceName(order), t(`reason.${reason}`),
    ])))
    .sort((a, b) => UNSERVED_SORTS[state.sort.unserved](a, b) || UNSERVED_SORTS.order(a, b));
}

// The frame of the lists: tabs, search, sort. The rows are filled by drawRows, so that typing in the
// search does not lose its place.
function drawLists() {
  const choose = (name) => {
    setState({ tab: name, query: "" });
    byId(`tab-${name}`).focus();
  };
  const tab = (name, n) => h("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(state.tab === name), "aria-controls": "rows",
    tabindex: state.tab === name ? 0 : -1, onclick: () => choose(name),
    onkeydown: (event) => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") choose(name === "routes" ? "unserved" : "routes");
    },
  }, t(`tab.${name}`), h("span", { class: name === "unserved" && n ? "pill alert" : "pill" }, number(n)));
  const sorts = Object.keys(state.tab === "routes" ? ROUTE_SORTS : UNSERVED_SORTS);
  rowsShown = PAGE;
  replace(byId("lists"),
    h("div", { class: "tabs", role: "tablist", "aria-label": t("tab.list") },
      tab("routes", routes.length), tab("unserved", unserved.length)),
    h("div", { class: "tools" },
      h("label", { class: "search" }, icon("search", 15), h("span", { class: "hidden" }, t("search.label")),
        h("input", {
          type: "search", id: "search", placeholder: t(`search.${state.tab}`), value: state.query, autocomplete: "off",
          oninput: (event) => setState({ query: event.target.value }),
        })),
      h("label", { class: "sort" }, h("span", { class: "hidden" }, t("sort.label")),
        h("select", {
          id: "sort", onchange: (event) => setState({ sort: { ...state.sort, [state.tab]: event.target.value } }),
        }, sorts.map((name) => h("option", { value: name, selected: state.sort[state.tab] === name }, t(`sort.${name}`)))))),
    h("ul", { class: "rows", id: "rows", role: "tabpanel", "aria-labelledby": `tab-${state.tab}` }));
  drawRows();
}

function drawRows() {
  const list = byId("rows");
  if (!list) return;
  const entries = state.tab === "routes" ? listedRoutes() : listedUnserved();
  const makeRow = state.tab === "routes" ? routeRow : unservedRow;
  const empty = state.tab === "unserved" && !unserved.length ? "unserved.none" : "search.none";
  replace(list,
    entries.slice(0, rowsShown).map(makeRow),
    entries.length ? null : h("li", { class: "empty" }, t(empty)),
    entries.length > rowsShown ? h("li", { class: "more" }, h("button", {
      type: "button", class: "link",
      onclick: () => {
        rowsShown += PAGE;
        drawRows();
      },
    }, t("search.more", { n: Math.min(PAGE, entries.length - rowsShown) }))) : null);
}

// Service, travel and waiting as shares of the shift, in one bar.
function shiftBar(route) {
  const span = Math.max(1, route.hours[1] - route.hours[0]);
  const part = (name, seconds) => h("i", { class: `part-${name}`, style: { width: `${clamp((100 * seconds) / span, 0, 100)}%` } });
  const label = `${t("totals.utilisation")} ${percent(route.busy)}`;
  return h("div", { class: "bar", role: "img", "aria-label": label, title: label },
    part("service", route.service), part("travel", route.travel), part("wait", route.wait));
}

// The colour comes from a custom property that theme changes rewrite (see main.js).
const colourVars = (route) => ({ "--route": routeColour(route) });

function routeRow(route) {
  return h("li", {},
    h("button", {
      type: "button", class: "row", "data-route": route.key, vars: colourVars(route),
      onclick: () => selectRoute(route),
    },
    h("span", { class: "swatch" }, icon(route.mode, 16)),
    h("span", { class: "row-main" },
      h("span", { class: "row-title" },
        h("b", {}, routeName(route)), h("span", {}, t(`role.${route.role}`)),
        h("span", { class: "row-hours" }, clockRange(...route.hours)),
        h("b", { class: "row-busy" }, percent(route.busy))),
      shiftBar(route),
      h("span", { class: "row-facts" },
        h("span", {}, countText("route.stops", route.stops.length)),
        h("span", {}, `${t("totals.travel")} ${duration(route.travel)}`),
        h("span", {}, `${t("totals.wait")} ${duration(route.wait)}`)))));
}

function unservedRow(entry) {
  const { order } = entry;
  return h("li", {},
    h("button", {
      type: "button", class: `row unserved-row ${state.order === order ? "chosen" : ""}`, "data-order": order.id,
      "aria-expanded": String(state.order === order),
      onclick: () => selectOrder(order),
    },
    h("span", { class: "swatch alert" }, badge("unserved", "!")),
    h("span", { class: "row-main" },
      h("span", { class: "row-title" }, h("b", {}, serviceName(order)), h("span", {}, order.id)),
      h("span", { class: "row-reason" }, t(`reason.${entry.reason}`)),
      h("span", { class: "row-facts" },
        h("span", {}, windowsText(order)),
        h("span", {}, order.client),
        order.guaranteed ? h("span", { class: "tag" }, t("order.guaranteed")) : null),
      state.order === order ? unservedStory(entry) : null)));
}

// Why an order is not served, and what would let it in.
function unservedStory(entry) {
  return h("span", { class: "story" },
    h("span", { class: "story-why" }, h("em", {}, t("unserved.why")), capital(inLanguage(entry.message))),
    entry.change
      ? h("span", { class: "story-change" }, h("em", {}, t("unserved.change")), capital(inLanguage(entry.change)))
      : h("span", { class: "story-none" }, t("unserved.nochange")));
}
