// Keeps the page of the live feed up to date: listens, shows, counts, pauses. Words come with the events.

const SILENT_AFTER = 40_000; // two signs of life of 15 s missed
const COME_BACK_AFTER = 15_000;
const ANNOUNCE_EVERY = 10_000;
const MINUTE = 60_000;

const byId = (id) => document.getElementById(id);
const feed = byId("feed");
const most = Number(feed.dataset.most);
const state = {
  source: null, cursor: feed.dataset.cursor, heard: Date.now(), isReading: true, retry: 0,
  isPaused: false, waiting: [], isShort: false, fresh: 0, flagged: 0,
};

function listen() {
  stop();
  const source = new EventSource(`/live/events?after=${encodeURIComponent(state.cursor)}`);
  state.source = source;
  source.addEventListener("open", () => heard());
  source.addEventListener("report", (event) => { heard(event); take(JSON.parse(event.data)); });
  source.addEventListener("beat", (event) => {
    state.isReading = JSON.parse(event.data).is_reading;
    heard(event);
  });
  source.addEventListener("gap", (event) => { heard(event); byId("gap").hidden = false; });
  source.addEventListener("error", () => lost(source));
}

function stop() {
  clearTimeout(state.retry);
  state.source?.close();
  state.source = null;
}

function heard(event) {
  if (event?.lastEventId) state.cursor = event.lastEventId;
  state.heard = Date.now();
  showConnection();
}

function lost(source) {
  if (source !== state.source) return;
  // A browser comes back by itself unless the server refused it: then it is asked again, slowly.
  if (source.readyState === EventSource.CLOSED) state.retry = setTimeout(listen, COME_BACK_AFTER);
  showConnection();
}

function showConnection() {
  const isOpen = state.source?.readyState === EventSource.OPEN;
  const silence = Date.now() - state.heard;
  if (!isOpen && state.source?.readyState === EventSource.CLOSED) {
    say("trouble", "Not connected: the server refuses or is away. Trying again; if it lasts, reload the page.");
  } else if (!isOpen) {
    say("trouble", `Reconnecting; last heard of the server at ${clock(new Date(state.heard))}.`);
  } else if (silence > SILENT_AFTER) {
    say("trouble", `The server has said nothing since ${clock(new Date(state.heard))}.`);
  } else if (!state.isReading) {
    say("trouble", "Connected, but the server cannot read its table at the moment.");
  } else {
    say("connected", "Connected: new reports appear by themselves.");
  }
}

function say(kind, text) {
  const place = byId("connection");
  if (place.textContent === text) return; // a screen reader would read it again
  place.dataset.state = kind;
  place.textContent = text;
}

function take(report) {
  if (state.isPaused) {
    state.waiting.push(report);
    if (state.waiting.length > most) { state.waiting.shift(); state.isShort = true; }
    showPause();
    return;
  }
  show([report]);
}

function show(reports) {
  for (const report of reports) {
    feed.prepend(row(report));
    state.fresh += 1;
    state.flagged += report.is_predicted_injury ? 1 : 0;
  }
  while (feed.children.length > most) feed.lastElementChild.remove();
  byId("empty").hidden = true;
  tell();
}

function row(report) {
  const made = byId("report").content.firstElementChild.cloneNode(true);
  const part = (name) => made.querySelector(`[data-field="${name}"]`);
  for (const [name, text] of Object.entries(report.shown)) part(name).textContent = text;
  part("came").dateTime = report.enqueued_at;
  part("share").value = report.probability;
  part("simulated").hidden = !report.is_simulated;
  part("verdict").className = report.is_predicted_injury ? "badge bad" : "badge quiet";
  Object.assign(made.dataset, {
    at: report.enqueued_at, scored: report.scored_at, latency: report.latency_ms,
    flagged: report.is_predicted_injury ? 1 : 0, new: "",
  });
  setTimeout(() => delete made.dataset.new, 5_000);
  age(made);
  return made;
}

function age(made) {
  made.querySelector('[data-field="ago"]').textContent = ago(Date.now() - Date.parse(made.dataset.at));
}

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function tell() {
  const rows = [...feed.children];
  if (rows.length === 0) return;
  const recent = rows.filter((each) => Date.now() - Date.parse(each.dataset.scored) < MINUTE).length;
  const flagged = rows.filter((each) => each.dataset.flagged === "1").length;
  byId("minute").textContent = recent === most ? `${recent} or more` : String(recent);
  byId("flagged").textContent = `${Math.round((100 * flagged) / rows.length)} %`;
  byId("latency").textContent = duration(middle(rows.map((each) => Number(each.dataset.latency))));
  byId("count").textContent = String(rows.length);
}

function middle(numbers) {
  const ordered = numbers.sort((one, other) => one - other);
  const half = Math.floor(ordered.length / 2);
  return ordered.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
}

function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 3_600_000) return `${(milliseconds / 60_000).toFixed(1)} min`;
  return `${(milliseconds / 3_600_000).toFixed(1)} h`;
}

function announce() {
  if (state.fresh > 0) {
    const reports = state.fresh === 1 ? "1 new report" : `${state.fresh} new reports`;
    byId("announcement").textContent = `${reports}, ${state.flagged} with an injury predicted.`;
  }
  state.fresh = 0;
  state.flagged = 0;
}

function pause() {
  state.isPaused = !state.isPaused;
  if (!state.isPaused) {
    show(state.waiting.splice(0));
    if (state.isShort) byId("gap").hidden = false;
    state.isShort = false;
  }
  showPause();
}

function showPause() {
  const count = state.waiting.length;
  const waiting = state.isShort ? `more than ${most}` : String(count);
  const button = byId("pause");
  button.textContent = !state.isPaused ? "Pause" : count ? `Go on (${waiting} wait)` : "Go on";
}

function refresh() {
  for (const each of feed.children) age(each);
  tell();
  if (state.source) showConnection();
}

byId("pause").hidden = false;
byId("pause").addEventListener("click", pause);
// A page nobody sees lets go of its connection, of which a browser has few; it misses nothing.
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
setInterval(refresh, 1_000);
setInterval(announce, ANNOUNCE_EVERY);
if (!document.hidden) listen();
refresh();
