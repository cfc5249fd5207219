// What is drawn and when. Streets and routes go to a picture that is larger than the window; panning
// moves the picture, zooming scales it, and it is drawn anew when the hand rests or the edge shows.

const MARGIN = 0.22; // of the window, on each side
const REST_MS = 110;
const picture = { canvas: document.createElement("canvas"), camera: null, key: "" };
let drawAsked = false;
let sceneVersion = 0; // counts everything but the camera that changes the picture

function requestDraw() {
  if (drawAsked) return;
  drawAsked = true;
  requestAnimationFrame((now) => {
    drawAsked = false;
    fly(now);
    drawFrame(now);
  });
}

const routeLines = new Map(); // route -> level of detail -> Path2D in metres, made when first drawn

function routePath(route, k) {
  const level = levelAt(k);
  if (!routeLines.has(route)) routeLines.set(route, []);
  const levels = routeLines.get(route);
  if (!levels[level]) {
    levels[level] = new Path2D();
    for (const { line } of route.segments) {
      if (line && line.points.length > 2) addLine(levels[level], line.points, LEVELS[level].stray);
    }
  }
  return levels[level];
}

function strokeRoute(target, route, k, { width, halo, alpha }) {
  easyCorners(target, width + (halo || 0));
  target.globalAlpha = alpha;
  const path = routePath(route, k);
  if (halo) {
    target.strokeStyle = colours.halo;
    target.lineWidth = (width + halo) / k;
    target.setLineDash([]);
    target.stroke(path);
  }
  target.strokeStyle = routeColour(route);
  target.lineWidth = width / k;
  if (route.mode === "walk") target.lineCap = "round"; // dots
  target.setLineDash(route.mode === "walk" ? [0.1 / k, (width * 1.9) / k] : []);
  target.stroke(path);
  target.setLineDash([]);
  target.globalAlpha = 1;
}

// The box of everything a route passes.
const reach = (route) => (route.reach ??= route.segments.reduce((box, { line }) => (
  line ? joinBoxes(box, lineBox(line.points)) : box
), { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }));

// Routes on one street lie beside each other: each is moved by its colour's lane, in pixels.
function drawRoutes(target, window, k) {
  const shown = routes.filter((route) => routeShown(route) && overlaps(reach(route), window));
  const base = clamp(1.5 + Math.log2(k / 0.03) * 0.45, 1.5, 3.6);
  for (const route of shown) {
    if (route === state.route) continue;
    const lane = ((route.colour % 5) - 2) * Math.min(1.1, base * 0.45);
    target.save();
    target.translate(lane / k, lane / k);
    strokeRoute(target, route, k, state.route
      ? { width: base * 0.75, halo: 0, alpha: 0.13 }
      : { width: base, halo: k > 0.09 ? 1.4 : 0, alpha: state.order ? 0.3 : state.time === null ? 0.88 : 0.4 });
    target.restore();
  }
  if (state.route && routeShown(state.route)) {
    strokeRoute(target, state.route, k, { width: clamp(base * 1.6, 3.4, 6), halo: 3.5, alpha: 1 });
  }
}

function pictureIsStale(now) {
  const seen = picture.camera;
  if (!seen || picture.key !== sceneKey()) return true;
  if (seen.k !== camera.k) {
    const ratio = camera.k / seen.k;
    return ratio > 2.2 || ratio < 0.55 || now - lastMove > REST_MS;
  }
  return Math.abs(camera.x - seen.x) * camera.k > screen.width * MARGIN
    || Math.abs(camera.y - seen.y) * camera.k > screen.height * MARGIN;
}

const sceneKey = () => `${sceneVersion}:${screen.width}x${screen.height}@${screen.ratio}`;

function drawPicture() {
  const { ratio } = screen;
  const width = Math.ceil(screen.width * (1 + 2 * MARGIN));
  const height = Math.ceil(screen.height * (1 + 2 * MARGIN));
  picture.canvas.width = width * ratio;
  picture.canvas.height = height * ratio;
  picture.camera = { ...camera };
  picture.key = sceneKey();
  const target = picture.canvas.getContext("2d");
  target.fillStyle = colours.ground;
  target.fillRect(0, 0, picture.canvas.width, picture.canvas.height);
  const { k } = camera;
  const window = {
    left: camera.x - width / 2 / k, right: camera.x + width / 2 / k,
    top: camera.y - height / 2 / k, bottom: camera.y + height / 2 / k,
  };
  target.setTransform(k * ratio, 0, 0, k * ratio, (width / 2 - camera.x * k) * ratio, (height / 2 - camera.y * k) * ratio);
  drawRoads(target, window, k);
  target.setTransform(ratio, 0, 0, ratio, 0, 0);
  const project = (x, y) => ({ x: (x - camera.x) * k + width / 2, y: (y - camera.y) * k + height / 2 });
  drawLabels(target, project, k, width, height);
  target.setTransform(k * ratio, 0, 0, k * ratio, (width / 2 - camera.x * k) * ratio, (height / 2 - camera.y * k) * ratio);
  drawRoutes(target, window, k);
}

function drawFrame(now) {
  if (pictureIsStale(now)) drawPicture();
  else if (picture.camera.k !== camera.k) setTimeout(requestDraw, REST_MS + 10);
  const { ratio } = screen;
  const seen = picture.camera;
  const scale = camera.k / seen.k;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const width = picture.canvas.width * scale;
  const height = picture.canvas.height * scale;
  const x = canvas.width / 2 + (seen.x - camera.x) * camera.k * ratio - width / 2;
  const y = canvas.height / 2 + (seen.y - camera.y) * camera.k * ratio - height / 2;
  // Whole pixels while only panning: a picture that is shifted by half of one looks soft.
  if (scale === 1) context.drawImage(picture.canvas, Math.round(x), Math.round(y));
  else context.drawImage(picture.canvas, x, y, width, height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawMarkers(now);
  drawScale();
  for (const listener of moveListeners) listener();
}

// Redraw streets and routes, not only the marks above them.
function redrawScene() {
  sceneVersion += 1;
  requestDraw();
}

let scaleDrawn = "";

function drawScale() {
  const widest = 110 / camera.k;
  const step = 10 ** Math.floor(Math.log10(widest));
  const metres = [5, 2, 1].map((n) => n * step).find((n) => n <= widest);
  const label = metres >= 1000 ? unit(metres / 1000, "unit.km") : unit(metres, "unit.m");
  const width = `${Math.round(metres * camera.k)}px`;
  if (scaleDrawn === width + label) return;
  scaleDrawn = width + label;
  replace(byId("scale"), h("span", { class: "scale-bar", style: { width } }), h("span", {}, label));
}

// Everything the plan touches; the whole network where the plan is empty.
function homeBox() {
  const points = [...orders.values(), ...places.values()];
  const box = boundsOf(points);
  return box.left < box.right ? box : roadBox;
}

const routeBox = (route) => boundsOf([
  ...route.stops.map((stop) => stop.order),
  ...route.trips.flatMap((trip) => [places.get(trip.start), places.get(trip.end)]).filter(Boolean),
]);
