// Puts the parts together: what is redrawn when, and what the keyboard does.

// Drawn at once: a canvas that changes its size is empty, and waiting for a frame would flash.
function layoutChanged() {
  if (resizeMap()) {
    if (fitted) fitTo(fitted.box, fitted.padding, true);
    drawFrame(performance.now());
  }
  drawTimeline();
  placeCardOnMap();
}

function announce() {
  const parts = [];
  if (state.route) parts.push(t("route.show", { worker: routeName(state.route) }));
  if (state.order) parts.push(`${serviceName(state.order)} ${state.order.id}`);
  byId("live").textContent = parts.join(" · ");
}

// Everything with words or colours in it.
function drawAll() {
  byId("tip").hidden = true;
  drawBrand();
  drawTotals();
  buildFilters();
  drawLists();
  drawDetail();
  drawCard();
  drawLegend();
  drawTimeline();
  scaleDrawn = "";
  redrawScene();
}

function changedBy(changed) {
  const has = (...keys) => keys.some((key) => changed.has(key));
  drawClock(changed);
  if (has("lang")) {
    drawAll();
  } else {
    if (has("off")) buildFilters();
    if (has("tab")) drawLists();
    else if (has("query", "sort", "off", "order", "route")) drawRows();
    if (has("route", "order")) drawDetail();
    if (has("route", "order", "place", "off")) drawCard();
    if (has("route", "order", "off", "query", "sort", "tab")) drawTimeline();
    else drawNeedle();
    // The time changes the picture only when it comes or goes; else the marks above it.
    if (has("route", "off", "order") || (has("time") && (state.time === null) !== timeWasOff)) redrawScene();
  }
  timeWasOff = state.time === null;
  requestDraw();
  if (has("route", "order")) {
    announce();
    showChosen(changed);
  }
}
let timeWasOff = true;

// Brings the chosen thing into view, in the panel and on the map.
function showChosen(changed) {
  if (changed.has("route")) {
    byId("panel-scroll").scrollTop = 0;
    if (state.route && !state.order) fitTo(routeBox(state.route), Math.min(80, screen.width / 8));
  }
  if (!state.order) return;
  const row = document.querySelector(`#panel [data-order="${CSS.escape(state.order.id)}"]`);
  if (row) row.scrollIntoView({ block: "nearest" });
  const at = toScreen(state.order);
  const room = Math.min(120, screen.width / 5);
  const bottom = isPhone() ? screen.height * 0.32 : screen.height - room;
  const inside = at.x > room && at.x < screen.width - room && at.y > Math.min(room, 40) && at.y < bottom;
  if (inside && camera.k > 0.06) return;
  const k = Math.max(camera.k, 0.12);
  flyTo({ x: state.order.x, y: state.order.y + (isPhone() ? (0.3 * screen.height) / k : 0), k });
}

function listenToMap() {
  listenToPointers(
    (x, y) => {
      const hit = hitAt(x, y, matchMedia("(pointer: coarse)").matches ? 8 : 0);
      if (!hit) {
        if (state.order || state.place) setState({ order: null, place: null });
        return;
      }
      if (hit.order) selectOrder(hit.order);
      else if (hit.place) selectPlace(hit.place);
      else selectRoute(hit.route);
    },
    (x, y) => {
      const hit = hitAt(x, y);
      const same = hit?.order === hovered?.order && hit?.place === hovered?.place && hit?.route === hovered?.route;
      hovered = hit;
      canvas.classList.toggle("pointing", Boolean(hit));
      drawTip(hit);
      if (!same) requestDraw();
    });
  moveListeners.push(placeCardOnMap);
  byId("zoom-in").onclick = () => zoomStep(1.6);
  byId("zoom-out").onclick = () => zoomStep(1 / 1.6);
  byId("zoom-fit").onclick = () => fitTo(homeBox());
  byId("zoom-in").append(icon("plus", 16));
  byId("zoom-out").append(icon("minus", 16));
  byId("zoom-fit").append(icon("fit", 16));
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (state.order || state.place) setState({ order: null, place: null });
      else clearSelection();
    } else if (typing) {
      return;
    } else if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY") {
      event.preventDefault();
      togglePlay();
    } else if (event.target === canvas || event.target === document.body) {
      if (mapKey(event)) event.preventDefault();
    }
  });
}

function start() {
  readColours();
  readRoads();
  buildClock();
  byId("legend").open = innerWidth > 1100;
  byId("lang").addEventListener("click", (event) => {
    const wanted = event.target.closest("button")?.dataset.lang;
    if (wanted) setState({ lang: wanted });
  });
  listenToMap();
  listenToKeys();
  listenToTimeline();
  resizeMap();
  // As far out as the whole network at half the window.
  zoomMin = Math.min(screen.width / (roadBox.right - roadBox.left), screen.height / (roadBox.bottom - roadBox.top), 0.2) / 2;
  fitTo(homeBox(), 48, true);
  language = RAW.lang;
  state.lang = RAW.lang;
  labelPage();
  drawClock(new Set(["lang", "playing"]));
  drawAll();
  onChange(changedBy);
  readHash();
  // A deep link opens where it points to, without a flight.
  if (fitted) fitTo(fitted.box, fitted.padding, true);
  else if (flight) flyTo(flight.to, true);
  addEventListener("hashchange", readHash);
  new ResizeObserver(layoutChanged).observe(byId("stage"));
  const recolour = () => {
    readColours();
    drawAll();
  };
  darkQuery.addEventListener("change", recolour);
  addEventListener("beforeprint", () => {
    printing = true;
    document.documentElement.classList.add("printing");
    recolour();
    drawFrame(performance.now() + 1e4);
  });
  addEventListener("afterprint", () => {
    printing = false;
    document.documentElement.classList.remove("printing");
    recolour();
  });
  document.documentElement.dataset.ready = "true";
}

start();
