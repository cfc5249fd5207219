// Marks above the streets: places, stops, unserved orders, workers at the chosen time; and what lies
// under the pointer.

let hits = []; // what was drawn last, topmost last: { x, y, r, order | place | route }
let hovered = null;

const stopSize = (k) => clamp(2.2 + Math.log2(k / 0.03) * 1.35, 2.2, 10);
const inView = ({ x, y }, room = 30) => x > -room && y > -room && x < screen.width + room && y < screen.height + room;

function drawMarkers(now) {
  hits = [];
  const showServed = !state.order || state.route;
  drawPlaces();
  if (!state.route) drawStops([...orders.values()].filter((o) => o.route && orderShown(o)), showServed ? 1 : 0.45);
  else drawStops([...orders.values()].filter((o) => o.route && o.route !== state.route && orderShown(o)), 0.16);
  drawUnserved(now);
  if (state.route && routeShown(state.route)) {
    drawDirection(state.route);
    drawStops(state.route.stops.map((stop) => stop.order).filter(orderShown), 1, true);
  }
  if (state.time !== null) drawWorkers();
  drawChosen(now);
}

function drawStops(list, alpha, strong = false) {
  const r = strong ? Math.max(9.5, stopSize(camera.k)) : stopSize(camera.k);
  const numbered = r >= 8;
  context.globalAlpha = alpha;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const seen = new Map(); // place on the screen -> how many orders there
  for (const order of list) {
    const at = toScreen(order);
    if (!inView(at)) continue;
    // Already served at the chosen time: still there, but quiet.
    const done = state.time !== null && order.stop.departure <= state.time;
    const colour = routeColour(order.route);
    shapePath(context, order.kind, at.x, at.y, r);
    context.fillStyle = done ? colours.surface : colour;
    context.fill();
    context.lineWidth = r > 4 ? 1.6 : 0.9;
    context.strokeStyle = done ? colour : colours.halo;
    context.stroke();
    if (numbered) {
      context.fillStyle = done ? colour : colours["on-route"];
      const text = String(order.stop.number);
      context.font = `700 ${text.length > 2 ? r * 0.85 : r * 1.05}px ${MARK_FONT}`;
      context.fillText(text, at.x, at.y + (order.kind === "emergency" ? r * 0.2 : 0.5));
    }
    if (alpha > 0.4) hits.push({ ...at, r: Math.max(r, 6) + 3, order });
    const key = `${order.x},${order.y}`;
    seen.set(key, { n: (seen.get(key)?.n || 0) + 1, at });
  }
  if (numbered && alpha > 0.4) {
    for (const { n, at } of seen.values()) if (n > 1) drawCount(at.x + r * 0.95, at.y - r * 0.95, `×${n}`);
  }
  context.globalAlpha = 1;
}

const MARK_FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif";

function drawCount(x, y, text) {
  context.font = `700 9px ${MARK_FONT}`;
  const width = context.measureText(text).width + 6;
  context.beginPath();
  context.roundRect(x - width / 2, y - 6, width, 12, 6);
  context.fillStyle = colours.ink;
  context.fill();
  context.fillStyle = colours.surface;
  context.fillText(text, x, y + 0.5);
}

function drawPlaces() {
  const size = clamp(9 + Math.log2(camera.k / 0.03) * 1.6, 7, 15);
  const touched = state.route
    ? new Set(state.route.trips.flatMap((trip) => [trip.start, trip.end]))
    : null;
  for (const place of places.values()) {
    const at = toScreen(place);
    // Workers' homes are many and say little from afar.
    if (!inView(at) || (place.kind === "place" && camera.k < 0.25 && !touched?.has(place.id))) continue;
    context.globalAlpha = touched && !touched.has(place.id) ? 0.35 : 1;
    const r = place.kind === "place" ? size * 0.7 : size;
    context.beginPath();
    context.roundRect(at.x - r, at.y - r, 2 * r, 2 * r, r * 0.45);
    context.fillStyle = colours.place;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colours.halo;
    context.stroke();
    drawIcon(context, place.kind, at.x, at.y, r * 1.5, colours.halo);
    hits.push({ ...at, r: r + 2, place });
  }
  context.globalAlpha = 1;
}

function drawUnserved() {
  // Far out, many would cover the map: smaller, and without the outer ring.
  const size = state.route
    ? 4
    : clamp(4.2 + Math.log2(camera.k / 0.03) * 1.5 + (unserved.length < 40 ? 1.6 : 0), 4, 11);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { order } of unserved) {
    const at = toScreen(order);
    if (!inView(at) || !orderShown(order)) continue;
    context.globalAlpha = state.route ? 0.4 : 1;
    shapePath(context, "unserved", at.x, at.y, size + (size > 6.5 ? 3.5 : 1.2));
    context.fillStyle = colours.halo;
    context.fill();
    if (size > 6.5) {
      context.lineWidth = 1.5;
      context.strokeStyle = colours.alert;
      context.stroke();
    }
    shapePath(context, "unserved", at.x, at.y, size);
    context.fillStyle = colours.alert;
    context.fill();
    if (size < 5) {
      hits.push({ ...at, r: 8, order });
      continue;
    }
    context.fillStyle = colours["on-alert"];
    context.font = `800 ${size * 1.35}px ${MARK_FONT}`;
    context.fillText("!", at.x, at.y + 0.5);
    hits.push({ ...at, r: size + 5, order });
  }
  context.globalAlpha = 1;
}

// Arrow heads along the chosen route.
function drawDirection(route) {
  context.fillStyle = colours.halo;
  for (const { line } of route.segments) {
    if (!line) continue;
    const length = line.along[line.along.length - 1] * camera.k;
    for (let at = 38; at < length - 20; at += 84) {
      const here = toScreen(pointAlong(line, at / length));
      const next = toScreen(pointAlong(line, Math.min(1, (at + 4) / length)));
      if (!inView(here)) continue;
      context.save();
      context.translate(here.x, here.y);
      context.rotate(Math.atan2(next.y - here.y, next.x - here.x));
      context.beginPath();
      context.moveTo(3.2, 0);
      context.lineTo(-2.2, -2.8);
      context.lineTo(-1, 0);
      context.lineTo(-2.2, 2.8);
      context.fill();
      context.restore();
    }
  }
}

// Everybody at the chosen moment, with the rest of the leg they are on.
function drawWorkers() {
  const shown = routes.filter(routeShown);
  const spots = [];
  for (const route of shown) {
    const found = positionAt(route, state.time);
    if (!found) continue;
    const faded = state.route && route !== state.route;
    spots.push({ route, found, faded });
    if (!found.segment.line || faded) continue;
    const { points } = found.segment.line;
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const at = toScreen({ x: points[i], y: points[i + 1] });
      context.lineTo(at.x, at.y);
    }
    context.lineJoin = "round";
    context.lineCap = "round";
    context.lineWidth = 3.6;
    context.strokeStyle = routeColour(route);
    context.stroke();
  }
  for (const { route, found, faded } of spots) {
    const at = toScreen(found.point);
    if (!inView(at)) continue;
    const r = faded ? 6 : 10.5;
    context.globalAlpha = faded ? 0.35 : 1;
    context.beginPath();
    context.arc(at.x, at.y, r + 2, 0, 2 * Math.PI);
    context.fillStyle = colours.halo;
    context.fill();
    context.beginPath();
    context.arc(at.x, at.y, r, 0, 2 * Math.PI);
    context.fillStyle = routeColour(route);
    context.fill();
    // On the way: how they move. At a stop: a ring that fills while the service runs.
    if (!faded) drawIcon(context, route.mode, at.x, at.y, r * 1.45, colours["on-route"]);
    if (found.segment.kind === "service" && !faded) {
      const { from, to } = found.segment;
      context.beginPath();
      context.arc(at.x, at.y, r + 4, -Math.PI / 2, -Math.PI / 2 + (2 * Math.PI * (state.time - from)) / (to - from));
      context.lineWidth = 2.6;
      context.lineCap = "butt";
      context.strokeStyle = colours.ink;
      context.stroke();
    }
    if (!faded) hits.push({ ...at, r: r + 3, route });
  }
  context.globalAlpha = 1;
}

// Rings around what is chosen and what is under the pointer.
function drawChosen() {
  const ring = (point, r, colour, width) => {
    const at = toScreen(point);
    context.beginPath();
    context.arc(at.x, at.y, r, 0, 2 * Math.PI);
    context.lineWidth = width + 2.4;
    context.strokeStyle = colours.halo;
    context.stroke();
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  };
  const chosen = state.order || state.place;
  if (state.order && state.order.route) drawStops([state.order], 1, true);
  if (chosen) ring(chosen, 18, state.order?.unserved ? colours.alert : colours.ink, 2.6);
  const target = hovered && (hovered.order || hovered.place);
  if (target && target !== chosen) ring(target, 16, colours.muted, 1.6);
}

// Topmost mark at a place on the screen, or null. A finger is blunter than a mouse.
function hitAt(x, y, slack = 0) {
  let best = null;
  for (const hit of hits) {
    const away = Math.hypot(hit.x - x, hit.y - y);
    if (away > hit.r + slack) continue;
    if (!best || away <= best.away + 2) best = { ...hit, away };
  }
  return best;
}
