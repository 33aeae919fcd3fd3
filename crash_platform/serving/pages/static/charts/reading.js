// A chart by keyboard and by ear: arrows move through its points, a live region says them.

const HELP = "Left and right arrow keys read the values one by one; up and down change the series; Home and End lead to the ends.";
let made = 0;

/**
 * Make a box readable.
 *
 * `stops()` gives, per series, its stops: `{ text, show() }`; `hide()` takes away what was shown.
 */
export function makeReadable(box, title, stops, hide) {
  const said = added(box, "p", { "aria-live": "polite", class: "visually-hidden" });
  const help = added(box, "p", { id: `chart-help-${(made += 1)}`, class: "visually-hidden" });
  help.textContent = HELP;
  const canvas = box.querySelector(".canvas");
  const told = { tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-label": title, "aria-describedby": help.id };
  for (const [name, value] of Object.entries(told)) canvas.setAttribute(name, value);
  const at = { series: 0, stop: -1 };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const all = stops();
    if (event.altKey || event.ctrlKey || event.metaKey || !moved(at, event.key, all)) return;
    event.preventDefault();
    const stop = all[at.series][at.stop];
    said.textContent = stop.text;
    stop.show();
  });
  canvas.addEventListener("blur", hide);
}

function moved(at, key, all) {
  if (all.length === 0) return false;
  const last = (series) => all[series].length - 1;
  const steps = {
    ArrowRight: () => { at.stop = Math.min(at.stop + 1, last(at.series)); },
    ArrowLeft: () => { at.stop = Math.max(at.stop - 1, 0); },
    ArrowDown: () => { at.series = Math.min(at.series + 1, all.length - 1); },
    ArrowUp: () => { at.series = Math.max(at.series - 1, 0); },
    Home: () => { at.stop = 0; },
    End: () => { at.stop = last(at.series); },
  };
  if (!(key in steps)) return false;
  steps[key]();
  at.stop = Math.max(0, Math.min(at.stop, last(at.series)));
  return all[at.series].length > 0;
}

function added(box, kind, attributes) {
  const element = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  box.append(element);
  return element;
}
