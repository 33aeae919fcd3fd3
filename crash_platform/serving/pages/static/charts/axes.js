// Line, bar and dots: charts with two axes, as options of ECharts.

import { saidValue } from "./model.js";
import { sayTick, timeOf } from "./words.js";

const DASHES = ["solid", "dashed", "dotted"];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
const MOST_SYMBOLS = 40;
const ROW = { bar: 26, dots: 30 };
const LABEL = { wide: 260, narrow: 116, letter: 6.6, line: 15 };
const LEGEND = 34;
const MOST_SERIES = 6;

/** How high a chart has to be, in pixels. */
export function heightOf(drawn, model, isNarrow) {
  if (!isAcross(drawn, model)) return 320;
  const bars = drawn.kind === "bar" && !drawn.is_stacked ? model.series.length : 1;
  const letters = Math.floor((isNarrow ? LABEL.narrow : LABEL.wide) / LABEL.letter);
  const lines = Math.max(...model.labels.map((label) => Math.ceil(label.length / letters + 0.2)));
  const row = Math.max(ROW[drawn.kind], lines * LABEL.line + 8);
  return Math.max(150, model.xs.length * Math.max(row, bars * 16) + (model.series.length > 1 ? 90 : 50));
}

/** Whether values run from left to right, each in a line of its own. */
export function isAcross(drawn, model) {
  if (drawn.kind === "bar") return drawn.is_ordered_by_value;
  return drawn.kind === "dots" && !model.isTime;
}

/** The options of a chart. */
export function axesOptions(drawn, model, look) {
  const across = isAcross(drawn, model);
  const isTimeAxis = model.isTime && drawn.kind !== "bar";
  const values = valueAxis(drawn, model, look, across);
  const places = isTimeAxis ? timeAxis(look) : placeAxis(model, look, across, drawn.kind);
  const hasLegend = model.series.length > 1 || drawn.by !== null;
  const top = (hasLegend ? LEGEND : 0) + (axisName(drawn, model, across) === "" ? 6 : 26);
  return {
    grid: { left: 4, right: across ? 52 : 18, top, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "all" },
    legend: legend(model, look, hasLegend),
    tooltip: {
      trigger: "axis",
      axisPointer: { type: drawn.kind === "bar" ? "shadow" : "line", lineStyle: { color: look.ink } },
      formatter: (shown) => tip(model, shown, isTimeAxis), textStyle: { lineHeight: model.series.length > MOST_SERIES ? 15 : 19 },
    },
    xAxis: across ? values : places,
    yAxis: across ? places : values,
    series: model.series.flatMap((one, index) => drawnSeries({ drawn, model, look, across, isTimeAxis, one, index })),
  };
}

function legend(model, look, isShown) {
  return {
    show: isShown, type: "scroll", top: 0, left: 0, right: 0, itemWidth: 26, textStyle: { color: look.ink },
    pageTextStyle: { color: look.ink }, pageIconColor: look.ink, pageIconInactiveColor: look.line,
    data: model.series.map((one) => one.name),
  };
}

function tip(model, shown, isTimeAxis) {
  const first = (Array.isArray(shown) ? shown : [shown])[0];
  const time = isTimeAxis ? first.value[0] : null;
  const place = isTimeAxis ? model.xs.findIndex((x) => timeOf(x) === time) : first.dataIndex;
  const lines = model.series
    .filter((one) => one.values[place] !== null)
    .map((one) => `${one.name}: ${saidValue(one, place)}`);
  return [model.labels[place], ...lines].join("\n");
}

function valueAxis(drawn, model, look, across) {
  const { format } = model.series[0];
  // Scores between 0 and 1 differ by little; counts begin at zero, or they would mislead.
  const isZoomed = drawn.kind !== "bar" && format === "number" && most(model) <= 1;
  return {
    type: "value", splitNumber: across ? 4 : 5, scale: isZoomed, minInterval: format === "count" ? 1 : undefined,
    name: axisName(drawn, model, across), nameTextStyle: { color: look["ink-soft"], align: "left" },
    axisLabel: { color: look["ink-soft"], hideOverlap: true, formatter: (value) => sayTick(value, format) },
    splitLine: { lineStyle: { color: look.line } },
  };
}

/** What is counted, above the axis: where no legend says it. */
function axisName(drawn, model, across) {
  const isSaid = across || (drawn.by === null && model.series.length > 1);
  return isSaid ? "" : drawn.fields.find(({ name }) => name === drawn.y[0]).label;
}

function most(model) {
  return Math.max(...model.series.flatMap((one) => [...one.values, ...one.highs]).filter((value) => typeof value === "number"));
}

function timeAxis(look) {
  return {
    type: "time", axisLabel: { color: look["ink-soft"], hideOverlap: true },
    axisLine: { lineStyle: { color: look["ink-soft"] } }, splitLine: { show: false },
  };
}

function placeAxis(model, look, across, kind) {
  const longest = Math.max(...model.labels.map((label) => label.length)) * LABEL.letter + 12;
  const label = across
    ? { interval: 0, width: Math.min(longest, look.isNarrow ? LABEL.narrow : LABEL.wide), overflow: "break", lineHeight: LABEL.line }
    : { hideOverlap: true };
  return {
    type: "category", data: model.labels, inverse: across, boundaryGap: kind !== "line",
    axisTick: { show: false }, axisLine: { lineStyle: { color: look["ink-soft"] } },
    axisLabel: { color: across ? look.ink : look["ink-soft"], ...label },
  };
}

function drawnSeries(part) {
  const main = { line, bar, dots }[part.drawn.kind](part);
  const hasInterval = part.drawn.low && part.drawn.high;
  if (!hasInterval) return [main];
  return part.drawn.kind === "line" ? [main, ...band(part)] : [whiskers(part), main];
}

/** The colour of a series. Years, if they are many, get fainter into the past; the last stands out. */
function colourOf({ index, look, model }) {
  const last = model.series.length - 1;
  if (!isYears(model)) return look.series[index % look.series.length];
  if (index === last) return look.series[1];
  return look.scale[1 + Math.floor((index / last) * (look.scale.length - 1))];
}

function isYears({ series }) {
  return series.length > MOST_SERIES && series.every(({ name }) => /^[0-9]{4}$/.test(name));
}

function style(part) {
  const { one, look } = part;
  const color = colourOf(part);
  return { name: one.name, color, itemStyle: { color }, animation: look.isMoving };
}

function points({ model, one, across, isTimeAxis }, values = one.values) {
  if (isTimeAxis) return values.map((value, place) => [timeOf(model.xs[place]), value]);
  return across ? values.map((value, place) => [value, place]) : values;
}

function line(part) {
  const { model, index } = part;
  const isOneOfYears = isYears(model);
  const type = isOneOfYears ? "solid" : DASHES[Math.floor(index / part.look.series.length) % DASHES.length];
  const isDotted = model.xs.length <= MOST_SYMBOLS && !isOneOfYears;
  return {
    ...style(part), type: "line", data: points(part), connectNulls: false, showAllSymbol: true,
    symbol: SYMBOLS[index % SYMBOLS.length], symbolSize: isDotted ? 6 : 4, showSymbol: isDotted,
    lineStyle: { width: isOneOfYears && index === model.series.length - 1 ? 3 : 2, type },
  };
}

function bar(part) {
  const { across, drawn, one, model, look } = part;
  const isAlone = across && model.series.length === 1;
  return {
    ...style(part), type: "bar", data: across ? one.values : points(part), barMaxWidth: 42,
    stack: drawn.is_stacked ? "all" : undefined,
    label: { show: isAlone, position: "right", color: look.ink, formatter: ({ dataIndex }) => saidValue(one, dataIndex) },
  };
}

function offset({ across, model, index }) {
  const shift = (index - (model.series.length - 1) / 2) * 9;
  return across ? [0, shift] : [shift, 0];
}

function dots(part) {
  return {
    ...style(part), type: "scatter", data: points(part), symbolSize: 10, symbolOffset: offset(part),
    symbol: SYMBOLS[part.index % SYMBOLS.length], z: 3,
  };
}

/** Lines from the low to the high end of each interval. */
function whiskers(part) {
  const { one, model, across, isTimeAxis, look, index } = part;
  const [right, down] = offset(part);
  const stroke = look.series[index % look.series.length];
  const data = model.xs.map((x, place) => [isTimeAxis ? timeOf(x) : place, one.lows[place], one.highs[place]]);
  return {
    type: "custom", name: one.name, data, silent: true, z: 2, animation: false, color: stroke,
    encode: across ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
    renderItem: (_, api) => {
      const [place, low, high] = [0, 1, 2].map((dimension) => api.value(dimension));
      if (![low, high].every(Number.isFinite)) return null;
      const ends = [low, high].map((value) => api.coord(across ? [value, place] : [place, value]));
      const [[x1, y1], [x2, y2]] = ends.map(([x, y]) => [x + right, y + down]);
      return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke, lineWidth: 2, opacity: 0.7 } };
    },
  };
}

/** A band between the low and the high end of each interval: an unseen line and what lies on it. */
function band(part) {
  const { one, index, look } = part;
  const color = look.series[index % look.series.length];
  const heights = one.lows.map((low, place) => (low === null || one.highs[place] === null ? null : one.highs[place] - low));
  const unseen = {
    type: "line", silent: true, symbol: "none", color, lineStyle: { opacity: 0 }, stack: `band ${index}`,
    stackStrategy: "all", animation: false, tooltip: { show: false }, z: 1,
  };
  return [
    { ...unseen, data: points(part, one.lows) },
    { ...unseen, data: points(part, heights), areaStyle: { color, opacity: 0.18 } },
  ];
}
