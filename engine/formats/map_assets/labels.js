// Street names along the streets, when there is room for them.

const LABEL_FROM = [0.05, 0.09, 0.16, 0.3, 0.55, 0.9, 1.4]; // zoom from which a style is named

// The middle of the longest straight piece, or null where the name would not fit.
function labelSpot(line, k, needed) {
  let best = null;
  for (let i = 2; i < line.length; i += 2) {
    const length = Math.hypot(line[i] - line[i - 2], line[i + 1] - line[i - 1]) * k;
    if (length > needed && (!best || length > best.length)) best = { i, length };
  }
  if (!best) return null;
  const { i } = best;
  let angle = Math.atan2(line[i + 1] - line[i - 1], line[i] - line[i - 2]);
  if (angle > Math.PI / 2 || angle <= -Math.PI / 2) angle += Math.PI; // never upside down
  return { x: (line[i] + line[i - 2]) / 2, y: (line[i + 1] + line[i - 1]) / 2, angle };
}

// `project` turns metres into the target's pixels.
function drawLabels(target, project, k, width, height) {
  const taken = [];
  const nearby = new Map(); // the same name again only far away
  target.font = `500 11px ${getComputedStyle(document.body).fontFamily}`;
  target.textAlign = "center";
  target.textBaseline = "middle";
  target.lineJoin = "round";
  target.lineWidth = 3;
  target.strokeStyle = colours.road;
  target.fillStyle = colours.label;
  for (const { name, style, line } of namedStreets) {
    if (k < LABEL_FROM[style]) continue;
    const rough = project(line[0], line[1]);
    if (rough.x < -400 || rough.y < -400 || rough.x > width + 400 || rough.y > height + 400) continue;
    const needed = target.measureText(name).width + 14;
    const spot = labelSpot(line, k, needed);
    if (!spot) continue;
    const at = project(spot.x, spot.y);
    const reach = Math.max(12, (needed / 2) * Math.abs(Math.cos(spot.angle)));
    const rise = Math.max(12, (needed / 2) * Math.abs(Math.sin(spot.angle)));
    if (taken.some((o) => Math.abs(o.x - at.x) < o.reach + reach && Math.abs(o.y - at.y) < o.rise + rise)) continue;
    const before = nearby.get(name) || [];
    if (before.some((o) => Math.hypot(o.x - at.x, o.y - at.y) < 320)) continue;
    taken.push({ ...at, reach, rise });
    nearby.set(name, [...before, at]);
    target.save();
    target.translate(at.x, at.y);
    target.rotate(spot.angle);
    target.strokeText(name, 0, 0);
    target.fillText(name, 0, 0);
    target.restore();
  }
}
