"use strict";
const textOf = (row, place) => row.cells[place].title || row.cells[place].textContent.trim();

// null: nothing is known, which comes last in either direction
const valueOf = (row, place, kind) => {
  const text = textOf(row, place);
  if (kind === "text") return text === "-" || text === "" ? null : text;
  const value = text === "" ? NaN : Number(text);
  return Number.isNaN(value) ? null : value;
};

const sortable = (table) => {
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
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
  return [rows, heads];
};
