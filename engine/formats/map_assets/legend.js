// What the marks mean. Drawn with the same shapes as the map.

function drawLegend() {
  const kinds = ["visit", "meal", "emergency"].filter((kind) => [...orders.values()].some((o) => o.kind === kind));
  const placeKinds = ["kitchen", "meal_point", "centre", "place"]
    .filter((kind) => [...places.values()].some((place) => place.kind === kind));
  const entry = (mark, text) => h("li", {}, mark, h("span", {}, text));
  replace(byId("legend"),
    h("summary", {}, t("map.legend"), icon("chevron", 14)),
    h("div", { class: "legend-body" },
      h("ul", {},
        kinds.map((kind) => entry(badge(kind, "1"), t(`kind.${kind}`))),
        unserved.length ? entry(badge("unserved", "!"), t("map.unserved")) : null,
        placeKinds.map((kind) => entry(h("span", { class: "place-icon small" }, icon(kind, 13)), t(`place.${kind}`))),
        entry(h("span", { class: "worker-dot" }, icon("ebike", 12)), t("map.worker")),
        entry(h("span", { class: "line-ride" }), t("map.rideline")),
        routes.some((r) => r.mode === "walk") ? entry(h("span", { class: "line-walk" }), t("map.walkline")) : null),
      h("p", { class: "keys" }, t("map.keys"))));
  byId("attribution").textContent = `${t(RAW.synthetic ? "map.synthetic" : "map.osm")} · ${t("map.offline")}`;
}
