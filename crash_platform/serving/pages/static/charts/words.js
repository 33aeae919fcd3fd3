// How values are written for people, as formats.py writes them. Nothing of drawing.

const NOTHING = "–";
const digits = (least, most) => ({ minimumFractionDigits: least, maximumFractionDigits: most });
const written = (options) => {
  const format = new Intl.NumberFormat("en-US", options);
  return (value) => format.format(value);
};
const NUMBERS = {
  count: written(digits(0, 0)),
  share: written({ style: "percent", ...digits(1, 1) }),
  change: written({ style: "percent", signDisplay: "always", ...digits(1, 1) }),
  number: written(digits(3, 3)),
  milliseconds: (value) => `${written(digits(1, 1))(value)} ms`,
};
const TICKS = {
  count: written(digits(0, 2)),
  share: written({ style: "percent", ...digits(0, 1) }),
  change: written({ style: "percent", signDisplay: "exceptZero", ...digits(0, 1) }),
  number: written(digits(0, 3)),
  milliseconds: (value) => `${written(digits(0, 1))(value)} ms`,
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A value as people read it. `step` is that of the days around it: day, month or year. */
export function say(value, format, step = "day") {
  if (value === null || value === undefined || value === "") return NOTHING;
  if (format in NUMBERS && typeof value === "number") return NUMBERS[format](value);
  if (format === "day") return sayDay(String(value), step);
  if (format === "moment") return String(value).slice(0, 16).replace("T", " ") + (String(value).endsWith("Z") ? " UTC" : "");
  return String(value);
}

/** A value at a tick of an axis: as short as it can be. */
export function sayTick(value, format) {
  return (TICKS[format] ?? String)(value);
}

/** Whether days are the first of every month, or of every year. */
export function stepOf(days) {
  if (days.length < 2) return "day";
  const every = (end) => days.every((day) => String(day).slice(0, 10).endsWith(end));
  if (every("-01-01")) return "year";
  return every("-01") ? "month" : "day";
}

/** Milliseconds since 1970 of a day or moment, read as UTC. */
export function timeOf(value) {
  const text = String(value);
  return Date.parse(text.length === 10 || text.endsWith("Z") ? text : `${text}Z`);
}

function sayDay(text, step) {
  const [year, month] = text.split("-");
  if (step === "year") return year;
  return step === "month" ? `${MONTHS[Number(month) - 1]} ${year}` : text.slice(0, 10);
}
