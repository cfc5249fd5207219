// What the reader has chosen. One object, changed in one place, told to all who draw.
//
// The address carries it (#route=W12&lang=zh&t=36000&order=O7&tab=unserved), so a view can be shared.

const state = {
  lang: "en",
  tab: "routes",
  route: null, // a route of data.js
  order: null, // an order of data.js
  place: null, // a place of data.js
  time: null, // seconds; null is the whole day
  playing: false,
  speed: 10, // minutes of the day a second
  query: "",
  sort: { routes: "worker", unserved: "order" },
  off: { kind: new Set(), role: new Set(), mode: new Set() },
};

const listeners = [];
const onChange = (listener) => listeners.push(listener);

function setState(patch) {
  const changed = new Set(Object.keys(patch).filter((key) => state[key] !== patch[key]));
  if (!changed.size) return;
  Object.assign(state, patch);
  if (changed.has("lang")) {
    language = state.lang;
    labelPage();
  }
  // While playing the address stays: writing it each frame is slow and fills nothing useful.
  if (!state.playing) writeHash();
  for (const listener of listeners) listener(changed);
}

function toggleFilter(group, value) {
  const off = { ...state.off, [group]: new Set(state.off[group]) };
  if (!off[group].delete(value)) off[group].add(value);
  setState({ off });
}

const routeShown = (route) => (
  !state.off.role.has(route.role) && !state.off.mode.has(route.mode)
  && (route.kinds.size === 0 || [...route.kinds].some((kind) => !state.off.kind.has(kind)))
);

const orderShown = (order) => (
  !state.off.kind.has(order.kind) && (!order.route || routeShown(order.route))
);

// Choosing is the same from the map, a list or the timeline.
const selectRoute = (route) => setState({ route, order: null, place: null });
const selectOrder = (order) => setState({
  order, place: null, route: order.route, tab: order.unserved ? "unserved" : state.tab,
});
const selectPlace = (place) => setState({ place, order: null });
const clearSelection = () => setState({ route: null, order: null, place: null });

function writeHash() {
  const hash = new URLSearchParams();
  if (state.route) hash.set("route", shiftsOf.get(state.route.worker) > 1 ? state.route.key : state.route.worker);
  if (state.order) hash.set("order", state.order.id);
  if (state.tab !== "routes") hash.set("tab", state.tab);
  if (state.lang !== RAW.lang) hash.set("lang", state.lang);
  if (state.time !== null) hash.set("t", String(Math.round(state.time)));
  const text = hash.toString();
  try {
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch {
    // Some embeddings forbid it; the page works without an address.
  }
}

function readHash() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const wanted = hash.get("route");
  const route = routes.find((r) => r.key === wanted) || routes.find((r) => r.worker === wanted) || null;
  const order = orders.get(hash.get("order")) || null;
  const time = hash.has("t") ? Number(hash.get("t")) : NaN;
  setState({
    lang: hash.get("lang") in TEXTS ? hash.get("lang") : RAW.lang,
    tab: hash.get("tab") === "unserved" ? "unserved" : "routes",
    route: order && order.route ? order.route : route,
    order,
    place: null,
    time: Number.isFinite(time) ? clamp(time, DAY.from, DAY.to) : null,
  });
}
