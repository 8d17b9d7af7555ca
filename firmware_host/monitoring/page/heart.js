// Heartbeats: the ECG with the board's and the annotated beats, the rhythm, and how the lead is disturbed.

import { drawTrace } from "./charts.js";

const OWN_MS = 500; // after an own order, the monitor's older disturbance is not shown
const ROWS = 12; // of the table
const at = (id) => document.getElementById(id);
const percent = (part, whole) => `${((100 * part) / whole).toFixed(0)} %`;
let facts = null;
let ordered = -OWN_MS;

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

export function introduceHeart(about, send, order) {
  facts = about;
  document.title = `${about.model} - live monitor`;
  put(at("title"), `Live monitor: ${about.model}`);
  put(at("source"), about.source ? `Plays ${about.source}, over and over.` : "The board finds heartbeats in its own sensor's samples.");
  for (const id of ["turning", "shifting", "still", "own", "boards-section"]) at(id).hidden = true;
  const played = about.recordings.length > 0;
  for (const button of document.querySelectorAll(".plays")) button.hidden = !played;
  at("heart").hidden = false;
  at("record").hidden = false;
  at("disturbing").hidden = !played;
  at("choosing").hidden = about.recordings.length < 2;
  put(at("notice"), about.notice);
  put(at("signal-name"), played ? "What is sent to the board, and the beats that it finds" : "What the board's sensor saw, and the beats that the board finds");
  at("signal").setAttribute("class", "trace");
  if (!played) at("signal-section").classList.add("wide");
  at("chosen").replaceChildren(...about.recordings.map((name, i) => new Option(name, i)));
  at("chosen").onchange = () => send({ kind: "recording", number: Number(at("chosen").value) });
  const disturb = () => {
    ordered = performance.now();
    const way = { gain: 2 ** Number(at("gain").value), wander: Number(at("wander").value), inverted: at("inverted").checked };
    sayDisturbance(way);
    order({ kind: "disturb", ...way });
  };
  at("gain").oninput = at("wander").oninput = at("inverted").onchange = disturb;
  at("undisturbed").onclick = () => {
    at("gain").value = at("wander").value = 0;
    at("inverted").checked = false;
    disturb();
  };
}

function sayDisturbance(way) {
  put(at("gain-text"), `Amplitude times ${Number(way.gain.toPrecision(3))}`);
  put(at("wander-text"), `${way.wander} mV, 18 times a minute`);
}

// Names of classes by their place among the model's labels: its color, beside its letter.
const color = (name) => (facts.labels.includes(name) ? `--c${[0, 4, 1, 2, 3, 5][facts.labels.indexOf(name) % 6]}` : "--muted");

export function showHeart(state) {
  put(at("label"), state.label || "The board's own sensor");
  const { trace, beats, truth } = state;
  const shown = beats.filter((beat) => beat.seconds >= trace.start);
  const marks = shown.map((beat) => [beat.seconds, beat.name]);
  drawTrace(at("signal"), trace, facts.shown_s, [marks, truth], color);
  const said = (list) => list.map(([seconds, name]) => `${name} at ${seconds.toFixed(2)} s`).join(", ") || "none";
  at("signal").setAttribute("aria-label", `The latest ${facts.shown_s} s of ECG. Beats of the board: ${said(marks)}.${state.agreement ? ` Annotated: ${said(truth)}.` : ""}`);
  put(at("signal-text"), `In mV, the latest ${facts.shown_s} s. Above it the beats of the board${state.agreement ? ", below these the annotated ones" : ""}.`);
  showLatest(state, beats[beats.length - 1]);
  showRhythm(state.rhythm);
  showTable(beats, truth, Boolean(state.agreement));
  if (performance.now() - ordered < OWN_MS) return;
  if (document.activeElement !== at("chosen")) at("chosen").value = state.recording_number;
  at("gain").value = Math.log2(state.disturbance.gain);
  at("wander").value = state.disturbance.wander;
  at("inverted").checked = state.disturbance.inverted;
  sayDisturbance(state.disturbance);
}

function showLatest(state, latest) {
  put(at("heart-board"), `${facts.model} on ${state.boards[0].board}`);
  put(at("heart-class"), latest ? latest.name : "no beat yet");
  put(at("heart-confidence"), latest ? `${percent(latest.confidence, 1)}${latest.flags ? `, ${latest.flags}` : ""}` : "");
  at("heart").dataset.answers = state.answers;
  put(at("heart-latency"), !latest ? "–" : `${latest.latency_s.toFixed(2)} s of ECG, ${state.median_latency_s.toFixed(2)} s on the median`);
  at("heart-agreement").parentElement.hidden = !state.agreement;
  if (state.agreement) {
    const { classes, known, same, missed, extra, others } = state.agreement;
    const each = classes.map((one) => `${one.name} ${one.same} of ${one.known}`).join(", ");
    put(at("heart-agreement"), known ? `${percent(same, known)} (${each}); ${missed} missed, ${extra} extra${others ? `; ${others} of other classes` : ""}` : "none yet");
  }
  at("heart-kept").parentElement.hidden = !state.kept;
  if (state.kept) {
    const { equal, compared } = state.kept;
    put(at("heart-kept"), compared ? `${percent(equal, compared)} (${equal} of ${compared})` : "nothing was disturbed yet");
  }
}

// Which way the usual one points; null: the bundle corrects the polarity.
const R_PEAK = {
  true: "down: in a lead in which it points up, such as II, the lead is inverted",
  false: "up",
  null: "unknown: the polarity is corrected",
};

function showRhythm(rhythm) {
  const rows = rhythm && {
    rate: rhythm.heart_rate === null ? "–" : `${rhythm.heart_rate.toFixed(1)} a minute`,
    rmssd: rhythm.rmssd_ms === null ? "–" : `${rhythm.rmssd_ms} ms`,
    irregular: `${(100 * rhythm.irregular).toFixed(0)} % of the latest 64 differences`,
    pauses: String(rhythm.pauses),
    couplets: String(rhythm.couplets),
    runs: rhythm.runs ? `${rhythm.runs}, the longest of ${rhythm.longest_run} beats` : "0",
    worst: rhythm.worst,
    points: R_PEAK[String(rhythm.downward)],
  };
  for (const name of ["rate", "rmssd", "irregular", "pauses", "couplets", "runs", "worst", "points"]) put(at(`heart-${name}`), rows ? rows[name] : "–");
}

// The newest beats, the latest first; `annotated`: a column of what they are.
function showTable(beats, truth, annotated) {
  const newest = beats.slice(-ROWS).reverse();
  const key = JSON.stringify([newest, annotated, truth]);
  if (at("beats").dataset.key === key) return;
  at("beats").dataset.key = key;
  at("annotated-head").hidden = !annotated;
  at("beats").replaceChildren(
    ...newest.map((beat) => {
      const row = document.createElement("tr");
      const near = truth.find(([seconds]) => Math.abs(seconds - beat.seconds) <= 0.15);
      const cells = [beat.name, percent(beat.confidence, 1), beat.interval_s === null ? "–" : `${beat.interval_s.toFixed(2)} s`];
      if (annotated) cells.push(near ? near[1] : "–");
      row.append(element("th", `${beat.seconds.toFixed(2)} s`), ...cells.map((text) => element("td", text)));
      row.firstChild.scope = "row";
      return row;
    }),
  );
}
