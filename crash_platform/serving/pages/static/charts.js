// Draws the charts of a page: finds their boxes, their data, draws them again when the page changes.

import { axesOptions, heightOf } from "./charts/axes.js";
import { colours } from "./charts/colours.js";
import { heatmapHeight, heatmapOptions } from "./charts/heatmap.js";
import { drawnRows, loadOutlines, mapHeight, mapOptions } from "./charts/map.js";
import { modelOf, saidRow, saidValue } from "./charts/model.js";
import { makeReadable } from "./charts/reading.js";

const NARROW = 560;
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const fine = matchMedia("(pointer: fine)");

for (const box of document.querySelectorAll("[data-chart]")) start(box);

async function start(box) {
  const drawn = JSON.parse(document.getElementById(box.dataset.chart).textContent);
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  box.append(canvas);
  const isMap = drawn.kind === "hexagons";
  const model = isMap || drawn.kind === "heatmap" ? null : modelOf(drawn);
  if (isMap) await loadOutlines(window.echarts, drawn);
  await hasWidth(box);
  canvas.style.height = `${heightFor(drawn, model, box)}px`;
  // Thousands of hexagons: moving them as SVG took a second a step.
  const chart = window.echarts.init(canvas, null, { renderer: isMap ? "canvas" : "svg" });
  const draw = () => chart.setOption(optionsFor(drawn, model, box), { notMerge: true });
  draw();
  keepDrawn(box, canvas, chart, drawn, model, draw);
  makeReadable(box, drawn.title, () => stopsOf(chart, drawn, model), () => chart.dispatchAction({ type: "hideTip" }));
  if (isMap) addButtons(box, canvas, chart, draw);
}

/** Wait until a box is laid out: ECharts cannot draw a map of no size. */
function hasWidth(box) {
  return new Promise((resolve) => {
    const observer = new ResizeObserver(() => {
      if (box.clientWidth === 0) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(box);
  });
}

function look(box) {
  return { ...colours(), isNarrow: box.clientWidth < NARROW, isMoving: !still.matches };
}

function heightFor(drawn, model, box) {
  const { isNarrow } = look(box);
  if (drawn.kind === "hexagons") return mapHeight(isNarrow);
  return drawn.kind === "heatmap" ? heatmapHeight(drawn) : heightOf(drawn, model, isNarrow);
}

function optionsFor(drawn, model, box) {
  const seen = look(box);
  const options = {
    hexagons: () => mapOptions(drawn, seen, fine.matches),
    heatmap: () => heatmapOptions(drawn, seen),
  }[drawn.kind] ?? (() => axesOptions(drawn, model, seen));
  const made = options();
  return {
    useUTC: true, animation: seen.isMoving, animationDuration: 300, backgroundColor: "transparent",
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: seen.ink },
    ...made,
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: seen.card, borderColor: seen["ink-soft"], borderWidth: 1,
      ...made.tooltip, textStyle: { color: seen.ink, fontSize: 13, lineHeight: 19, ...made.tooltip.textStyle },
    },
  };
}

function keepDrawn(box, canvas, chart, drawn, model, draw) {
  let wasNarrow = look(box).isNarrow;
  new ResizeObserver(() => {
    if (box.clientWidth === 0) return;
    const isNarrow = look(box).isNarrow;
    canvas.style.height = `${heightFor(drawn, model, box)}px`;
    chart.resize();
    if (isNarrow !== wasNarrow) draw();
    wasNarrow = isNarrow;
  }).observe(box);
  dark.addEventListener("change", draw);
  still.addEventListener("change", draw);
}

/** What the arrow keys lead to: per series, its points; of maps and heatmaps, their rows. */
function stopsOf(chart, drawn, model) {
  const shown = (seriesIndex, dataIndex) => () => chart.dispatchAction({ type: "showTip", seriesIndex, dataIndex });
  if (model === null) {
    const rows = drawn.kind === "hexagons" ? drawnRows(drawn) : drawn.columns[drawn.x].map((_, row) => row);
    return [rows.map((row, place) => ({ text: saidRow(drawn, row).join(", "), show: shown(0, place) }))];
  }
  const drawnIndex = (name) => chart.getOption().series.findIndex((one) => one.name === name && one.type !== "custom");
  return model.series.map((one) =>
    model.labels
      .map((label, place) => ({ text: `${label}, ${one.name}: ${saidValue(one, place)}`, show: shown(drawnIndex(one.name), place), place }))
      .filter(({ place }) => one.values[place] !== null),
  );
}

/** Buttons for what the pointer does: whoever has none, and fingers, which scroll the page. */
function addButtons(box, canvas, chart, draw) {
  const roam = (change) => chart.dispatchAction({ type: "geoRoam", componentType: "geo", geoIndex: 0, ...change });
  const zoom = (factor) => roam({ zoom: factor, originX: canvas.clientWidth / 2, originY: canvas.clientHeight / 2 });
  const far = 90;
  const actions = [
    ["+", "Zoom in", () => zoom(1.5)], ["−", "Zoom out", () => zoom(1 / 1.5)],
    ["←", "Move west", () => roam({ dx: far, dy: 0 })], ["→", "Move east", () => roam({ dx: -far, dy: 0 })],
    ["↑", "Move north", () => roam({ dx: 0, dy: far })], ["↓", "Move south", () => roam({ dx: 0, dy: -far })],
    ["Whole city", "Show the whole city", draw],
  ];
  const bar = document.createElement("div");
  bar.className = "map-buttons";
  for (const [text, label, action] of actions) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "quiet", textContent: text });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", action);
    bar.append(button);
  }
  box.prepend(bar);
  // A wheel over the map scrolls the page, as anywhere else; with Ctrl it zooms the map.
  canvas.addEventListener("wheel", (event) => { if (!event.ctrlKey) event.stopPropagation(); }, { capture: true });
}
