// The card beside what was chosen on the map: an order or a place. And the small tip under the mouse.

function drawCard() {
  const card = byId("card");
  const subject = state.order || state.place;
  card.hidden = !subject;
  if (!subject) return;
  const close = h("button", {
    type: "button", class: "close", "aria-label": t("order.close"), title: t("order.close"),
    onclick: () => setState({ order: null, place: null }),
  }, icon("close", 15));
  card.className = `card ${state.order?.unserved ? "is-alert" : ""}`;
  card.setAttribute("aria-label", state.order ? serviceName(state.order) : state.place.id);
  replace(card, close, state.order ? orderCard(state.order) : placeCard(state.place));
  placeCardOnMap();
}

const facts = (...pairs) => h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) => [
  h("dt", {}, t(name)), h("dd", {}, value),
]));

function orderCard(order) {
  const { stop, route } = order;
  return [
    h("div", { class: "card-head", vars: route ? colourVars(route) : {} },
      order.unserved ? badge("unserved", "!") : badge(order.kind, stop ? stop.number : "·"),
      h("div", {},
        h("h3", {}, serviceName(order)),
        h("p", { class: "muted" }, `${t(`kind.${order.kind}`)} · ${order.id}`))),
    order.unserved ? h("p", { class: "reason" }, t(`reason.${order.unserved.reason}`)) : null,
    order.unserved ? unservedStory(order.unserved) : null,
    facts(
      stop && ["order.planned", h("b", {}, clockRange(stop.start, stop.departure))],
      stop && ["stop.arrival", `${clockTime(stop.arrival)}${stop.start > stop.arrival ? ` · ${t("stop.waits", { time: duration(stop.start - stop.arrival) })}` : ""}`],
      ["stop.window", windowsText(order)],
      ["order.client", order.client],
      ["order.level", `${t(`level.${order.level}`)}${order.guaranteed ? ` · ${t("order.guaranteed")}` : ""}`],
      order.kind === "meal" && ["order.portions", number(order.portions)],
      order.diet && ["order.diet", dietName(order.diet)],
      order.received !== undefined && ["order.received", clockTime(order.received)],
      order.response !== undefined && ["order.response", duration(order.response)],
    ),
    route ? h("button", { type: "button", class: "go", vars: colourVars(route), onclick: () => selectRoute(route) },
      icon(route.mode, 15), t("route.show", { worker: routeName(route) })) : null,
    sameAddress(order),
  ];
}

// Many orders may share a door: all can be reached, though their marks cover each other.
function sameAddress(order) {
  const others = [...orders.values()].filter((o) => o.x === order.x && o.y === order.y && orderShown(o));
  if (others.length < 2) return null;
  return h("div", { class: "same" },
    h("p", { class: "muted" }, t("order.here", { n: others.length })),
    h("div", { class: "same-list" }, others.map((other) => h("button", {
      type: "button", "aria-pressed": String(other === order), vars: other.route ? colourVars(other.route) : {},
      title: `${serviceName(other)} · ${other.id}`, onclick: () => selectOrder(other),
    }, other.unserved ? badge("unserved", "!") : badge(other.kind, other.stop ? other.stop.number : "·"),
    h("span", {}, serviceName(other))))));
}

function placeCard(place) {
  const names = place.starts.slice(0, 24);
  return [
    h("div", { class: "card-head" },
      h("span", { class: "place-icon" }, icon(place.kind, 18)),
      h("div", {}, h("h3", {}, place.id), h("p", { class: "muted" }, t(`place.${place.kind}`)))),
    facts(
      place.seats ? ["place.seats", number(place.seats)] : null,
      place.beds ? ["place.beds", number(place.beds)] : null,
      place.batches?.length ? ["place.batches", h("ul", {}, place.batches.map(([, ready, n]) => (
        h("li", {}, t("place.batch", { n: number(n), time: clockTime(ready) })))))] : null,
    ),
    names.length ? h("div", { class: "same" },
      h("p", { class: "muted" }, t("place.starts")),
      h("div", { class: "same-list inline" }, names.map((route) => h("button", {
        type: "button", vars: colourVars(route), onclick: () => selectRoute(route),
      }, h("i", { class: "dot" }), routeName(route))))) : null,
  ];
}

// Beside its point, inside the map, and out of the way of what it describes.
function placeCardOnMap() {
  const card = byId("card");
  const subject = state.order || state.place;
  if (!subject || card.hidden) return;
  if (isPhone()) {
    card.style.transform = "";
    return; // a phone's card sits at the bottom edge, by its style
  }
  const at = toScreen(subject);
  const { offsetWidth: width, offsetHeight: height } = card;
  const right = at.x + 30 + width < screen.width - 8;
  const x = clamp(right ? at.x + 30 : at.x - 30 - width, 8, Math.max(8, screen.width - width - 8));
  const y = clamp(at.y - height * 0.35, 8, Math.max(8, screen.height - height - 8));
  card.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}

function drawTip(hit) {
  const tip = byId("tip");
  tip.hidden = !hit || hit.order === (state.order || NaN);
  if (tip.hidden) return;
  const { order, place, route } = hit;
  let lines = [];
  if (order) {
    lines = [serviceName(order), order.stop
      ? `${routeName(order.route)} · ${t("order.stopno", { n: order.stop.number })} · ${clockTime(order.stop.start)}`
      : t(`reason.${order.unserved.reason}`)];
  } else if (place) lines = [place.id, t(`place.${place.kind}`)];
  else if (route) lines = [routeName(route), `${t(`role.${route.role}`)} · ${t(`mode.${route.mode}`)}`];
  replace(tip, h("b", {}, lines[0]), h("span", {}, lines[1]));
  const x = clamp(hit.x + 14, 6, screen.width - tip.offsetWidth - 6);
  const y = hit.y + 18 + tip.offsetHeight > screen.height ? hit.y - tip.offsetHeight - 14 : hit.y + 16;
  tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
