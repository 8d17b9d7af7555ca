// The page: takes states from the monitor, shows the newest, and sends what the user does.

import { introduceHeart, showHeart } from "./heart.js";
import { introduceOwn, showOwn } from "./own.js";
import { AS_WORN, Watch, inWords } from "./watch.js";
import { drawFeatures, drawSignal, drawTimeline } from "./charts.js";

const RETRY_MS = 1000;
const OWN_MS = 500; // after an own order, the monitor's older orientation is not shown
const at = (id) => document.getElementById(id);
const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(share > 0.995 && share < 1 ? 1 : 0)} %`);

let socket = null;
let about = null;
let newest = null;
let order = null; // to be sent with the next picture
let ordered = -OWN_MS;
let cards = [];

// Text that screen readers hear changes only where it differs.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function press(button) {
  send({ kind: "press", button });
}

const watch = new Watch(at("watch"), (quaternion) => {
  order = { kind: "turn", quaternion };
  ordered = performance.now();
  put(at("orientation"), inWords(quaternion));
});

function wear(quaternion) {
  watch.set(quaternion);
  watch.turned(watch.quaternion);
}

function connect() {
  socket = new WebSocket(new URL("socket", location.href).href.replace(/^http/, "ws"));
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.kind === "about") introduce(message);
    else newest = message;
  };
  socket.onclose = () => {
    document.body.dataset.connected = "false";
    warn("The monitor has ended, or its address is another one now. Start it again, and open the address that it prints.");
    setTimeout(connect, RETRY_MS);
  };
}

function warn(text) {
  at("banner").hidden = !text;
  put(at("banner"), text);
}

function introduce(facts) {
  about = facts;
  document.body.dataset.connected = "true";
  if (facts.heart) introduceHeart(facts, send, (message) => { order = message; });
  else introduceWindows(facts);
}

function introduceWindows(facts) {
  document.title = `${facts.boards.map((board) => board.model).join(" and ")} - live monitor`;
  put(at("title"), `Live monitor: ${facts.boards.map((board) => board.model).join(" beside ")}`);
  put(at("source"), facts.own ? "The board classifies its own sensor." : `Plays ${facts.source}, over and over.`);
  if (facts.own) introduceOwn(facts, send);
  for (const button of document.querySelectorAll(".plays")) button.hidden = Boolean(facts.own);
  at("turning").hidden = !facts.turns;
  at("shifting").hidden = !facts.shifts;
  at("still").hidden = !facts.unmoved;
  put(at("unmoved"), facts.unmoved);
  at("record").hidden = !facts.records;
  if (facts.shifts) [at("shift").min, at("shift").max] = facts.shifts;
  if (facts.own) put(at("signal-name"), "What the board's sensor saw");
  at("legend").replaceChildren(
    ...facts.channels.map((channel, i) => {
      const name = document.createElement("span");
      name.className = `c${i % 6}`;
      name.textContent = channel.name;
      return name;
    }),
  );
  cards = facts.boards.map((board) => {
    const card = at("card").content.cloneNode(true).firstElementChild;
    const size = board.known ? `the first ${board.invariant} are invariant` : "which are invariant is not known";
    put(card.querySelector(".features-name"), `Features, ${facts.turns ? "turned" : "as sent"} (bars) over those as recorded (lines); ${size}`);
    if (facts.own) card.querySelector(".similarity").parentElement.hidden = card.querySelector(".plain").closest("div").hidden = true;
    put(card.querySelector(".moved-name"), facts.own ? "Newest answer" : facts.turns ? "As turned" : facts.shifts ? "As shifted" : "As sent");
    const meters = card.querySelectorAll("meter");
    meters[0].setAttribute("aria-label", `Confidence of ${board.model}, as sent`);
    meters[1].setAttribute("aria-label", `Confidence of ${board.model}, as recorded`);
    return card;
  });
  at("boards").replaceChildren(...cards);
}

function shown(reading) {
  if (!reading) return "–";
  const flags = (reading.saturated ? ", saturated" : "") + (reading.lead_off ? ", no signal" : "");
  return `${reading.name}${reading.confidence === null ? "" : `, ${percent(reading.confidence)}`}${flags}`;
}

function showBoard(card, fact, board) {
  const moved = board.moved ?? board.plain;
  put(card.querySelector("h3"), `${fact.model} on ${board.board}`);
  card.dataset.serial = board.serial;
  card.classList.toggle("holds", board.holds === true);
  card.classList.toggle("flips", board.holds === false);
  put(card.querySelector(".class"), moved ? moved.name : "no answer yet");
  put(card.querySelector(".verdict"), board.holds === null ? "" : board.holds ? "holds" : `flips (${board.plain.name} as recorded)`);
  put(card.querySelector(".moved"), shown(moved));
  put(card.querySelector(".plain"), shown(board.plain));
  const meters = card.querySelectorAll("meter");
  [moved, board.plain].forEach((reading, i) => {
    meters[i].value = reading?.confidence ?? 0;
    meters[i].hidden = !reading || reading.confidence === null;
  });
  const { equal, compared } = board.pairs;
  put(card.querySelector(".consistency"), compared ? `${percent(equal / compared)} (${equal} of ${compared} ${about.own ? "are the first position's class" : "kept their class"})` : about.own ? "needs two positions" : "nothing was moved yet");
  put(card.querySelector(".similarity"), board.similarity === null ? "–" : board.similarity.toFixed(3));
  const { right, known } = board.right;
  put(card.querySelector(".right"), known ? `${percent(right / known)} (${right} of ${known} answers)` : about.own ? "no activity named" : "no labels");
  drawTimeline(card.querySelector(".timeline"), board.points);
  const flips = board.points.filter((point) => point[3] === false).length;
  put(card.querySelector(".timeline-text"), `The latest ${board.points.length} answers, ${flips} of them flips; dashed as recorded, solid as sent, a mark below is a flip.`);
  const features = moved?.features ?? [];
  for (const name of [".features-name", ".features", ".features-text"]) card.querySelector(name).hidden = !features.length;
  if (features.length) {
    drawFeatures(card.querySelector(".features"), board.plain.features, features, fact.invariant);
    const farthest = Math.max(...features.slice(0, fact.invariant).map((value, i) => Math.abs(value - board.plain.features[i])), 0);
    put(card.querySelector(".features-text"), `Largest change of an invariant feature: ${farthest.toPrecision(2)}.`);
  }
}

function showWindows(state) {
  put(at("label"), about.own ? `Activity: ${state.label || "not named"}` : state.label ? `Label: ${state.label}` : "No label");
  if (about.own) showOwn(state);
  const own = performance.now() - ordered < OWN_MS;
  if (about.turns && !watch.dragging && !own) {
    watch.set(state.quaternion);
    put(at("orientation"), inWords(watch.quaternion));
  }
  if (about.shifts) {
    if (!own) at("shift").value = state.shift;
    put(at("shift-text"), `Begins ${state.shift} samples later (${(state.shift / about.rate_hz).toFixed(2)} s).`);
  }
  const peaks = state.signal.length ? drawSignal(at("signal"), state.signal, about.channels) : [];
  put(at("signal-text"), `${state.place}. ${peaks.join("; ")}.`);
  at("signal").setAttribute("aria-label", `The window that ${about.own ? "the board saw" : "was sent"}. ${peaks.join("; ")}`);
  state.boards.forEach((board, i) => showBoard(cards[i], about.boards[i], board));
}

function show(state) {
  put(at("place"), state.place);
  at("pause").textContent = state.paused ? "Go on" : "Pause";
  if (about.heart) showHeart(state);
  else showWindows(state);
  const gone = state.boards.filter((board) => board.link !== "ok");
  warn(gone.map((board) => `${board.link === "late" ? "The answer is late" : "The board is lost"}: ${board.cause}`).join(" "));
  const recording = state.recording;
  at("record").setAttribute("aria-pressed", String(recording.on));
  at("record").textContent = recording.on ? "Stop recording" : "Record";
  at("download").hidden = recording.on || !recording.samples;
  put(at("recorded"), recording.samples ? `${recording.samples} samples as sent${recording.full ? ", full" : ""}` : "");
  document.body.dataset.place = state.place;
}

function picture() {
  if (order) {
    send(order);
    order = null;
  }
  if (newest && about) {
    const state = newest;
    newest = null;
    show(state);
  }
  requestAnimationFrame(picture);
}

at("pause").onclick = () => press(at("pause").textContent === "Pause" ? "pause" : "play");
at("step").onclick = () => press("step");
at("restart").onclick = () => press("restart");
at("record").onclick = () => press(at("record").getAttribute("aria-pressed") === "true" ? "stop" : "record");
at("reset").onclick = () => wear(AS_WORN);
for (const button of document.querySelectorAll(".worn")) {
  button.onclick = () => wear(button.dataset.quaternion.split(" ").map(Number));
}
at("shift").oninput = () => {
  order = { kind: "shift", samples: Number(at("shift").value) };
  ordered = performance.now();
};
at("unshift").onclick = () => {
  at("shift").value = 0;
  at("shift").oninput();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => watch.draw());
addEventListener("resize", () => watch.draw());
connect();
requestAnimationFrame(picture);
