// Small helpers that everything else uses: elements, numbers, times.

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// Makes an element. Text always goes in as text, never as markup: data cannot become a tag.
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(element.style, value);
    else if (key === "vars") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const replace = (parent, ...children) => parent.replaceChildren(...children.flat(3).filter(Boolean));

// Binary search: index of the last entry whose key is at most the value, -1 before the first.
function lastAtMost(entries, value, key) {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(entries[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// 37440 -> "10:24"; a shift that ends after midnight reads 25:30, as rosters write it.
function clockTime(seconds) {
  const minutes = Math.round(seconds / 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

const clockRange = (from, to) => `${clockTime(from)}–${clockTime(to)}`;

function fuzzyMatch(query, texts) {
  const words = query.trim().toLowerCase().split(/\s+/);
  return words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
}
