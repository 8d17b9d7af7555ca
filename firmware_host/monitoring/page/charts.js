// Small pictures on canvases; each has a text beside it that says the same.

import { fitted } from "./watch.js";

const LEFT = 44;
const EDGE = 8;
const ROW = 18; // of beats above an ECG
const color = (canvas, name) => getComputedStyle(canvas).getPropertyValue(name);
const short = (value) => String(Number(value.toPrecision(3)));

function scale(canvas, low, high, top = EDGE) {
  const { context, width, height } = fitted(canvas);
  const span = high - low || 1;
  const y = (value) => top + (height - top - EDGE) * (1 - (value - low) / span);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const value of [low, (low + high) / 2, high]) {
    context.strokeStyle = color(canvas, "--line");
    context.beginPath();
    context.moveTo(LEFT, y(value));
    context.lineTo(width, y(value));
    context.stroke();
    context.fillStyle = color(canvas, "--muted");
    context.textAlign = "right";
    context.fillText(short(value), LEFT - 6, y(value));
  }
  return { context, width, height, y };
}

function line(context, points) {
  context.beginPath();
  let open = false;
  for (const point of points) {
    if (point === null) { open = false; continue; }
    if (open) context.lineTo(...point); else context.moveTo(...point);
    open = true;
  }
  context.stroke();
}

// Channels in SI units, those of one unit together; the first unit is drawn above.
export function drawSignal(canvas, signal, channels) {
  const units = [...new Set(channels.map((channel) => channel.unit))];
  const low = Math.min(...signal.map((values) => Math.min(...values)));
  const high = Math.max(...signal.map((values) => Math.max(...values)));
  const peak = units.map((unit) => Math.max(1e-9, ...signal.flatMap((values, i) => (channels[i].unit === unit ? values.map(Math.abs) : []))));
  const relative = units.length > 1;
  const { context, width, y } = relative ? scale(canvas, -1, 1) : scale(canvas, low, high);
  signal.forEach((values, i) => {
    const size = relative ? peak[units.indexOf(channels[i].unit)] : 1;
    context.strokeStyle = color(canvas, `--c${i % 6}`);
    context.lineWidth = 1.5;
    line(context, values.map((value, t) => [LEFT + ((width - LEFT) * t) / Math.max(1, values.length - 1), y(value / size)]));
  });
  return units.map((unit, i) => {
    const names = channels.filter((channel) => channel.unit === unit).map((channel) => channel.name).join(", ");
    return `${names}: at most ${short(peak[i])} ${unit}${relative ? ", which is 1 in the picture" : ""}`;
  });
}

// The newest ECG in mV, scrolling; above it rows of beats ([seconds, class]), the board's first, each with its letter.
export function drawTrace(canvas, trace, seconds, rows, colored) {
  const { start, end, step, values } = trace;
  const low = Math.min(-0.5, ...values);
  const high = Math.max(0.5, ...values);
  const { context, width, height, y } = scale(canvas, low, high, EDGE + ROW * rows.length);
  const x = (at) => LEFT + ((width - LEFT - EDGE) * (at - end + seconds)) / seconds;
  context.strokeStyle = color(canvas, "--text");
  context.lineWidth = 1.5;
  line(context, values.map((value, i) => [x(start + i * step), y(value)]));
  context.lineWidth = 1;
  rows.forEach((beats, row) => {
    const middle = EDGE + ROW * row;
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = color(canvas, "--muted");
    context.textAlign = "right";
    if (beats.length) context.fillText(["board", "truth"][row], LEFT - 6, middle);
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    for (const [at, name] of beats) {
      context.fillStyle = context.strokeStyle = color(canvas, colored(name));
      context.fillText(name.length > 2 ? "?" : name, x(at), middle);
      if (row) continue;
      context.setLineDash([2, 4]);
      line(context, [[x(at), EDGE + ROW * rows.length - 4], [x(at), height - EDGE]]);
      context.setLineDash([]);
    }
  });
}

// [seconds, as recorded, as moved, holds] of every answer.
export function drawTimeline(canvas, points) {
  const { context, width, height, y } = scale(canvas, 0, 1);
  if (!points.length) return;
  const [first, last] = [points[0][0], points[points.length - 1][0]];
  const x = (seconds) => LEFT + ((width - LEFT - 4) * (seconds - first)) / (last - first || 1);
  for (const [column, name] of [[1, "--ghost"], [2, "--mark"]]) {
    context.strokeStyle = color(canvas, name);
    context.lineWidth = column === 2 ? 2 : 1.5;
    context.setLineDash(column === 1 ? [4, 3] : []);
    line(context, points.map((point) => (point[column] === null ? null : [x(point[0]), y(point[column])])));
  }
  context.setLineDash([]);
  context.fillStyle = color(canvas, "--bad");
  for (const [seconds, , , holds] of points) {
    if (holds === false) context.fillRect(x(seconds) - 2, height - 7, 4, 7);
  }
}

// Features of the moved window as bars, of the window as recorded as marks; a line behind the invariant ones.
export function drawFeatures(canvas, plain, moved, invariant) {
  const all = [...plain, ...moved];
  const { context, width, height, y } = scale(canvas, Math.min(0, ...all), Math.max(0, ...all));
  const step = (width - LEFT) / Math.max(1, plain.length);
  moved.forEach((value, i) => {
    context.fillStyle = color(canvas, i < invariant ? "--mark" : "--ghost");
    context.fillRect(LEFT + i * step + 0.15 * step, Math.min(y(0), y(value)), Math.max(1, 0.7 * step), Math.abs(y(0) - y(value)));
  });
  context.strokeStyle = color(canvas, "--text");
  context.lineWidth = 1.5;
  plain.forEach((value, i) => line(context, [[LEFT + i * step, y(value)], [LEFT + (i + 1) * step, y(value)]]));
  if (invariant < plain.length) {
    context.setLineDash([3, 3]);
    line(context, [[LEFT + invariant * step, 0], [LEFT + invariant * step, height]]);
    context.setLineDash([]);
  }
}
