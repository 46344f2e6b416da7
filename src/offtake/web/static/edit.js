/* A plan as a form beside its YAML: one text, two ways to write it, checked while one types. */
const text = document.getElementById("text"), form = document.getElementById("form");
const gutter = document.getElementById("gutter"), list = document.getElementById("problems"), verdict = document.getElementById("verdict");
const keep = document.getElementById("keep"), undo = document.getElementById("undo"), redo = document.getElementById("redo");
const WAIT = 150;
let place = keep.dataset.at, problems = [], turn = 0, kept = text.value;
const past = [text.value], future = [];

async function asked(what, fields) {
  const answer = await fetch("/draft/" + what, { method: "POST", body: new URLSearchParams(fields) });
  const kind = answer.headers.get("content-type") || "";
  const found = kind.includes("json") ? await answer.json() : await answer.text();
  if (!answer.ok || found.said) throw new Error(found.said || "the server said no; reload the page");
  return found;
}

/* ------------------------------------------------------------------------ what is wrong */

async function check() {
  const mine = ++turn, started = performance.now();
  try {
    for (const whole of [false, true]) {
      const found = await asked("check", { text: text.value, whole });
      if (mine !== turn) return;
      if (!whole) document.body.dataset.checkMs = Math.round(performance.now() - started);
      problems = found.problems;
      tell(found, whole);
      if (!found.readable) break;
    }
    document.body.dataset.checked = mine;
  } catch (wrong) {
    if (mine === turn) say("wrong", wrong.message);
  }
}

function say(how, words) {
  verdict.className = "verdict " + how;
  verdict.textContent = words;
}

function tell(found, whole) {
  const errors = problems.filter((p) => p.severity === "error").length, warnings = problems.length - errors;
  const more = warnings ? `, ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : "";
  if (errors) say("wrong", `${errors} ${errors === 1 ? "error" : "errors"}${more}: it cannot be run yet.`);
  else say("right", `It is a plan${more}.` + (whole ? "" : " Trying its scenarios and stacks."));
  list.replaceChildren(...problems.map(listed));
  marked();
  atFields();
}

function element(name, words, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: words, ...properties });
}

function listed(problem) {
  const item = element("li", "", { className: problem.severity });
  const go = element("button", problem.place || "the whole plan", { type: "button", className: "quiet" });
  go.addEventListener("click", () => toLine(problem.line, true));
  item.append(go, element("span", problem.line ? ` line ${problem.line} ` : " ", { className: "note" }), element("code", problem.code), details(problem));
  return item;
}

function details(problem) {
  const found = document.createElement("dl");
  for (const key of ["found", "expected", "mend"]) found.append(element("dt", key[0].toUpperCase() + key.slice(1)), element("dd", problem[key]));
  return found;
}

/* At its field, or at the nearest one above it that is shown. */
function atFields() {
  for (const one of form.querySelectorAll(".said")) { one.replaceChildren(); one.classList.remove("warning"); }
  for (const one of form.querySelectorAll(".wrong")) one.classList.remove("wrong");
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const problem of problems) {
    for (const item of form.querySelectorAll("button.item")) {
      const at = item.dataset.place;
      if (problem.severity === "error" && (problem.place === at || problem.place.startsWith(at + ".") || problem.place.startsWith(at + "["))) item.classList.add("wrong");
    }
    const field = nearest(problem.place);
    if (!field) continue;
    const said = field.querySelector(":scope > .said");
    said.classList.toggle("warning", problem.severity !== "error");
    said.append(element("p", `Found ${problem.found}; expected ${problem.expected}. ${problem.mend[0].toUpperCase()}${problem.mend.slice(1)}.`));
    field.classList.add("wrong");
    const control = field.querySelector(":scope > .control > [data-place]");
    if (control) control.setAttribute("aria-invalid", "true");
    for (let up = field.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
  }
}

function nearest(where) {
  for (let at = where; at; at = at.replace(/(\.[^.[\]]+|\[\d+\])$/, "")) {
    const field = form.querySelector(`[data-field="${CSS.escape(at)}"]`);
    if (field) return field;
    if (!/[.[]/.test(at)) return null;
  }
  return null;
}

/* ------------------------------------------------------------------------------- the text */

function marked() {
  const lines = text.value.split("\n").length, at = new Map();
  for (const problem of problems) if (problem.line && at.get(problem.line) !== "error") at.set(problem.line, problem.severity);
  const rows = document.createDocumentFragment();
  for (let i = 1; i <= lines; i++) rows.append(at.has(i) ? element("b", i, { className: at.get(i) }) : String(i), "\n");
  gutter.replaceChildren(rows);
  gutter.scrollTop = text.scrollTop;
}

function toLine(line, focus) {
  if (!line) return;
  const start = text.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  const end = text.value.indexOf("\n", start);
  const height = parseFloat(getComputedStyle(text).lineHeight);
  if (focus) { text.focus(); text.setSelectionRange(start, end < 0 ? text.value.length : end); }
  text.scrollTop = Math.max(0, (line - 4) * height);
}

/* A new text that was not typed; the steps back are our own, as a browser forgets its own there. */
function take(made, line) {
  if (made === text.value) return;
  text.value = made;
  step();
  changed();
  toLine(line, false);
}

function step() {
  if (past[past.length - 1] === text.value) return;
  past.push(text.value);
  if (past.length > 200) past.shift();
  future.length = 0;
  undo.disabled = past.length < 2;
  redo.disabled = true;
}

function go(from, to) {
  to.push(from === past ? past.pop() : future[future.length - 1]);
  if (from === future) future.pop();
  text.value = past[past.length - 1];
  undo.disabled = past.length < 2;
  redo.disabled = !future.length;
  changed();
}

let waiting = 0;
function changed() {
  marked();
  clearTimeout(waiting);
  waiting = setTimeout(() => { check(); show(); }, WAIT);
}

text.addEventListener("input", () => { changed(); clearTimeout(text.stepping); text.stepping = setTimeout(step, 400); });
text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
text.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  step();
  (event.shiftKey ? redo : undo).click();
});
undo.addEventListener("click", () => { step(); if (past.length > 1) go(past, future); });
redo.addEventListener("click", () => { if (future.length) go(future, past); });
keep.addEventListener("submit", () => { kept = text.value; });
addEventListener("beforeunload", (event) => { if (text.value !== kept) event.preventDefault(); });

/* ------------------------------------------------------------------------------- the form */

let shown = 0;
async function show(focus) {
  const mine = ++shown, active = document.activeElement, within = form.contains(active) ? active.id : "";
  const typed = within && active.dataset.was !== undefined && active.value !== active.dataset.was;
  if (typed && !focus) return;
  try {
    const made = await asked("form", { text: text.value, place });
    if (mine !== shown || !made) return; // nothing: the text is no YAML now, and the list says why
    const open = [...form.querySelectorAll("details[open]")].map((d) => d.closest("[data-field]")?.dataset.field);
    form.innerHTML = made;
    place = form.querySelector(".fields-of").dataset.place;
    for (const d of form.querySelectorAll("details.source, .group > details")) if (open.includes(d.closest("[data-field]")?.dataset.field)) d.open = true;
    const current = form.querySelector("button.item[aria-current]"), outline = current?.closest(".outline");
    if (current) outline.scrollTop = current.offsetTop - outline.offsetTop - outline.clientHeight / 2;
    if (within) document.getElementById(within)?.focus();
    atFields();
    form.dataset.shown = mine;
  } catch (wrong) { say("wrong", wrong.message); }
}

form.addEventListener("click", async (event) => {
  const item = event.target.closest("button.item");
  if (!item) return;
  place = item.dataset.place;
  await show(true);
  const field = form.querySelector(".line");
  if (field) toLine(Number(field.textContent.replace(/\D/g, "")), false);
  form.querySelector(`button.item[data-place="${CSS.escape(place)}"]`)?.focus();
});

form.addEventListener("change", async (event) => {
  const control = event.target.closest("[data-place]");
  if (!control || control.classList.contains("item")) return;
  try {
    const found = await asked("change", { text: text.value, place: control.dataset.place, value: control.value });
    if (control.dataset.was !== undefined) control.dataset.was = control.value;
    take(found.text, found.line);
  } catch (wrong) {
    say("wrong", wrong.message);
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  try {
    const found = await asked("add", { ...fields, text: text.value });
    place = found.place;
    take(found.text, found.line);
  } catch (wrong) {
    say("wrong", wrong.message);
  }
});

marked();
check();
show(true);
