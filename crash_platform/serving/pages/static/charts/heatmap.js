// Heatmap: one number as colour over two groups of texts, as options of ECharts.

import { saidRow } from "./model.js";
import { say, sayTick, stepOf } from "./words.js";

/** What a heatmap has along its sides. */
export function sidesOf(drawn) {
  const fields = new Map(drawn.fields.map((field) => [field.name, field]));
  const side = (name) => {
    const values = [...new Set(drawn.columns[name])];
    const { format } = fields.get(name);
    return { values, labels: values.map((value) => say(value, format, stepOf(values))) };
  };
  return { x: side(drawn.x), y: side(drawn.by), value: fields.get(drawn.y[0]) };
}

/** How high it has to be, in pixels. */
export function heatmapHeight(drawn) {
  return Math.max(240, sidesOf(drawn).y.values.length * 28 + 110);
}

/** The options of a heatmap. */
export function heatmapOptions(drawn, look) {
  const { x, y, value } = sidesOf(drawn);
  const name = drawn.y[0];
  const data = drawn.columns[name].map((number, row) => [
    x.values.indexOf(drawn.columns[drawn.x][row]), y.values.indexOf(drawn.columns[drawn.by][row]), number,
  ]);
  const numbers = drawn.columns[name].filter((number) => number !== null);
  const [least, most] = ends(numbers);
  return {
    grid: { left: 4, right: 10, top: 8, bottom: 62, outerBounds: { left: 0, right: 0, top: 0, bottom: 44 }, outerBoundsContain: "axisLabel" },
    tooltip: { trigger: "item", formatter: ({ dataIndex }) => saidRow(drawn, dataIndex).join("\n") },
    xAxis: axis(x.labels, look, { hideOverlap: true, interval: look.isNarrow ? "auto" : 0, rotate: turned(x.labels, look) }),
    yAxis: { ...axis(y.labels, look, { interval: 0, width: look.isNarrow ? 96 : 230, overflow: "truncate" }), inverse: true },
    visualMap: {
      type: "continuous", min: least, max: most, calculable: false, orient: "horizontal",
      left: "center", bottom: 0, itemWidth: 12, itemHeight: look.isNarrow ? 110 : 180, inRange: { color: look.scale },
      text: [sayTick(most, value.format), `${value.label}: ${sayTick(least, value.format)}`],
      textStyle: { color: look.ink },
    },
    series: [{
      type: "heatmap", data, animation: look.isMoving, itemStyle: { borderColor: look.card, borderWidth: 1 },
      emphasis: { itemStyle: { borderColor: look.ink, borderWidth: 2 } },
    }],
  };
}

/** From the faintest to the strongest colour: from the least to the most, or from zero if all are alike. */
function ends(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least < most ? [least, most] : [Math.min(0, least), Math.max(1, most)];
}

function turned(labels, look) {
  const isLong = labels.join("").length > (look.isNarrow ? 30 : 120);
  return isLong && labels.some((label) => label.length > 5) ? 40 : 0;
}

function axis(labels, look, label) {
  return {
    type: "category", data: labels, axisTick: { show: false }, axisLine: { show: false },
    splitArea: { show: false }, axisLabel: { color: look.ink, ...label },
  };
}
