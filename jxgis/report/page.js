// What a reader may do with the tables of a report: sort them by a column, and see only the rows that hold some words.
(() => {
  "use strict";
  const { ascending, descending, none, shown } = document.body.dataset;
  const made = (tag, parent, properties = {}) => parent.appendChild(Object.assign(document.createElement(tag), properties));

  // A number as it is written: thousands apart, a minus sign of its own; of a range the middle. A dash is not a number.
  const number = (words) => {
    const found = words.replaceAll(",", "").replaceAll("−", "-").match(/-?\d+(\.\d+)?/g);
    if (!found) return NaN;
    return /^\d+–\d+$/.test(words) ? (Number(found[0]) - Number(found[1])) / 2 + Number(found[1]) : Number(found[0]);
  };
  const compared = (a, b, numeric) => {
    const [x, y] = [a, b].map((words) => (numeric ? number(words) : words));
    const [lacks, misses] = [x, y].map((value) => (numeric ? Number.isNaN(value) : value === "—" || value === ""));
    if (lacks || misses) return { last: lacks - misses };
    return { by: numeric ? x - y : x.localeCompare(y, document.documentElement.lang) };
  };
  const sort = (table, head, at) => {
    const numeric = head.classList.contains("n");
    const before = head.getAttribute("aria-sort");
    const down = before ? before === "ascending" : numeric;
    const body = table.tBodies[0];
    // The row of the whole stays on top; rows that are equal keep their order.
    const rows = [...body.rows].filter((row) => !row.classList.contains("all"));
    rows.sort((a, b) => {
      const { by, last } = compared(a.cells[at].textContent, b.cells[at].textContent, numeric);
      return last ?? (down ? -by : by);
    });
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    head.firstChild.title = down ? ascending : descending;
  };
  const tables = [...document.querySelectorAll("main table")];
  tables.filter((table) => table.tBodies[0].rows.length > 1).forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = head.classList.contains("n") ? descending : ascending;
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, head, at));
    });
  });

  const form = document.querySelector("form.filter");
  const words = form.querySelector("input");
  const said = form.querySelector("output");
  const opened = new Set();
  // The space between a number and its unit does not break; a reader types one that does.
  const plain = (held) => held.replaceAll("\u00a0", " ").toLowerCase();
  const filter = () => {
    const asked = plain(words.value.trim());
    let all = 0;
    tables.forEach((table) => {
      let kept = 0;
      [...table.tBodies[0].rows].forEach((row) => {
        row.hidden = asked !== "" && !plain(row.textContent).includes(asked);
        kept += !row.hidden;
      });
      all += kept;
      table.parentNode.classList.toggle("empty", !kept);
      const folded = table.closest("details");
      if (!folded) return;
      // What is found in a folded table is shown, and folded again when nothing is asked for.
      if (asked && kept && !folded.open) opened.add(folded);
      if (opened.has(folded)) folded.open = asked !== "" && kept > 0;
      if (!asked) opened.delete(folded);
    });
    said.textContent = asked ? (all ? shown.replace("{n}", all) : none) : "";
  };
  form.hidden = false;
  words.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
