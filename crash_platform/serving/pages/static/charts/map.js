// Hexagons on the outlines of the boroughs: one number as colour, as options of ECharts.

import { saidRow } from "./model.js";
import { sayTick } from "./words.js";

const OUTLINES = "/static/boroughs.json";
const NAME = "boroughs";
const WIDTH_OF_DEGREE = 0.758; // cos 40.7: how much shorter a degree east is than one north
const CLASSES = [0, 0.4, 0.7, 0.9, 0.98]; // where classes begin: the strongest are few, as hotspots are

/** Make the outlines known to ECharts; without their file the hexagons alone say where they are. */
export async function loadOutlines(echarts, drawn) {
  if (echarts.getMap(NAME)) return;
  const answer = await fetch(OUTLINES);
  echarts.registerMap(NAME, answer.ok ? await answer.json() : frameOf(drawn));
}

/** How high the map has to be, in pixels. */
export function mapHeight(isNarrow) {
  return isNarrow ? 440 : 620;
}

/** The options of a map; `canMove` says whether it follows the pointer. */
export function mapOptions(drawn, look, canMove) {
  const rows = drawnRows(drawn);
  const field = drawn.fields.find(({ name }) => name === drawn.y[0]);
  const numbers = rows.map((row) => drawn.columns[drawn.y[0]][row]);
  return {
    geo: {
      map: NAME, roam: canMove, aspectScale: WIDTH_OF_DEGREE, layoutCenter: ["50%", "50%"], layoutSize: look.isNarrow ? "98%" : "96%",
      scaleLimit: { min: 0.8, max: 60 }, silent: true, itemStyle: { areaColor: look.paper, borderColor: look["ink-soft"], borderWidth: 0.8 },
    },
    tooltip: { trigger: "item", formatter: ({ dataIndex }) => saidRow(drawn, rows[dataIndex]).join("\n") },
    visualMap: {
      type: "piecewise", pieces: classes(numbers, field.format), dimension: 2, orient: "vertical",
      left: 0, top: 0, itemGap: 5, selectedMode: false, textStyle: { color: look.ink }, inRange: { color: look.scale },
      text: [field.label, ""], showLabel: true, backgroundColor: look.card, padding: 6,
    },
    series: [{
      type: "custom", coordinateSystem: "geo", animation: false, encode: { tooltip: [2] },
      data: rows.map((row) => [drawn.outlines[row][0], drawn.outlines[row][1], drawn.columns[drawn.y[0]][row]]),
      renderItem: (params, api) => hexagon(drawn.outlines[rows[params.dataIndex]], api, look),
    }],
  };
}

/** The rows that are drawn, in their order. */
export function drawnRows(drawn) {
  return drawn.outlines.map((_, row) => row).filter((row) => drawn.outlines[row] && drawn.columns[drawn.y[0]][row] !== null);
}

function hexagon(outline, api, look) {
  const points = [];
  for (let place = 0; place < outline.length; place += 2) points.push(api.coord([outline[place], outline[place + 1]]));
  return {
    type: "polygon", shape: { points },
    style: { fill: api.visual("color"), opacity: 0.85, stroke: look.card, lineWidth: 0.3 },
    emphasis: { style: { stroke: look.ink, lineWidth: 2, opacity: 1 } },
  };
}

/** Classes by rank, with fewer hexagons the stronger they are; fewer classes where many are alike. */
function classes(numbers, format) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const starts = new Set(CLASSES.map((share) => sorted[Math.floor(share * sorted.length)]));
  const lows = [...starts];
  const isWhole = format === "count";
  return lows.map((low, index) => {
    const isLast = index === lows.length - 1;
    const high = isLast ? sorted[sorted.length - 1] : lows[index + 1];
    const end = isWhole && !isLast ? high - 1 : high;
    const label = end === low ? sayTick(low, format) : `${sayTick(low, format)} – ${sayTick(end, format)}`;
    return { gte: low, ...(isLast ? { lte: high } : { lt: high }), label };
  });
}

function frameOf(drawn) {
  const all = drawn.outlines.filter(Boolean);
  const [lngs, lats] = [0, 1].map((parity) => all.flatMap((outline) => outline.filter((_, place) => place % 2 === parity)));
  const ends = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [180, -180]);
  const [[west, east], [south, north]] = [ends(lngs), ends(lats)];
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  const feature = { type: "Feature", properties: { name: "" }, geometry: { type: "Polygon", coordinates: [ring] } };
  return { type: "FeatureCollection", features: [feature] };
}
