// From the embedded JSON to what is drawn: lines in metres, routes as a run of timed segments.

const RAW = JSON.parse(byId("map-data").textContent);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGIT = new Uint8Array(128);
[...ALPHABET].forEach((character, index) => { DIGIT[character.charCodeAt(0)] = index; });

// A local flat map: metres east of the origin and metres south (screens count downwards).
const ORIGIN_LAT = RAW.grid.origin[1] / RAW.grid.scale;
const METRES_Y = 110574 / RAW.grid.scale;
const MIDDLE_LAT = ORIGIN_LAT + (RAW.grid.height || 0) / RAW.grid.scale / 2;
const METRES_X = (111320 * Math.cos((MIDDLE_LAT * Math.PI) / 180)) / RAW.grid.scale;

// Reads a line: differences, zigzag, five bits a character (see encode_line).
function decodeLine(text) {
  const out = new Float32Array(text.length);
  let n = 0;
  let value = 0;
  let shift = 0;
  const last = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const digit = DIGIT[text.charCodeAt(i)];
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    last[n & 1] += value & 1 ? -((value + 1) >> 1) : value >> 1;
    out[n] = n & 1 ? -last[1] * METRES_Y : last[0] * METRES_X;
    n += 1;
    value = 0;
    shift = 0;
  }
  return out.slice(0, n);
}

const pointAt = ([x, y]) => ({ x: x * METRES_X, y: -y * METRES_Y });

// A line with the length walked up to each of its points, so that "half way" can be found.
function measuredLine(text) {
  const points = decodeLine(text);
  const along = new Float32Array(points.length / 2);
  for (let i = 1; i < along.length; i++) {
    along[i] = along[i - 1] + Math.hypot(points[2 * i] - points[2 * i - 2], points[2 * i + 1] - points[2 * i - 1]);
  }
  return { points, along };
}

function pointAlong(line, share) {
  const { points, along } = line;
  const target = along[along.length - 1] * share;
  const i = clamp(lastAtMost(along, target, (length) => length), 0, Math.max(0, along.length - 2));
  const step = along[i + 1] - along[i] || 1;
  const f = clamp((target - along[i]) / step, 0, 1);
  const j = Math.min(2 * i + 2, points.length - 2);
  return {
    x: points[2 * i] + (points[j] - points[2 * i]) * f,
    y: points[2 * i + 1] + (points[j + 1] - points[2 * i + 1]) * f,
  };
}

const orders = new Map();
for (const [id, raw] of Object.entries(RAW.orders)) {
  orders.set(id, { id, ...raw, ...pointAt(raw.at), route: null, stop: null, unserved: null });
}

const places = new Map();
for (const [id, raw] of Object.entries(RAW.places)) {
  places.set(id, { id, ...raw, ...pointAt(raw.at), starts: [] });
}

// A route's day as one run of segments without gaps: load, travel, wait, service, idle.
function timeRoute(route) {
  const segments = [];
  let now = null;
  let where = null;
  const add = (kind, from, to, extra) => {
    if (to > from) segments.push({ kind, from, to, where, ...extra });
    now = to;
  };
  route.trips.forEach((trip) => {
    const start = places.get(trip.start);
    where = start;
    const loading = start.loading && Object.values(trip.load).some((n) => n > 0) ? start.loading : 0;
    const from = now === null ? trip.leave - loading : Math.max(now, trip.leave - loading);
    if (now !== null) add("idle", now, from);
    add("load", from, trip.leave, { trip });
    for (const stop of trip.stops) {
      const order = stop.order;
      add("travel", now ?? trip.leave, stop.arrival, { line: stop.line, trip, stop });
      where = order;
      add("wait", stop.arrival, stop.start, { trip, stop });
      add("service", stop.start, stop.departure, { trip, stop });
    }
    if (trip.endLine) {
      add("travel", now, trip.endAt, { line: trip.endLine, trip });
      where = places.get(trip.end);
    }
  });
  return segments;
}

const routes = RAW.routes.map((raw, index) => {
  const key = `${raw.worker}/${raw.shift}`;
  const route = { ...raw, key, index, stops: [], kinds: new Set() };
  route.trips = raw.trips.map((trip, tripIndex) => ({
    ...trip,
    index: tripIndex,
    endLine: trip.endLine ? measuredLine(trip.endLine) : null,
    stops: trip.stops.map((rawStop) => {
      const order = orders.get(rawStop.order);
      const stop = { ...rawStop, order, line: measuredLine(rawStop.line), number: route.stops.length + 1 };
      order.route = route;
      order.stop = stop;
      route.stops.push(stop);
      route.kinds.add(order.kind);
      return stop;
    }),
  }));
  route.segments = timeRoute(route);
  route.from = route.segments.length ? route.segments[0].from : raw.hours[0];
  route.to = route.segments.length ? route.segments[route.segments.length - 1].to : raw.hours[1];
  // Share of the paid time that is spent with clients or on the way to them.
  route.busy = (raw.service + raw.travel) / Math.max(1, raw.hours[1] - raw.hours[0]);
  route.orderIds = route.stops.map((stop) => stop.order.id);
  if (route.trips.length) places.get(route.trips[0].start).starts.push(route);
  return route;
});

const unserved = RAW.unserved.map((raw) => {
  const order = orders.get(raw.order);
  order.unserved = { ...raw, order };
  return order.unserved;
});

// Routes that share a worker are told apart by their shift.
const shiftsOf = new Map();
for (const route of routes) shiftsOf.set(route.worker, (shiftsOf.get(route.worker) || 0) + 1);
const routeName = (route) => (shiftsOf.get(route.worker) > 1 ? `${route.worker} · ${route.shift}` : route.worker);

// The catalogue writes "bathing"; here names stand on their own.
const serviceName = (order) => capital(inLanguage(RAW.services[order.service]) || order.service);

const windowsText = (order) => (
  order.windows.length ? order.windows.map(([a, b]) => clockRange(a, b)).join(", ") : t("stop.anytime")
);

// The day on the axis: whole hours around everything that happens.
const DAY = (() => {
  const from = Math.min(...routes.map((r) => Math.min(r.from, r.hours[0])), Infinity);
  const to = Math.max(...routes.map((r) => Math.max(r.to, r.hours[1])), -Infinity);
  return from < to
    ? { from: Math.floor(from / 3600) * 3600, to: Math.ceil(to / 3600) * 3600 }
    : { from: 0, to: 86400 };
})();

function boundsOf(points) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

// Where a route is at a moment: a point and what goes on there; null before and after it.
function positionAt(route, time) {
  const i = lastAtMost(route.segments, time, (segment) => segment.from);
  if (i < 0 || time > route.to) return null;
  const segment = route.segments[i];
  if (segment.kind !== "travel") return { point: segment.where, segment };
  const share = (time - segment.from) / (segment.to - segment.from);
  return { point: pointAlong(segment.line, share), segment, share };
}
