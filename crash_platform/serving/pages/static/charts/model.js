// From the rows of a figure to its series and points, and their words. Nothing of drawing.

import { say, stepOf, timeOf } from "./words.js";

/**
 * The series of a figure over the values of its x.
 *
 * A value that a series does not have is null: a line has a gap there.
 */
export function modelOf(drawn) {
  const fields = new Map(drawn.fields.map((field) => [field.name, field]));
  const column = (name) => drawn.columns[name];
  const xField = fields.get(drawn.x);
  const isTime = xField.format === "day" || xField.format === "moment";
  const xs = [...new Set(column(drawn.x))];
  if (isTime) xs.sort((one, other) => timeOf(one) - timeOf(other));
  const step = xField.format === "day" ? stepOf(xs) : "day";
  const labels = xs.map((x) => say(x, xField.format, step));
  return { xs, labels, isTime, xField, series: seriesOf(drawn, fields, xs) };
}

function seriesOf(drawn, fields, xs) {
  const places = new Map(xs.map((x, index) => [x, index]));
  const all = new Map();
  const begun = (key, name, field) => {
    const empty = () => xs.map(() => null);
    if (!all.has(key)) all.set(key, { name, format: field.format, values: empty(), lows: empty(), highs: empty() });
    return all.get(key);
  };
  drawn.columns[drawn.x].forEach((x, row) => {
    for (const [index, name] of drawn.y.entries()) {
      const field = fields.get(name);
      const group = drawn.by === null ? null : drawn.columns[drawn.by][row];
      const title = drawn.by === null ? field.label : say(group, fields.get(drawn.by).format);
      const one = begun(drawn.by === null ? name : String(group), title, field);
      const place = places.get(x);
      one.values[place] = drawn.columns[name][row];
      if (index === 0 && drawn.low) one.lows[place] = drawn.columns[drawn.low][row];
      if (index === 0 && drawn.high) one.highs[place] = drawn.columns[drawn.high][row];
    }
  });
  return [...all.values()];
}

/** A value of a series in words, with its interval where it has one. */
export function saidValue(series, place) {
  const value = say(series.values[place], series.format);
  const [low, high] = [series.lows[place], series.highs[place]];
  if (low === null || high === null || low === undefined || high === undefined) return value;
  return `${value} (${say(low, series.format)} to ${say(high, series.format)})`;
}

/** One row of a map or of a heatmap in words: every field with its label. */
export function saidRow(drawn, row, left = []) {
  return drawn.fields
    .filter((field) => !left.includes(field.name))
    .map((field) => `${field.label}: ${say(drawn.columns[field.name][row], field.format)}`);
}
