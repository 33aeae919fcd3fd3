// Keeps "what became of it" up to date while something is still to come. The page is whole without it.

const FIRST = 2_000; // ms between two looks, which grows
const LONGEST = 15_000;
const GROWTH = 1.25;
const UNTIL = 15 * 60_000;
const BADGES = { done: ["good", "done"], failed: ["bad", "failed"], waiting: ["quiet", "not yet"] };

const list = document.getElementById("steps");
const said = document.getElementById("steps-said");

function details(step) {
  const text = document.createElement("p");
  if (step.at) {
    const time = document.createElement("time");
    time.dateTime = step.at.iso;
    time.textContent = step.at.shown;
    text.append(time, ". ");
  }
  text.append(step.text);
  return text;
}

function line(step) {
  const item = document.createElement("li");
  item.dataset.step = step.key;
  item.className = step.progress;
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.ariaHidden = "true";
  const label = document.createElement("strong");
  label.textContent = step.label;
  const badge = document.createElement("span");
  const [kind, word] = BADGES[step.progress];
  badge.className = `badge ${kind}`;
  badge.textContent = word;
  const body = document.createElement("div");
  body.append(label, " ", badge, details(step));
  item.append(mark, body);
  return item;
}

function show(steps) {
  const news = steps.filter((step) => {
    const old = list.querySelector(`[data-step="${CSS.escape(step.key)}"]`);
    return !old || !old.classList.contains(step.progress);
  });
  if (news.length) said.textContent = news.map((step) => `${step.label}: ${BADGES[step.progress][1]}.`).join(" ");
  list.replaceChildren(...steps.map(line));
  const sent = steps.find((step) => step.key === "sent");
  if (sent?.progress === "done") document.getElementById("waiting")?.remove();
}

async function look() {
  const answer = await fetch(list.dataset.state, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const state = await answer.json();
  show(state.steps);
  return state.is_settled;
}

async function follow() {
  const end = Date.now() + UNTIL;
  for (let wait = FIRST; Date.now() < end; wait = Math.min(LONGEST, wait * GROWTH)) {
    await new Promise((resolve) => { setTimeout(resolve, wait); });
    if (document.hidden) continue;
    try {
      if (await look()) return;
    } catch {
      said.textContent = "This cannot be looked up right now; it is tried again.";
    }
  }
}

if (!list.dataset.settled) follow();
