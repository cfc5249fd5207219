// Icons as paths on a 24-unit square, drawn alike in HTML (as SVG) and on canvas (as Path2D).

const ICONS = {
  visit: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0 2c-4 0-7 2.2-7 5v1h14v-1c0-2.8-3-5-7-5Z",
  meal: "M4 12h16a8 8 0 0 1-5 7.400V21H9v-1.600A8 8 0 0 1 4 12Zm4-2c-1-1.5 1-2.5 0-4.500M12 10c-1-1.5 1-2.5 0-4.500M16 10c-1-1.5 1-2.5 0-4.5",
  emergency: "M10.5 3h3v11h-3zM10.5 17h3v3.500h-3z",
  unserved: "M10.5 3h3v11h-3zM10.5 17h3v3.500h-3z",
  kitchen: "M7 20v-6.200A4.5 4.5 0 1 1 8.5 5a4.5 4.5 0 0 1 7 0A4.5 4.5 0 1 1 17 13.800V20Z",
  meal_point: "M7 3v6a2 2 0 0 0 1.5 1.900V21h2V10.900A2 2 0 0 0 12 9V3h-1.500v5h-.6V3H8.900v5h-.5V3Zm9 0c-1.8 1-2.6 3.5-2.6 6.5 0 2 .8 3 1.6 3.400V21h2V3Z",
  centre: "M12 3 3 11h2.500v9h5v-5.500h3V20h5v-9H21Z",
  place: "M12 2.500a6.5 6.5 0 0 0-6.5 6.500c0 4.7 6.5 12.5 6.5 12.500S18.5 13.7 18.5 9A6.5 6.5 0 0 0 12 2.500Zm0 9a2.5 2.5 0 1 1 0-5 2.5 2.5 0 0 1 0 5Z",
  walk: "M13 2.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4ZM10.5 8h2.700l1.6 3 2.7 1v2l-3.6-1.3-.9-1.2-.6 3 2.6 2.500V22h-2v-4l-2.6-2.300L9.3 22h-2.200l2.2-9.5-1.3.7V16H6v-4Z",
  ebike: "M5.5 12.500a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4Zm13-2a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4ZM13 4h3.500l2 8h-2l-.6-2.3-4.4 6.800H9l-1.5-5H6V9.500h4v2H9.600l.9 2.6 4.6-6.6-.4-1.500H13Z",
  car: "M6.5 5h11l2.5 6v8h-3v-2H7v2H4v-8Zm1.3 2-1.4 3.500h11.200L16.2 7ZM7 12.500a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.600Zm10 0a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.600Z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  fit: "M4 4h6v2H6v4H4Zm10 0h6v6h-2V6h-4ZM4 14h2v4h4v2H4Zm14 0h2v6h-6v-2h4Z",
  back: "M14.5 5 8 12l6.5 7 1.5-1.400L10.8 12 16 6.400Z",
  close: "m6.4 5 5.6 5.600L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.600L6.4 19 5 17.600l5.6-5.600L5 6.400Z",
  play: "M7 4v16l13-8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  search: "M10.5 4a6.5 6.5 0 1 0 4 11.600l4.7 4.7 1.4-1.4-4.7-4.700A6.5 6.5 0 0 0 10.5 4Zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z",
  chevron: "M6.4 8.5 5 10l7 7 7-7-1.4-1.500L12 14.100Z",
  print: "M7 3h10v5H7Zm-3 6h16v8h-3v4H7v-4H4Zm5 6v4h6v-4Z",
  mark: "M5 19c0-5 3-5 7-7s7-2 7-7",
};
// These are drawn as strokes.
const STROKED = new Set(["mark"]);
const ICON_PATHS = Object.fromEntries(Object.entries(ICONS).map(([name, path]) => [name, new Path2D(path)]));

// The namespace is a name, not an address: nothing is fetched from it.
const SVG = "http://www.w3.org/2000/svg";

function svgElement(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function icon(name, size = 16) {
  const shape = svgElement("path", STROKED.has(name)
    ? { d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": 2.6, "stroke-linecap": "round" }
    : { d: ICONS[name], fill: "currentColor", "fill-rule": "evenodd" });
  return svgElement("svg", { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", class: "icon" }, shape);
}

function drawIcon(context, name, x, y, size, colour) {
  const k = size / 24;
  context.save();
  context.translate(x - size / 2, y - size / 2);
  context.scale(k, k);
  context.fillStyle = colour;
  context.fill(ICON_PATHS[name], "evenodd");
  context.restore();
}

// Outline of a stop by what it is: a visit is round, a meal square, an emergency a triangle.
function shapePath(context, kind, x, y, r) {
  context.beginPath();
  if (kind === "meal") {
    context.roundRect(x - r * 0.92, y - r * 0.92, r * 1.84, r * 1.84, r * 0.36);
  } else if (kind === "emergency") {
    const w = r * 1.25;
    context.moveTo(x, y - r * 1.28);
    context.lineTo(x + w, y + r * 0.9);
    context.lineTo(x - w, y + r * 0.9);
    context.closePath();
  } else if (kind === "unserved") {
    context.moveTo(x, y - r * 1.3);
    context.lineTo(x + r * 1.3, y);
    context.lineTo(x, y + r * 1.3);
    context.lineTo(x - r * 1.3, y);
    context.closePath();
  } else {
    context.arc(x, y, r, 0, 2 * Math.PI);
  }
}

const SHAPES = {
  visit: (fill) => svgElement("circle", { cx: 12, cy: 12, r: 9, fill }),
  meal: (fill) => svgElement("rect", { x: 3.5, y: 3.5, width: 17, height: 17, rx: 3.5, fill }),
  emergency: (fill) => svgElement("path", { d: "M12 1.5 23 21H1Z", fill, "stroke-linejoin": "round" }),
  unserved: (fill) => svgElement("path", { d: "M12 0 24 12 12 24 0 12Z", fill }),
};

// A stop's badge in HTML: shape, colour, and a number or sign inside.
function badge(kind, text, className = "") {
  const label = svgElement("text", {
    x: 12, y: kind === "emergency" ? 18.5 : 16, "text-anchor": "middle", class: "badge-text",
    "font-size": String(text).length > 2 ? 8 : 10.5,
  }, String(text));
  return svgElement("svg", { viewBox: "0 0 24 24", class: `badge badge-${kind} ${className}`, "aria-hidden": "true" },
    SHAPES[kind]("currentColor"), label);
}
