// The Gantt: a row a worker, or one worker large with every stop and its window.

const gantt = byId("gantt-canvas");
const ganttBox = byId("gantt");
const ROW = 17;
const AXIS = 22;
const LABELS = 92;
const RIGHT = 24;
const BAND = 46; // the large row of a chosen worker
let ganttHits = []; // { x0, x1, y0, y1, route, order, text }
let axisGrid = { left: LABELS, width: 1 };

const timeX = (time) => axisGrid.left + ((time - axisGrid.from) / (axisGrid.to - axisGrid.from)) * axisGrid.width;

function drawTimeline() {
  if (!ganttBox.clientWidth || !ganttBox.offsetParent) return;
  const rows = state.route ? [state.route] : listedRoutes();
  const width = ganttBox.clientWidth;
  const span = timelineSpan();
  const lanes = state.route ? windowLanes(state.route) : [];
  const height = state.route ? AXIS + BAND + 22 + lanes.length * 11 + 8 : AXIS + rows.length * ROW + 6;
  const ratio = Math.min(2, devicePixelRatio || 1);
  const tall = Math.max(height, ganttBox.clientHeight);
  gantt.width = width * ratio;
  gantt.height = tall * ratio;
  gantt.style.width = `${width}px`;
  gantt.style.height = `${tall}px`;
  const c = gantt.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, tall);
  axisGrid = { left: LABELS, width: width - LABELS - RIGHT, from: span.from, to: span.to };
  ganttHits = [];
  drawAxis(c, tall);
  if (state.route) drawBand(c, state.route, lanes);
  else rows.forEach((route, i) => drawRow(c, route, AXIS + i * ROW));
  drawNeedle();
}

// A chosen worker's own hours fill the width; the slider above shares the axis.
function timelineSpan() {
  const { route } = state;
  if (!route) return DAY;
  return {
    from: Math.floor(Math.min(route.from, route.hours[0]) / 1800) * 1800,
    to: Math.ceil(Math.max(route.to, route.hours[1]) / 1800) * 1800,
  };
}

function drawAxis(c, tall) {
  const hours = (axisGrid.to - axisGrid.from) / 3600;
  const step = [0.25, 0.5, 1, 2, 3, 4, 6].find((n) => (axisGrid.width / hours) * n > 48) || 6;
  c.font = `500 11px ${MARK_FONT}`;
  c.textAlign = "center";
  c.textBaseline = "middle";
  const first = Math.ceil(axisGrid.from / (step * 3600)) * step * 3600;
  for (let time = first; time <= axisGrid.to; time += step * 3600) {
    const x = Math.round(timeX(time)) + 0.5;
    c.strokeStyle = colours.grid;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(x, AXIS - 3);
    c.lineTo(x, tall);
    c.stroke();
    c.fillStyle = colours.muted;
    c.fillText(clockTime(time), x, AXIS / 2);
  }
}

function drawRow(c, route, top) {
  const y = top + 3;
  const size = ROW - 6;
  c.textAlign = "left";
  c.textBaseline = "middle";
  c.font = `600 11px ${MARK_FONT}`;
  c.fillStyle = routeColour(route);
  c.fillRect(10, y + 1, 3, size - 2);
  c.fillStyle = colours.ink;
  c.fillText(routeName(route), 18, top + ROW / 2, LABELS - 24);
  const [from, to] = route.hours;
  c.fillStyle = colours.shift;
  c.fillRect(timeX(from), y, timeX(to) - timeX(from), size);
  for (const segment of route.segments) drawSegment(c, route, segment, y, size);
  ganttHits.push({ x0: 0, x1: 1e5, y0: top, y1: top + ROW, route });
}

function drawSegment(c, route, segment, y, size) {
  const x0 = timeX(segment.from);
  const x1 = Math.max(x0 + 0.6, timeX(segment.to));
  const order = segment.stop && segment.kind === "service" ? segment.stop.order : null;
  if (segment.kind === "service") {
    c.globalAlpha = order && state.off.kind.has(order.kind) ? 0.25 : 1;
    c.fillStyle = routeColour(route);
    c.fillRect(x0, y, Math.max(1, x1 - x0 - 0.7), size);
    c.globalAlpha = 1;
  } else if (segment.kind === "travel") {
    c.strokeStyle = routeColour(route);
    c.lineWidth = size > 20 ? 3 : 2;
    c.beginPath();
    c.moveTo(x0, y + size / 2);
    c.lineTo(x1, y + size / 2);
    c.stroke();
  } else if (segment.kind === "wait") {
    hatch(c, x0, y + size * 0.15, x1 - x0, size * 0.7);
  } else if (segment.kind === "load") {
    c.fillStyle = colours.load;
    c.fillRect(x0, y + size * 0.1, x1 - x0, size * 0.8);
  }
  if (order === state.order && order) {
    c.strokeStyle = colours.ink;
    c.lineWidth = 2;
    c.strokeRect(x0 - 1, y - 1, x1 - x0 + 1, size + 2);
  }
}

// Waiting is hatched: told apart without its colour.
function hatch(c, x, y, width, height) {
  c.save();
  c.beginPath();
  c.rect(x, y, width, height);
  c.clip();
  c.strokeStyle = colours.wait;
  c.lineWidth = 1.3;
  c.beginPath();
  for (let i = -height; i < width; i += 4) {
    c.moveTo(x + i, y + height);
    c.lineTo(x + i + height, y);
  }
  c.stroke();
  c.restore();
}

// Windows that overlap go below each other; stops with the same window share its bracket.
function windowLanes(route) {
  const lanes = [];
  const known = new Map();
  for (const stop of route.stops) {
    for (const [from, to] of stop.order.windows) {
      if (stop.start < from || stop.start > to) continue; // not the one that was used
      const key = `${from}-${to}`;
      if (!known.has(key)) {
        const window = { from, to, stops: [] };
        known.set(key, window);
        const lane = lanes.find((entries) => entries[entries.length - 1].to < from);
        if (lane) lane.push(window);
        else lanes.push([window]);
      }
      known.get(key).stops.push(stop);
    }
  }
  return lanes;
}

function drawBand(c, route, lanes) {
  const top = AXIS + 4;
  const size = BAND - 12;
  c.textBaseline = "middle";
  c.textAlign = "left";
  c.font = `700 13px ${MARK_FONT}`;
  c.fillStyle = routeColour(route);
  c.fillRect(10, top, 4, size);
  c.fillStyle = colours.ink;
  c.fillText(routeName(route), 20, top + size / 2 - 8, LABELS - 26);
  c.font = `500 11px ${MARK_FONT}`;
  c.fillStyle = colours.muted;
  c.fillText(t(`role.${route.role}`), 20, top + size / 2 + 8, LABELS - 26);
  const [from, to] = route.hours;
  c.fillStyle = colours.shift;
  c.fillRect(timeX(from), top, timeX(to) - timeX(from), size);
  for (const segment of route.segments) {
    drawSegment(c, route, segment, top, size);
    const x0 = timeX(segment.from);
    const x1 = timeX(segment.to);
    if (segment.kind === "service") {
      const { number: n, order } = segment.stop;
      c.fillStyle = colours["on-route"];
      c.textAlign = "center";
      c.font = `700 12px ${MARK_FONT}`;
      const name = serviceName(order);
      const wide = x1 - x0 > c.measureText(name).width + 10;
      if (x1 - x0 > 15) c.fillText(n, (x0 + x1) / 2, top + size / 2 - (wide ? 7 : 0));
      c.font = `500 10.5px ${MARK_FONT}`;
      if (wide) c.fillText(name, (x0 + x1) / 2, top + size / 2 + 8);
    }
    const text = segment.kind === "service"
      ? `${serviceName(segment.stop.order)} · ${clockRange(segment.from, segment.to)}`
      : `${t(`segment.${segment.kind}`)} · ${duration(segment.to - segment.from)}`;
    ganttHits.push({ x0, x1: Math.max(x1, x0 + 4), y0: top, y1: top + size, route, order: segment.stop?.order, text });
  }
  const below = top + size + 12;
  if (lanes.length) {
    c.textAlign = "left";
    c.font = `500 11px ${MARK_FONT}`;
    c.fillStyle = colours.muted;
    c.fillText(t("timeline.window"), 20, below + 2, LABELS - 26);
  }
  lanes.forEach((lane, i) => lane.forEach((window) => drawWindow(c, route, window, below + i * 11)));
}

// A window as a bracket, with a dot where each service starts in it.
function drawWindow(c, route, { from, to, stops }, y) {
  const left = axisGrid.left;
  const right = axisGrid.left + axisGrid.width;
  const x0 = clamp(timeX(from), left, right);
  const x1 = clamp(timeX(to), left, right);
  const chosen = stops.some((stop) => stop.order === state.order);
  c.strokeStyle = chosen ? colours.ink : colours.muted;
  c.lineWidth = chosen ? 2.4 : 1.2;
  c.beginPath();
  c.moveTo(x0, y - 2.5);
  c.lineTo(x0, y + 2.5);
  c.moveTo(x0, y);
  c.lineTo(x1, y);
  c.moveTo(x1, y - 2.5);
  c.lineTo(x1, y + 2.5);
  c.stroke();
  const text = `${t("timeline.window")} ${clockRange(from, to)}`;
  ganttHits.push({ x0, x1, y0: y - 5, y1: y + 5, route, text });
  c.fillStyle = routeColour(route);
  for (const stop of stops) {
    const x = timeX(stop.start);
    c.beginPath();
    c.arc(x, y, stop.order === state.order ? 4.6 : 3, 0, 2 * Math.PI);
    c.fill();
    ganttHits.push({
      x0: x - 5, x1: x + 5, y0: y - 5, y1: y + 5, route, order: stop.order,
      text: `${stop.number} · ${serviceName(stop.order)} · ${text}`,
    });
  }
}

// The moment on the chart: an element of its own, so that playing need not redraw the chart.
function drawNeedle() {
  const needle = byId("needle");
  needle.hidden = state.time === null || state.time < axisGrid.from || state.time > axisGrid.to;
  if (!needle.hidden) needle.style.transform = `translateX(${timeX(state.time) - 1}px)`;
}

function listenToTimeline() {
  const find = (event) => {
    const box = gantt.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const found = [...ganttHits].reverse().find((hit) => x >= hit.x0 && x <= hit.x1 && y >= hit.y0 && y <= hit.y1);
    return { x, y, found };
  };
  gantt.addEventListener("click", (event) => {
    const { x, y, found } = find(event);
    if (y < AXIS && x > axisGrid.left - 8) {
      const share = clamp((x - axisGrid.left) / axisGrid.width, 0, 1);
      setState({ time: axisGrid.from + share * (axisGrid.to - axisGrid.from), playing: false });
    } else if (found && found.order) {
      selectOrder(found.order);
    } else if (found && found.route !== state.route) {
      selectRoute(found.route);
    }
  });
  gantt.addEventListener("mousemove", (event) => {
    const { y, found } = find(event);
    gantt.style.cursor = found || y < AXIS ? "pointer" : "default";
    gantt.title = found?.text || (found && !state.route ? t("route.show", { worker: routeName(found.route) }) : "");
  });
}
