// The lexicon: every frequent word as a point, polarity to the right, attention logit upwards. What is searched is named.
const ROWS = 150;
const NAMED = 60;

function lexiconRows() {
  const { words, counts, variants } = data.lexicon;
  const { logits, polarities } = variants[byId("lexicon-variant").value];
  const wanted = byId("lexicon-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = words.map((word, i) => ({ word, count: counts[i], logit: logits[i], polarity: polarities[i] }));
  const top = Math.max(...rows.map((row) => row.logit));
  for (const row of rows) row.pull = row.polarity * Math.exp(row.logit - top);
  const found = wanted.length
    ? rows.filter((row) => wanted.some((part) => row.word === part || (part.length > 2 && row.word.includes(part))))
    : rows;
  found.sort((one, other) => Math.abs(other.pull) - Math.abs(one.pull));
  return { rows, found, isSearch: wanted.length > 0 };
}

function drawLexicon() {
  const { rows, found, isSearch } = lexiconRows();
  const canvas = byId("lexicon-plot");
  const [width, height] = [canvas.clientWidth, Math.round(Math.min(460, canvas.clientWidth * 0.62))];
  const scale = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  canvas.style.height = `${height}px`;
  const draw = canvas.getContext("2d");
  draw.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink");
  const range = (key) => [Math.min(...rows.map((row) => row[key])), Math.max(...rows.map((row) => row[key]))];
  const [[left, right], [low, high]] = [range("polarity"), range("logit")];
  const x = (row) => 12 + ((row.polarity - left) / (right - left || 1)) * (width - 24);
  const y = (row) => height - 22 - ((row.logit - low) / (high - low || 1)) * (height - 40);
  const dot = (row, size, alpha) => {
    draw.globalAlpha = alpha;
    draw.fillStyle = row.polarity > 0 ? "#0072b2" : "#d55e00";
    draw.beginPath();
    draw.arc(x(row), y(row), size, 0, 2 * Math.PI);
    draw.fill();
  };
  for (const row of rows) dot(row, 1.6, isSearch ? 0.15 : 0.35);
  draw.font = "12px system-ui, sans-serif";
  const taken = [];
  for (const row of found.slice(0, NAMED)) {
    dot(row, 3, 1);
    const box = [x(row) + 5, y(row) - 8, draw.measureText(row.word).width + 4, 13];
    if (box[0] + box[2] > width) box[0] = x(row) - box[2] - 3;
    if (taken.some(([a, b, w, h]) => box[0] < a + w && a < box[0] + box[2] && box[1] < b + h && b < box[1] + box[3])) continue;
    taken.push(box);
    draw.globalAlpha = 1;
    draw.fillStyle = ink;
    draw.fillText(row.word, box[0], box[1] + 11);
  }
  draw.globalAlpha = 1;
  draw.fillStyle = ink;
  draw.fillText(`← ${data.classes[0]}`, 4, height - 5);
  const end = `${data.classes.at(-1)} →`;
  draw.fillText(end, width - draw.measureText(end).width - 4, height - 5);
  const count = isSearch ? `${found.length} of ${rows.length} words` : `${rows.length} words, the strongest named`;
  byId("lexicon-found").textContent = found.length > ROWS ? `${count}; the ${ROWS} strongest in the table` : count;
  byId("lexicon-words").tBodies[0].replaceChildren(
    ...found.slice(0, ROWS).map((row) => {
      const line = element("tr");
      const cells = [[row.word, row.word, "text"], [row.logit, row.logit.toFixed(2)], [row.polarity, row.polarity.toFixed(2)], [row.count, row.count]];
      for (const [value, text, className] of cells) {
        line.append(element("td", text, className));
        line.lastChild.dataset.value = value;
      }
      return line;
    }),
  );
  for (const head of byId("lexicon-words").tHead.rows[0].cells) head.removeAttribute("aria-sort");
}

if (byId("lexicon")) {
  byId("lexicon-variant").addEventListener("change", drawLexicon);
  byId("lexicon-search").addEventListener("input", drawLexicon);
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return; // a phone hides its address bar: the table keeps its order
    width = window.innerWidth;
    drawLexicon();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawLexicon);
  drawLexicon();
}
