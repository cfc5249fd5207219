// The camera: where the map looks, and how mouse, touch and keys move it.

const canvas = byId("map");
const context = canvas.getContext("2d");
const camera = { x: 0, y: 0, k: 0.1 }; // centre in metres, pixels a metre
const screen = { width: 1, height: 1, ratio: 1 };
const ZOOM_MAX = 8;
let zoomMin = 0.005;
let flight = null;
let fitted = null; // what the camera was last fitted to, until the reader moves it
let lastMove = 0;
const moveListeners = [];

const toScreen = (point) => ({
  x: (point.x - camera.x) * camera.k + screen.width / 2,
  y: (point.y - camera.y) * camera.k + screen.height / 2,
});
const toMap = (x, y) => ({
  x: (x - screen.width / 2) / camera.k + camera.x,
  y: (y - screen.height / 2) / camera.k + camera.y,
});

function moved() {
  lastMove = performance.now();
  requestDraw();
}

function resizeMap() {
  const box = canvas.getBoundingClientRect();
  const ratio = Math.min(2, devicePixelRatio || 1);
  if (box.width === screen.width && box.height === screen.height && ratio === screen.ratio) return false;
  screen.width = box.width;
  screen.height = box.height;
  screen.ratio = ratio;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  moved();
  return true;
}

// Shows a box in full; until the reader moves the map, it stays fitted when the window changes.
function fitTo(box, padding = 48, instantly = false) {
  flyTo(cameraFor(box, padding), instantly);
  fitted = { box, padding };
}

function cameraFor(box, padding) {
  const width = Math.max(60, box.right - box.left);
  const height = Math.max(60, box.bottom - box.top);
  // An open legend covers the right edge of a wide window.
  const covered = byId("legend").open && screen.width > 800 ? 190 : 0;
  const room = { width: screen.width - covered - 2 * padding, height: screen.height - 2 * padding };
  const k = clamp(Math.min(room.width / width, room.height / height), zoomMin, 1.2);
  return { x: (box.left + box.right + covered / k) / 2, y: (box.top + box.bottom) / 2, k };
}

// A phone's card covers the lower part of the map.
const isPhone = () => innerWidth <= 760;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function flyTo(target, instantly = false) {
  fitted = null;
  if (instantly || calm.matches) {
    flight = null;
    Object.assign(camera, target);
    moved();
    return;
  }
  flight = { from: { ...camera }, to: { ...camera, ...target }, start: performance.now() };
  requestDraw();
}

// Zoom in equal steps for the eye, which is to say evenly in its logarithm.
function fly(now) {
  if (!flight) return;
  const share = clamp((now - flight.start) / 450, 0, 1);
  const f = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
  const { from, to } = flight;
  camera.k = from.k * (to.k / from.k) ** f;
  camera.x = from.x + (to.x - from.x) * f;
  camera.y = from.y + (to.y - from.y) * f;
  if (share >= 1) flight = null;
  moved();
}

function zoomAt(x, y, factor) {
  flight = fitted = null;
  const before = toMap(x, y);
  camera.k = clamp(camera.k * factor, zoomMin, ZOOM_MAX);
  const after = toMap(x, y);
  camera.x += before.x - after.x;
  camera.y += before.y - after.y;
  moved();
}

const zoomStep = (factor) => zoomAt(screen.width / 2, screen.height / 2, factor);

function panBy(dx, dy) {
  flight = fitted = null;
  camera.x -= dx / camera.k;
  camera.y -= dy / camera.k;
  moved();
}

function listenToPointers(onTap, onHover) {
  const down = new Map(); // pointer id -> last place
  let travelled = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const span = () => {
    const [a, b] = [...down.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, size: Math.hypot(a.x - b.x, a.y - b.y) };
  };
  canvas.addEventListener("pointerdown", (event) => {
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that is already gone cannot be held.
    }
    down.set(event.pointerId, place(event));
    if (down.size === 1) travelled = 0;
    canvas.classList.add("held");
  });
  canvas.addEventListener("pointermove", (event) => {
    const here = place(event);
    if (!down.has(event.pointerId)) {
      onHover(here.x, here.y);
      return;
    }
    const last = down.get(event.pointerId);
    if (down.size === 1) {
      travelled += Math.hypot(here.x - last.x, here.y - last.y);
      // A few pixels are a shaky tap, not a drag.
      if (travelled > 4) panBy(here.x - last.x, here.y - last.y);
      down.set(event.pointerId, here);
    } else if (down.size === 2) {
      const before = span();
      down.set(event.pointerId, here);
      const after = span();
      travelled = 99;
      panBy(after.x - before.x, after.y - before.y);
      if (before.size > 0) zoomAt(after.x, after.y, after.size / before.size);
    }
  });
  const up = (event) => {
    if (!down.delete(event.pointerId) || down.size) return;
    canvas.classList.remove("held");
    const here = place(event);
    if (event.type === "pointerup" && travelled <= 4) onTap(here.x, here.y);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => onHover(-1e6, -1e6));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x, y } = place(event);
    const lines = event.deltaMode === 1 ? 30 : 1;
    zoomAt(x, y, Math.exp(-clamp(event.deltaY * lines, -240, 240) * (event.ctrlKey ? 0.008 : 0.0022)));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => {
    const { x, y } = place(event);
    zoomAt(x, y, 2);
  });
}

// Keys of the map itself; true when the key was one of them.
function mapKey(event) {
  const step = event.shiftKey ? 240 : 80;
  const keys = {
    ArrowLeft: () => panBy(step, 0),
    ArrowRight: () => panBy(-step, 0),
    ArrowUp: () => panBy(0, step),
    ArrowDown: () => panBy(0, -step),
    "+": () => zoomStep(1.5),
    "=": () => zoomStep(1.5),
    "-": () => zoomStep(1 / 1.5),
    _: () => zoomStep(1 / 1.5),
    0: () => fitTo(homeBox()),
  };
  if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return false;
  keys[event.key]();
  return true;
}
