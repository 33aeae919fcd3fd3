// The colours of the page as charts need them: from the custom properties of app.css, read anew.

const NAMES = ["ink", "ink-soft", "card", "paper", "line", "accent"];
const SERIES = 6;

/** The colours of this moment: light or dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const found = Object.fromEntries(NAMES.map((name) => [name, read(name)]));
  const series = Array.from({ length: SERIES }, (_, index) => read(`series-${index + 1}`));
  return { ...found, series, scale: scale(found.card, found.ink, series[0]) };
}

/** Five steps from faint to strong, each told from the next in grey as well. */
function scale(card, ink, strong) {
  const ends = [mixed(card, strong, 0.16), mixed(card, strong, 0.4), mixed(card, strong, 0.68), strong];
  return [...ends, mixed(strong, ink, 0.6)];
}

function mixed(from, to, share) {
  const [a, b] = [parts(from), parts(to)];
  const blended = a.map((value, index) => Math.round(value + (b[index] - value) * share));
  return `#${blended.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function parts(colour) {
  const text = colour.replace("#", "");
  const full = text.length === 3 ? [...text].map((digit) => digit + digit).join("") : text;
  return [0, 2, 4].map((start) => Number.parseInt(full.slice(start, start + 2), 16));
}
