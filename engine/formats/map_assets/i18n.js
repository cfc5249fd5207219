// Every word on the page comes through t(); the table is i18n.json.

const TEXTS = JSON.parse(byId("map-texts").textContent);
const LOCALE = { en: "en-GB", zh: "zh-CN" };
let language = "en";

const hasText = (key) => key in TEXTS[language];

function t(key, values) {
  const text = TEXTS[language][key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "") : text;
}

// Picks from an [English, Chinese] pair of the data.
const inLanguage = (pair) => (pair ? pair[language === "zh" ? 1 : 0] || pair[0] : "");

// Space between a number and its unit: English has one, Chinese does not.
const unit = (number, key) => (language === "zh" ? `${number}${t(key)}` : `${number} ${t(key)}`);

const countText = (key, n) => t(n === 1 && hasText(`${key}.one`) ? `${key}.one` : key, { n });

// Ids and messages that begin a line begin it with a capital.
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A diet that a problem made up keeps its id.
const dietName = (id) => (hasText(`diet.${id}`) ? t(`diet.${id}`) : id);

function duration(seconds) {
  if (seconds > 0 && seconds < 60) return unit(Math.round(seconds), "unit.s");
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (!hours) return unit(minutes, "unit.min");
  const rest = minutes % 60;
  return rest ? `${unit(hours, "unit.h")} ${unit(rest, "unit.min")}` : unit(hours, "unit.h");
}

// Long sums need no minutes: 212 h.
const longDuration = (seconds) => (seconds < 36000 ? duration(seconds) : unit(number(seconds / 3600), "unit.h"));

function distance(metres) {
  if (metres < 1000) return unit(Math.round(metres), "unit.m");
  return unit(number(metres / 1000, metres < 100000 ? 1 : 0), "unit.km");
}

function number(value, digits = 0) {
  return value.toLocaleString(LOCALE[language], { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const percent = (share) => `${Math.round(share * 100)}%`;

function longDate(day) {
  const options = { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(LOCALE[language], options);
}

// "portions" reads as words; a dimension that a problem made up keeps its id.
function loadText(load) {
  const entries = Object.entries(load).filter(([, n]) => n > 0);
  return entries.map(([dimension, n]) => (
    hasText(`load.${dimension}`) ? countText(`load.${dimension}`, n) : t("load.other", { n, dimension })
  )).join(language === "zh" ? "、" : ", ");
}

// Names of static elements stand in the template as data-label.
function labelPage() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-label]")) {
    const text = t(element.dataset.label);
    element.setAttribute("aria-label", text);
    if (element.tagName === "BUTTON") element.title = text;
  }
}
