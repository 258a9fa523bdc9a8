"use strict";
// Text is only ever set by textContent: reviews hold markup, and none of it may run.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const percent = (fraction, digits = 1) => `${(100 * fraction).toFixed(digits)} %`;

// Tables: a click on a column's head sorts by it, and what has no value stays last.
function sortBy(head) {
  const table = head.closest("table");
  const column = head.cellIndex;
  const isText = head.classList.contains("text");
  const before = head.getAttribute("aria-sort");
  const ascending = before ? before === "descending" : isText;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const rows = [...table.tBodies[0].rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = isText ? a.localeCompare(b) : a - b;
    return ascending ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

document.addEventListener("click", (event) => {
  const head = event.target.closest("thead button")?.parentElement;
  if (head) sortBy(head);
});

// Tables: a row stays in view if its cells of text hold every part of what its table is filtered by.
function filterBy(input) {
  const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...byId(input.dataset.filters).tBodies[0].rows];
  for (const row of rows) {
    const text = [...row.querySelectorAll("td.text")].map((cell) => cell.textContent).join(" ").toLowerCase();
    row.hidden = !wanted.every((part) => text.includes(part));
  }
  const shown = rows.filter((row) => !row.hidden).length;
  byId(`${input.dataset.filters}-shown`).textContent = wanted.length ? `${shown} of ${rows.length} ${input.dataset.counts}` : "";
}

document.addEventListener("input", (event) => {
  if (event.target.dataset.filters) filterBy(event.target);
});

// Top attended words
function showWords() {
  const rankings = data.words[byId("words-variant").value];
  const columns = rankings[byId("words-ranking").value]?.[byId("words-scope").value] ?? { word: [] }; // no frequent word
  const rows = columns.word.map((_, i) => Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])));
  byId("words").tBodies[0].replaceChildren(
    ...rows.map((row, i) => {
      const line = element("tr");
      const cell = (tag, value, text = value, className) => {
        line.append(element(tag, text, className));
        line.lastChild.dataset.value = value;
      };
      cell("td", row.word, row.word, "text");
      cell("td", i + 1);
      cell("td", row.mean_weight, percent(row.mean_weight, 2));
      cell("td", row.lift, row.lift.toFixed(1));
      cell("td", row.mass, row.mass.toFixed(1));
      cell("td", row.count);
      cell("td", row.reviews);
      cell("td", row.pushes_to, `${row.pushes_to} (${percent(row.push, 0)})`, "text");
      return line;
    }),
  );
  for (const head of byId("words").tHead.rows[0].cells) head.removeAttribute("aria-sort");
  filterBy(document.querySelector("[data-filters=words]"));
}

if (byId("words")) {
  for (const id of ["words-variant", "words-ranking", "words-scope"]) byId(id).addEventListener("change", showWords);
  showWords();
}

// Reviews side by side. A weight is stored as a byte, relative to the heaviest word of its review.
const SIDES = 4;
const chosen = () => [...document.querySelectorAll("#variants input:checked")].map((box) => box.value);

for (const review of data.reviews) {
  for (const answer of Object.values(review.answers)) {
    if (!answer.weights) continue;
    const bytes = Uint8Array.from(atob(answer.weights), (character) => character.charCodeAt(0));
    answer.weights = Array.from(bytes, (byte) => (byte / 255) * answer.heaviest);
  }
}

function entropy(weights) {
  if (weights.length < 2) return 0;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return -weights.reduce((total, w) => total + (w && (w / sum) * Math.log(w / sum)), 0) / Math.log(weights.length);
}

const mean = (values) => values.reduce((total, value) => total + value, 0) / values.length;
const between = (values, distance) => {
  const pairs = values.flatMap((one, i) => values.slice(i + 1).map((other) => distance(one, other)));
  return pairs.length ? mean(pairs) : NaN;
};
const answers = (review) => chosen().map((variant) => review.answers[variant]);
const attended = (review) => answers(review).flatMap((answer) => (answer.weights ? [answer.weights] : []));
const moved = (one, other) => one.reduce((total, weight, i) => total + Math.abs(weight - other[i]), 0) / 2;

// Of two classes, the probability is that of the second; of more, that of the answer.
const isBinary = data.classes.length === 2;
const apart = (one, other) =>
  isBinary || one.predicted === other.predicted ? Math.abs(one.probability - other.probability) : 1;

// How reviews are ordered: each measure is taken over the variants that are shown, largest first.
const MEASURES = {
  answers: (review) => between(answers(review), apart),
  attention: (review) => between(attended(review), moved),
  spread: (review) => (attended(review).length ? mean(attended(review).map(entropy)) : NaN),
  focus: (review) => (attended(review).length ? 1 - mean(attended(review).map(entropy)) : NaN),
};

function listReviews() {
  const before = byId("review").value;
  const measure = MEASURES[byId("order").value];
  const measured = data.reviews.map((review) => ({ review, value: measure ? measure(review) : NaN }));
  if (measure) measured.sort((a, b) => (Number.isNaN(a.value) - Number.isNaN(b.value)) || b.value - a.value);
  const options = measured.map(({ review, value }) => {
    const start = review.tokens.slice(0, 9).join(" ").slice(0, 60);
    const size = `${review.tokens.length} ${review.tokens.length === 1 ? "word" : "words"}`;
    const note = Number.isNaN(value) ? "" : `${value.toFixed(2)} · `;
    const option = element("option", `${note}${review.kind} · ${review.label} · ${size} · ${start} …`);
    option.value = review.id;
    return option;
  });
  byId("review").replaceChildren(...options);
  byId("review").value = before;
  if (byId("review").selectedIndex < 0 && options.length) byId("review").selectedIndex = 0;
}

// Punctuation and clitics stand close to their neighbours, as in the text before it was cut into words.
const CLOSE_BEFORE = /^([.,;:!?)\]}%]+|n't|'(s|m|d|ll|re|ve))$/;
const CLOSE_AFTER = /^[([{$#]$/;

function side(review, variant) {
  const article = element("article");
  article.append(element("h3", variant));
  const answer = review.answers[variant];
  const verdict = element("p", undefined, "verdict");
  const right = answer.predicted === review.label;
  verdict.append(element("span", `${right ? "right" : "wrong"}: ${answer.predicted}`, right ? "right" : "wrong"));
  verdict.append(`, P(${isBinary ? data.classes[1] : answer.predicted}) = ${percent(answer.probability)}`);
  if (answer.weights) verdict.append(`, entropy ${entropy(answer.weights).toFixed(2)} of 1`);
  const words = element("p", undefined, "words");
  const full = answer.weights && Math.max(answer.heaviest, 8 / review.tokens.length);
  const unknown = new Set(review.unknown);
  review.tokens.forEach((token, i) => {
    if (!CLOSE_BEFORE.test(token) && !CLOSE_AFTER.test(review.tokens[i - 1])) words.append(" ");
    const word = element("span", token);
    if (answer.weights) {
      word.style.setProperty("--heaviness", (answer.weights[i] / full).toFixed(3));
      word.title = percent(answer.weights[i], 2);
    }
    word.dataset.place = i;
    if (unknown.has(i)) word.className = "unknown";
    words.append(word);
  });
  words.tabIndex = 0;
  words.setAttribute("role", "group");
  words.setAttribute("aria-label", `The review as ${variant} reads it`);
  article.append(verdict);
  if (answer.weights) {
    const order = review.tokens.map((_, i) => i).sort((i, j) => answer.weights[j] - answer.weights[i]).slice(0, 8);
    const list = order.map((i) => `${review.tokens[i]} ${percent(answer.weights[i])}`).join(", ");
    article.append(element("p", `Heaviest: ${list}`, "heaviest"));
  } else {
    article.append(element("p", "This model has no attention.", "heaviest"));
  }
  article.append(words);
  return article;
}

function showReview() {
  const review = data.reviews.find((one) => String(one.id) === byId("review").value);
  const { selectedIndex, options } = byId("review");
  const mistakes = review?.mistakes.length ? ` Among the surest mistakes of ${review.mistakes.join(", ")}.` : "";
  const place = `${selectedIndex + 1} of ${options.length}`;
  byId("truth").textContent = review ? `${review.name}: truly ${review.label}.${mistakes} ${place}.` : "";
  byId("reading").replaceChildren(...(review ? chosen().map((variant) => side(review, variant)) : []));
}

// A word's weight in each variant, and where the others have it.
function showWord(place) {
  const review = data.reviews.find((one) => String(one.id) === byId("review").value);
  const weights = chosen().map((variant) => [variant, review.answers[variant].weights?.[place]]);
  const said = weights.map(([variant, weight]) => `${variant} ${weight === undefined ? "no attention" : percent(weight, 2)}`);
  byId("word").textContent = `${review.tokens[place]}: ${said.join(", ")}`;
}

function mark(place) {
  for (const word of document.querySelectorAll(".here")) word.classList.remove("here");
  for (const word of document.querySelectorAll(`[data-place="${place}"]`)) word.classList.add("here");
}

function stepWord(text, by) {
  const words = [...text.querySelectorAll("[data-place]")];
  if (!words.length) return;
  const now = words.findIndex((word) => word.classList.contains("here"));
  const place = now < 0 ? 0 : Math.min(Math.max(now + by, 0), words.length - 1);
  mark(place);
  showWord(place);
  words[place].scrollIntoView({ block: "nearest" });
}

function step(by) {
  const select = byId("review");
  select.selectedIndex = Math.min(Math.max(select.selectedIndex + by, 0), select.options.length - 1);
  showReview();
}

function chooseVariants() {
  const full = chosen().length >= SIDES;
  for (const box of document.querySelectorAll("#variants input")) box.disabled = full && !box.checked;
  byId("limit").textContent = full ? "Four at most: take one away to add another." : "";
  listReviews();
  showReview();
}

if (byId("reading")) {
  byId("variants").addEventListener("change", chooseVariants);
  byId("order").addEventListener("change", () => {
    listReviews();
    byId("review").selectedIndex = 0;
    showReview();
  });
  byId("review").addEventListener("change", showReview);
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("reading").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = [...document.querySelectorAll(".words")].indexOf(event.target);
    event.preventDefault();
    if (event.shiftKey) return stepWord(event.target, by);
    step(by);
    document.querySelectorAll(".words")[place]?.focus();
  });
  byId("reading").addEventListener("click", (event) => {
    if (event.target.dataset?.place !== undefined) showWord(event.target.dataset.place);
  });
  byId("reading").addEventListener("mouseover", (event) => {
    mark(event.target.dataset?.place);
  });
  chooseVariants();
}
