
"use strict";
const table = document.getElementById("rows"), body = table.tBodies[0], rows = [...body.rows];
const heads = [...table.tHead.rows[0].cells];
const find = document.getElementById("find"), side = document.getElementById("side");
const classes = { LONG: "l", SHORT: "h", NEUTRAL: "n" };

const textOf = (row, place) => row.cells[place].title || row.cells[place].textContent.trim();

// null: nothing is known, which comes last in either direction
const valueOf = (row, place, kind) => {
  const text = textOf(row, place);
  if (kind === "text") return text === "-" || text === "" ? null : text;
  const value = text === "" ? NaN : Number(text);
  return Number.isNaN(value) ? null : value;
};

const sort = (head, place) => {
  const before = head.getAttribute("aria-sort");
  const rising = before ? before === "descending" : !("largest" in head.dataset);
  const valued = rows.map((row) => [valueOf(row, place, head.dataset.sort), row]);
  const known = valued.filter(([value]) => value !== null);
  const order = rising ? 1 : -1;
  known.sort(([a], [b]) => (a < b ? -order : a > b ? order : 0));
  body.append(...known.map(([, row]) => row), ...valued.filter(([value]) => value === null).map(([, row]) => row));
  heads.forEach((each) => each.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", rising ? "ascending" : "descending");
};

heads.forEach((head, place) => {
  if (!head.dataset.sort) return;
  head.tabIndex = 0;
  head.addEventListener("click", () => sort(head, place));
  head.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    sort(head, place);
  });
});

const searched = heads.flatMap((head, place) => ("find" in head.dataset && !/side/i.test(head.title) ? [place] : []));
const filter = () => {
  const words = find.value.trim().toLowerCase(), wanted = classes[side.value];
  let shown = 0;
  for (const row of rows) {
    const named = searched.some((place) => row.cells[place].textContent.toLowerCase().includes(words));
    row.hidden = !named || (wanted !== undefined && row.className !== wanted);
    shown += !row.hidden;
  }
  document.getElementById("count").textContent = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
};
find.addEventListener("input", filter);
side.addEventListener("change", filter);
document.querySelector(".tools").hidden = false;
filter();
