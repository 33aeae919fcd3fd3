// Eases the report form: a point by click or arrow keys, the time now, fields that come as they are needed.
// The form works without it.

const STEP = 4; // units of the drawing, about 300 m
const FAR = 40;
const DIGITS = 5;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function byId(id) {
  return document.getElementById(id);
}

function newYorkNow() {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: "America/New_York", hourCycle: "h23",
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  const parts = Object.fromEntries(format.formatToParts(new Date()).map((part) => [part.type, part.value]));
  return { day: `${parts.year}-${parts.month}-${parts.day}`, clock: `${parts.hour}:${parts.minute}` };
}

function easeTime() {
  const button = byId("now");
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = newYorkNow();
    byId("crash_date").value = now.day;
    byId("crash_time").value = now.clock;
  });
}

function easeMany(row) {
  const fields = [...row.querySelectorAll(".field")];
  const isEmpty = (field) => field.querySelector("input").value === "";
  const last = fields.findLastIndex((field) => !isEmpty(field) || field.querySelector("[aria-invalid]"));
  const shown = Math.max(Number(row.dataset.first), last + 1);
  fields.slice(shown).forEach((field) => { field.hidden = true; });
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = row.dataset.more;
  button.hidden = shown >= fields.length;
  button.addEventListener("click", () => {
    const next = fields.find((field) => field.hidden);
    next.hidden = false;
    button.hidden = !fields.some((field) => field.hidden);
    next.querySelector("input").focus();
  });
  row.after(button);
}

function easeMap() {
  const city = byId("city");
  const svg = city.querySelector("svg");
  const cross = byId("cross");
  const inputs = { x: byId("longitude"), y: byId("latitude") };
  const { west, north, xUnits, yUnits } = city.dataset;
  const { width, height } = svg.viewBox.baseVal;
  const boroughs = [...svg.querySelectorAll(".borough")];

  function inputPoint() {
    if (inputs.x.value === "" || inputs.y.value === "") return null;
    const x = (Number(inputs.x.value) - west) * xUnits;
    const y = (north - Number(inputs.y.value)) * yUnits;
    return Number.isFinite(x) && Number.isFinite(y) ? { x, y } : null;
  }

  function boroughAt(point) {
    const at = svg.createSVGPoint();
    at.x = point.x;
    at.y = point.y;
    return boroughs.find((borough) => borough.isPointInFill(at));
  }

  function draw() {
    const point = inputPoint();
    const found = point && boroughAt(point);
    cross.classList.toggle("is-set", point !== null);
    boroughs.forEach((borough) => borough.classList.toggle("chosen", borough === found));
    if (point) cross.setAttribute("transform", `translate(${point.x} ${point.y})`);
    return found;
  }

  function choose(x, y) {
    const inside = { x: Math.min(width, Math.max(0, x)), y: Math.min(height, Math.max(0, y)) };
    inputs.x.value = (Number(west) + inside.x / xUnits).toFixed(DIGITS);
    inputs.y.value = (north - inside.y / yUnits).toFixed(DIGITS);
    const found = draw();
    const where = found ? `in ${found.dataset.name}` : "on water or outside the city";
    const told = byId("borough").value.toLowerCase();
    const differs = found && told && told !== found.dataset.name.toLowerCase();
    const doubt = differs ? " The borough you chose is another one." : "";
    byId("map-said").textContent = `Point set ${where}: ${inputs.y.value}, ${inputs.x.value}.${doubt}`;
  }

  function remove() {
    inputs.x.value = "";
    inputs.y.value = "";
    draw();
    byId("map-said").textContent = "Point removed.";
  }

  city.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    choose(at.x, at.y);
  });
  city.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (move) {
      const from = inputPoint() ?? { x: width / 2, y: height / 2 };
      const far = event.shiftKey ? FAR : STEP;
      choose(from.x + move[0] * far, from.y + move[1] * far);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      remove();
    } else {
      return;
    }
    event.preventDefault();
  });
  Object.values(inputs).forEach((input) => input.addEventListener("input", draw));
  byId("map").hidden = false;
  draw();
}

function easeSending() {
  const form = byId("report");
  form.addEventListener("submit", () => {
    form.querySelector("button:not([type])").disabled = true;
  });
  // Back from the answer, the page may come as it was left.
  addEventListener("pageshow", () => { form.querySelector("button:not([type])").disabled = false; });
}

easeTime();
document.querySelectorAll(".many").forEach(easeMany);
easeMap();
easeSending();
