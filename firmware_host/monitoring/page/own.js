// The board's own sensor: the activity and the position that the user says, and what the board said in each.

const at = (id) => document.getElementById(id);
const POSITIONS = [
  "As usual",
  "Face inside the wrist",
  "On the other wrist",
  "On the other wrist, face inside",
  "Turned a quarter on the wrist",
  "Loose, or another way of yours",
];
let position = 0;

export function introduceOwn(facts, send) {
  at("own").hidden = false;
  at("activity").replaceChildren(at("activity").options[0], ...facts.boards[0].labels.map((label) => new Option(label, label)));
  at("activity").onchange = () => send({ kind: "activity", label: at("activity").value });
  at("next").onclick = () => send({ kind: "position", number: (position + 1) % facts.own });
  at("afresh").onclick = () => send({ kind: "press", button: "restart" });
  at("positions").replaceChildren(
    ...POSITIONS.slice(0, facts.own).map((name, i) => {
      const row = document.createElement("tr");
      const [head, cell] = [document.createElement("th"), document.createElement("td")];
      head.scope = "row";
      head.textContent = `${i + 1}. ${name}`;
      row.append(head, cell);
      return row;
    }),
  );
}

export function showOwn(state) {
  position = state.own.position;
  if (document.activeElement !== at("activity")) at("activity").value = state.label;
  [...at("positions").rows].forEach((row, i) => {
    row.setAttribute("aria-current", String(i === position));
    const said = state.own.positions[i] || "–";
    if (row.cells[1].textContent !== said) row.cells[1].textContent = said;
  });
  if (at("verdict").textContent !== state.own.verdict) at("verdict").textContent = state.own.verdict;
}
