/* Numbers of a run slid: an estimate while they move, the true run once they rest. */
const section = document.getElementById("what-if");
const here = "/api/v1/runs/" + section?.dataset.run;
const find = (id) => document.getElementById(id);
let turn = 0, resting = 0;

async function told(address, moves) {
  const body = moves && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ moves }) };
  const answer = await fetch(address, body);
  const found = await answer.json();
  if (!answer.ok) throw new Error(`The server said no (${answer.status}): ${found.detail}.`);
  return found;
}

async function wait() {
  const found = await told(here + "/slopes");
  if (found.state === "ready") return ready(found);
  const far = found.of > 1 ? `, ${found.done} of ${found.of}` : "";
  find("slopes-said").textContent = found.state === "failed"
    ? "Sensitivities could not be computed: " + found.stage + "."
    : `Computing sensitivities: ${found.stage[0].toLowerCase()}${found.stage.slice(1)}${far}. The answer below is complete.`;
  if (found.state !== "failed") setTimeout(wait, 700);
}

function ready(found) {
  find("slopes-said").textContent = `The ${found.numbers.length} numbers that move it most, the largest first.`;
  find("sliders").replaceChildren(...found.numbers.map(slider));
  rows(found.rows, "estimate");
  find("slid").hidden = false;
}

function slider(number, i) {
  const box = document.createElement("div"), label = document.createElement("label"), input = document.createElement("input");
  const at = document.createElement("div"), now = document.createElement("output"), was = document.createElement("span"), marks = document.createElement("datalist");
  box.className = "slider";
  label.htmlFor = input.id = "slide-" + i;
  label.textContent = number.place;
  Object.assign(input, { type: "range", min: -number.down, max: number.up, step: 1, value: 0 });
  input.dataset.place = number.place;
  marks.id = "marks-" + i;
  for (const value of [0, ...number.marks]) marks.append(Object.assign(document.createElement("option"), { value }));
  input.setAttribute("list", marks.id);
  input.setAttribute("aria-valuetext", number.written);
  at.className = "at";
  now.textContent = number.written;
  was.className = "note";
  was.textContent = "as written";
  at.append(now, was);
  input.addEventListener("input", moved);
  input.addEventListener("change", rest);
  box.append(label, input, at, marks);
  return box;
}

function moves() {
  const inputs = [...document.querySelectorAll("#sliders input")];
  return Object.fromEntries(inputs.filter((one) => Number(one.value)).map((one) => [one.dataset.place, Number(one.value)]));
}

/* While they move: one estimate at a time, and another where they moved meanwhile. */
let asking = false;
function moved() {
  ++turn;
  clearTimeout(resting);
  if (!asking) estimate();
}

async function estimate() {
  asking = true;
  for (let mine = -1; mine !== turn;) {
    mine = turn;
    const started = performance.now(), by = moves();
    try {
      const found = await told(here + "/estimate", by);
      if (mine === turn) { rows(found.rows, "estimate"); said(by, found); section.dataset.slideMs = Math.round(performance.now() - started); }
    } catch (wrong) { say("failed", wrong.message); }
  }
  asking = false;
}

function said(by, found) {
  for (const input of document.querySelectorAll("#sliders input")) {
    const place = input.dataset.place, box = input.closest(".slider"), per = Number(input.value);
    const now = box.querySelector("output");
    if (!box.dataset.was) box.dataset.was = now.textContent;
    now.textContent = found.written[place] || box.dataset.was;
    input.setAttribute("aria-valuetext", now.textContent);
    box.querySelector(".note").textContent = per ? `${per > 0 ? "+" : "−"}${Math.abs(per)} %, was ${box.dataset.was}` : "as written";
    box.classList.toggle("beyond", found.beyond.includes(place));
  }
  find("slid-run").hidden = true;
  const far = found.beyond.length ? " Moved farther than was tried: " + found.beyond.join(", ") + "." : "";
  say("estimate", Object.keys(by).length ? "First-order estimate, not a run." + far : "Nothing is moved.");
}

function say(how, words) {
  find("slid-said").className = "slid-said " + how;
  find("slid-said").textContent = words;
}

function rows(found, how) {
  const ran = how === "ran";
  find("slid-head").textContent = ran ? "Run, moved" : "Estimate";
  find("slid-error").textContent = ran ? "Estimate was off by" : "±";
  const body = found.map((row) => {
    const made = document.createElement("tr"), s = row.shown;
    const head = Object.assign(document.createElement("th"), { scope: "row", textContent: `${row.about}: ${row.says}` });
    const cells = ran ? [s.run, s.ran, s.moved, s.off] : [s.run, s.estimate, s.change, s.error];
    made.append(head, ...cells.map((words) => Object.assign(document.createElement("td"), { className: "n", textContent: words })));
    if (row.change) made.className = "moved";
    return made;
  });
  find("slid-rows").tBodies[0].replaceChildren(...body);
}

/* At rest: the true run. */
function rest() {
  clearTimeout(resting);
  resting = setTimeout(rerun, 600);
}

async function rerun() {
  const by = moves(), mine = turn;
  if (!Object.keys(by).length) return;
  try {
    const estimate = await told(here + "/estimate", by);
    if (mine !== turn) return;
    rows(estimate.rows, "estimate");
    said(by, estimate);
    const { id } = await told(here + "/rerun", by);
    while (mine === turn) {
      const found = await told(here + "/estimate/" + id, by);
      if (mine !== turn) return;
      if (found.state === "done") {
        rows(found.rows, "ran");
        say("ran", "This is the run; the estimate is replaced, and the last column says how far it was off.");
        Object.assign(find("slid-run"), { hidden: false, href: "/runs/" + id });
        return;
      }
      if (["failed", "cancelled", "interrupted"].includes(found.state)) return say("failed", `The run ${found.state}: what stands here is the estimate.`);
      say("estimate", `First-order estimate; the run is under way (${found.progress.stage}).`);
      await new Promise((go) => setTimeout(go, 400));
    }
  } catch (wrong) { say("failed", wrong.message); }
}

find("slid-back")?.addEventListener("click", () => {
  for (const input of document.querySelectorAll("#sliders input")) input.value = 0;
  moved();
});
if (section) wait();
