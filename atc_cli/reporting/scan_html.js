
const [rows, heads] = sortable(document.getElementById("rows"));
const find = document.getElementById("find"), side = document.getElementById("side");
const classes = { LONG: "l", SHORT: "h", NEUTRAL: "n" };

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
