// Colours. The page's own stand in theme.css; canvases read them from there, so they agree.

// Ten hues apart in hue and lightness for readers with a colour-vision deficiency; white text on the
// first row and near-black on the second keep a contrast of at least 4.5.
const ROUTE_COLOURS = {
  light: ["#0067a5", "#b04a00", "#00735c", "#7a3fa0", "#7d6000", "#a0306f", "#3f6f1e", "#4b4fbf", "#00707f", "#5b4636"],
  dark: ["#56b4e9", "#f79a5b", "#2fc39a", "#c79bf2", "#e0c04b", "#f08cc0", "#a5cc5a", "#9ba4ff", "#45cbdc", "#d2b48c"],
};

const darkQuery = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const isDark = () => darkQuery.matches && !printing;

let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = [
    "ground", "surface", "ink", "muted", "line", "accent", "alert", "on-alert", "on-route", "halo",
    "road", "road-major", "road-edge", "road-top", "far", "far-major", "far-top", "path", "label", "place", "wait", "load", "shift", "grid",
  ];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  colours.routes = ROUTE_COLOURS[isDark() ? "dark" : "light"];
}

const routeColour = (route) => colours.routes[route.colour % colours.routes.length];
