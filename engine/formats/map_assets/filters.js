// Chips that hide kinds of order, roles and modes. Only what the plan has is offered.

function buildFilters() {
  const box = byId("filters");
  const present = {
    kind: ["visit", "meal", "emergency"].filter((kind) => [...orders.values()].some((o) => o.kind === kind)),
    role: [...new Set(routes.map((r) => r.role))].sort(),
    mode: [...new Set(routes.map((r) => r.mode))].sort(),
  };
  const hidden = Object.values(state.off).reduce((sum, set) => sum + set.size, 0);
  const chip = (group, value) => h("button", {
    type: "button", class: "chip", "aria-pressed": String(!state.off[group].has(value)),
    "data-group": group, "data-value": value, onclick: () => toggleFilter(group, value),
  },
  group === "kind" ? miniShape(value) : null,
  group === "mode" ? icon(value, 15) : null,
  t(`${group}.${value}`));
  replace(box,
    h("summary", {}, h("span", {}, t("filter.title")),
      hidden ? h("span", { class: "count-off" }, t("filter.active", { n: hidden })) : null,
      icon("chevron", 14)),
    Object.entries(present).filter(([, values]) => values.length).map(([group, values]) => (
      h("div", { class: "chips", role: "group", "aria-label": t(`filter.${group}`) },
        h("span", { class: "chips-name" }, t(`filter.${group}`)), values.map((value) => chip(group, value))))),
    hidden ? h("button", {
      type: "button", class: "link",
      onclick: () => setState({ off: { kind: new Set(), role: new Set(), mode: new Set() } }),
    }, t("filter.reset")) : null);
}

const miniShape = (kind) => svgElement("svg", { viewBox: "0 0 24 24", width: 13, height: 13, "aria-hidden": "true" }, SHAPES[kind]("currentColor"));
