// The street network as the map: lines by class, with detail by zoom.
//
// Lines are sorted into square tiles and kept as one Path2D a tile, class and level of detail. A
// redraw strokes a few hundred paths that the browser has already taken in, not 40,000 streets.

// From the widest to the narrowest: metres on the ground, least pixels, and the zoom (pixels a
// metre) from which on a class is drawn at all.
const ROAD_STYLES = [
  { names: ["motorway", "trunk"], metres: 20, least: 1.9, from: 0, colour: "road-top", far: "far-top" },
  { names: ["primary", "motorway_link", "trunk_link"], metres: 16, least: 1.5, from: 0, colour: "road-major", far: "far-major" },
  { names: ["secondary", "primary_link"], metres: 13, least: 1.15, from: 0, colour: "road-major", far: "far-major" },
  { names: ["tertiary", "secondary_link", "tertiary_link"], metres: 11, least: 0.9, from: 0.008, colour: "road", far: "far" },
  { names: ["unclassified", "residential", "living_street", "road"], metres: 9, least: 0.7, from: 0.02, colour: "road", far: "far" },
  { names: ["service", "track", "pedestrian"], metres: 5, least: 0.4, from: 0.07, colour: "road", far: "far" },
  { names: ["cycleway", "footway", "path", "bridleway", "steps"], metres: 2.2, least: 0.5, from: 0.11, colour: "path", far: "path", thin: true },
];
const styleOfClass = (name) => Math.max(0, ROAD_STYLES.findIndex((style) => style.names.includes(name)));

// Metres that a line may stray at a level of detail, and the zoom up to which it is used.
const LEVELS = [{ stray: 25, upTo: 0.03 }, { stray: 6, upTo: 0.12 }, { stray: 0, upTo: Infinity }];
const TILES = 12;

const roadTiles = []; // { box, lines: [style -> lines], paths: [level][style] -> Path2D }
const namedStreets = []; // { name, style, line }
let roadBox = { left: 0, top: 0, right: 1, bottom: 1 };

function readRoads() {
  const all = [];
  for (const group of RAW.streets) {
    const style = styleOfClass(group.name);
    group.lines.forEach((text, index) => {
      const line = decodeLine(text);
      all.push({ style, line, box: lineBox(line) });
      if (group.names[index] !== undefined) namedStreets.push({ name: group.names[index], style, line });
    });
  }
  if (!all.length) return;
  roadBox = all.reduce((box, street) => joinBoxes(box, street.box), all[0].box);
  const width = (roadBox.right - roadBox.left) / TILES || 1;
  const height = (roadBox.bottom - roadBox.top) / TILES || 1;
  const tiles = new Map();
  for (const { style, line, box } of all) {
    const column = Math.min(TILES - 1, Math.floor(((box.left + box.right) / 2 - roadBox.left) / width));
    const row = Math.min(TILES - 1, Math.floor(((box.top + box.bottom) / 2 - roadBox.top) / height));
    const key = row * TILES + column;
    if (!tiles.has(key)) tiles.set(key, { box, lines: ROAD_STYLES.map(() => []), paths: LEVELS.map(() => []) });
    const tile = tiles.get(key);
    tile.lines[style].push(line);
    // A tile reaches as far as its streets do, beyond its square.
    tile.box = joinBoxes(tile.box, box);
  }
  roadTiles.push(...tiles.values());
}

function lineBox(line) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let i = 0; i < line.length; i += 2) {
    box.left = Math.min(box.left, line[i]);
    box.right = Math.max(box.right, line[i]);
    box.top = Math.min(box.top, line[i + 1]);
    box.bottom = Math.max(box.bottom, line[i + 1]);
  }
  return box;
}

const joinBoxes = (a, b) => ({
  left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom),
});
const overlaps = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
const levelAt = (k) => LEVELS.findIndex(({ upTo }) => k < upTo);

// Round corners cost several times a plain one and are not seen on thin lines.
function easyCorners(target, width) {
  target.lineJoin = width > 2.4 ? "round" : "bevel";
  target.lineCap = width > 2.4 ? "round" : "butt";
}

// Adds a line to a path; points nearer than `stray` to the last one drawn are left out.
function addLine(path, line, stray = 0) {
  const end = line.length - 2;
  path.moveTo(line[0], line[1]);
  let x = line[0];
  let y = line[1];
  for (let i = 2; i < end; i += 2) {
    if (stray && Math.abs(line[i] - x) + Math.abs(line[i + 1] - y) < stray) continue;
    x = line[i];
    y = line[i + 1];
    path.lineTo(x, y);
  }
  if (end > 0) path.lineTo(line[end], line[end + 1]);
}

function roadPath(tile, level, style) {
  if (!tile.paths[level][style]) {
    const path = new Path2D();
    for (const line of tile.lines[style]) addLine(path, line, LEVELS[level].stray);
    tile.paths[level][style] = path;
  }
  return tile.paths[level][style];
}

const roadWidth = (style, k) => Math.max(style.least, style.metres * k);

// Draws on a context whose unit is the metre; `window` is what it sees, `k` its pixels a metre.
function drawRoads(target, window, k) {
  const level = levelAt(k);
  const tiles = roadTiles.filter(({ box }) => overlaps(box, window));
  const stroke = (index, colour, width) => {
    target.strokeStyle = colour;
    target.lineWidth = width / k;
    easyCorners(target, width);
    for (const tile of tiles) if (tile.lines[index].length) target.stroke(roadPath(tile, level, index));
  };
  // Edges first, all of them, so that crossings stay open.
  for (let i = ROAD_STYLES.length - 1; i >= 0; i--) {
    const style = ROAD_STYLES[i];
    const width = roadWidth(style, k);
    if (k >= style.from && width > 2.6 && !style.thin) stroke(i, colours["road-edge"], width + 1.6);
  }
  for (let i = ROAD_STYLES.length - 1; i >= 0; i--) {
    const style = ROAD_STYLES[i];
    if (k < style.from) continue;
    const width = roadWidth(style, k);
    target.globalAlpha = width < 1 ? 0.4 + 0.6 * width : 1;
    target.setLineDash(style.thin && k > 0.5 ? [4 / k, 3 / k] : []);
    // A wide street is its surface between edges; a thin one is a line, and has to stand out itself.
    const surface = width > 2.6 && !style.thin;
    stroke(i, colours[surface ? style.colour : style.far], style.thin ? Math.min(width, 2) : width);
  }
  target.globalAlpha = 1;
  target.setLineDash([]);
}
