// The time of day: play button, slider, speed, and how many are on the way.

const SPEEDS = [5, 10, 20];
let lastTick = 0;

function buildClock() {
  const play = h("button", { type: "button", class: "play", id: "play", onclick: togglePlay });
  const slider = h("input", {
    type: "range", id: "time", min: DAY.from, max: DAY.to, step: 60, value: DAY.from,
    oninput: (event) => setState({ time: Number(event.target.value), playing: false }),
  });
  replace(byId("clock"),
    play,
    h("output", { class: "now", id: "now", for: "time" }),
    h("span", { class: "doing", id: "doing" }),
    h("label", { class: "speed" },
      h("span", { class: "hidden", id: "speed-label" }),
      h("select", { id: "speed", onchange: (event) => setState({ speed: Number(event.target.value) }) })),
    h("button", {
      type: "button", class: "quiet", id: "whole",
      onclick: () => setState({ time: null, playing: false }),
    }),
    h("button", {
      type: "button", class: "quiet square", id: "dock-toggle", "aria-expanded": "true", "aria-controls": "gantt",
      onclick: toggleDock,
    }),
    h("div", { class: "slide" }, slider));
  drawClock(new Set(["lang"]));
}

function togglePlay() {
  if (state.playing) {
    setState({ playing: false });
    writeHash();
    return;
  }
  const from = state.route ? state.route.from : DAY.from;
  const to = state.route ? state.route.to : DAY.to;
  const outside = state.time === null || state.time >= to || state.time < from;
  lastTick = performance.now();
  setState({ playing: true, time: outside ? from : state.time });
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!state.playing) return;
  const time = state.time + ((now - lastTick) / 1000) * state.speed * 60;
  lastTick = now;
  if (time >= DAY.to) {
    setState({ time: DAY.to, playing: false });
    return;
  }
  setState({ time });
  requestAnimationFrame(tick);
}

function toggleDock() {
  const closed = byId("app").classList.toggle("dock-closed");
  byId("dock-toggle").setAttribute("aria-expanded", String(!closed));
  layoutChanged();
}

function drawClock(changed) {
  if (changed.has("lang")) {
    replace(byId("speed"), SPEEDS.map((n) => h("option", { value: n, selected: n === state.speed }, t("clock.speed.x", { n }))));
    byId("speed-label").textContent = t("clock.speed");
    byId("whole").textContent = t("clock.whole");
    byId("time").setAttribute("aria-label", t("clock.slider"));
    replace(byId("dock-toggle"), icon("chevron", 16));
    byId("dock-toggle").setAttribute("aria-label", t("timeline.toggle"));
    byId("dock-toggle").title = t("timeline.toggle");
  }
  if (changed.has("lang") || changed.has("playing")) {
    replace(byId("play"), icon(state.playing ? "pause" : "play", 18));
    const label = t(state.playing ? "clock.pause" : "clock.play");
    byId("play").setAttribute("aria-label", label);
    byId("play").title = label;
  }
  const whole = state.time === null;
  byId("now").textContent = whole ? t("clock.whole") : clockTime(Math.floor(state.time / 60) * 60);
  byId("now").classList.toggle("words", whole);
  byId("whole").disabled = whole;
  const slider = byId("time");
  const span = timelineSpan();
  slider.min = span.from;
  slider.max = span.to;
  slider.value = whole ? span.from : state.time;
  slider.setAttribute("aria-valuetext", byId("now").textContent);
  slider.style.setProperty("--share", `${(100 * (slider.value - span.from)) / (span.to - span.from)}%`);
  byId("doing").textContent = whole ? "" : doingNow();
}

function doingNow() {
  let moving = 0;
  let serving = 0;
  for (const route of routes) {
    if (!routeShown(route)) continue;
    const kind = positionAt(route, state.time)?.segment.kind;
    if (kind === "travel") moving += 1;
    if (kind === "service") serving += 1;
  }
  return `${t("clock.moving", { n: moving })} · ${t("clock.serving", { n: serving })}`;
}
